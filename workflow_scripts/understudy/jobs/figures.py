"""Jobs of the figures: read tables and images, draw, write PNG files; a function for each rule."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.data.decoding import decode
from understudy.data.shards import read_images, read_labels, read_parquet, stack_images
from understudy.files import read_json
from understudy.plots.calibration_models import calibration_models_figure
from understudy.plots.gallery import EACH, GalleryRow, gallery_figure
from understudy.plots.generator_quality import generator_quality_figure, snapshot_scores_figure
from understudy.plots.learning_curves import learning_curves_figure
from understudy.plots.model_ranking import model_ranking_figure
from understudy.plots.practice import hardness_figure, scaling_figure, training_figure
from understudy.plots.practice_sweep import sweep_figure
from understudy.plots.practice_theory import kept_samples_figure, oversampling_figure
from understudy.plots.protocol_subsets import protocol_subsets_figure
from understudy.plots.protocols import protocols_figure
from understudy.plots.random_graphs import random_graphs_figure
from understudy.plots.rank_preservation import rank_preservation_figure
from understudy.plots.samples import closest_pairs_figure, samples_figure
from understudy.plots.selection_gain import selection_gain_figure
from understudy.plots.style import save
from understudy.ranking.weights import gallery_images
from understudy.selection.choices import RUN, snapshot_errors
from understudy.selection.class_shares import TargetShares
from understudy.tables import read_table, read_tables
from understudy.text import printable

SAMPLES_PER_CLASS = 8
MAX_CLASSES = 20
GUIDED_PER_CLASS = 6
MAX_GUIDED_CLASSES = 10
PAIRS = 8


def plot_protocols(
    counts: Iterable[Path],
    shares: Sequence[Path],
    correlations: Path,
    comparison: Path,
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
    output: Path,
) -> None:
    """Draw the protocols, split by split, from counts and the tables rank_preservation and protocol_comparison."""
    ranks = read_table(correlations, "rank_preservation")
    choices = read_table(comparison, "protocol_comparison")
    save(protocols_figure(read_errors(counts, shares), ranks, choices, synthetic_sets, generators), output)


def plot_protocol_subsets(table: Path, synthetic_sets: Mapping[str, str], output: Path) -> None:
    """Draw the table protocol_subsets."""
    save(protocol_subsets_figure(read_table(table, "protocol_subsets"), synthetic_sets), output)


def plot_rank_preservation(
    counts: Iterable[Path],
    shares: Sequence[Path],
    table: Path,
    splits: Sequence[str],
    generators: Sequence[str],
    output: Path,
) -> None:
    """Draw test errors against errors on the selection sets, from counts and the table rank_preservation."""
    ranks = read_table(table, "rank_preservation")
    save(rank_preservation_figure(read_errors(counts, shares), ranks, splits, generators), output)


def plot_selection_gain(table: Path, split: str, generators: Sequence[str], output: Path) -> None:
    """Draw one split's rows of the table selection_gain."""
    save(selection_gain_figure(read_table(table, "selection_gain"), split, generators), output)


def plot_learning_curves(
    counts: Iterable[Path],
    shares: Sequence[Path],
    histories: Mapping[Path, str],
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
    followed: int,
    output: Path,
) -> None:
    """Draw one draw's errors against the epoch, from counts and its full runs' histories, each with its split."""
    history = pd.concat([read_table(path, "history").assign(split=split) for path, split in histories.items()])
    save(learning_curves_figure(read_errors(counts, shares), history, synthetic_sets, generators, followed), output)


def plot_random_graphs(graphs: Path, output: Path) -> None:
    """Draw the table graphs."""
    save(random_graphs_figure(read_table(graphs, "graphs")), output)


def plot_generators(
    table: Path,
    scores: Mapping[Path, tuple[int, str, str]],
    splits: Sequence[str],
    generators: Sequence[str],
    outputs: Mapping[str, Path],
) -> None:
    """Draw the table generator_quality, and tables snapshot_scores, each with its draw, split and generator."""
    quality = read_table(table, "generator_quality")
    save(generator_quality_figure(quality, splits, generators), outputs["generator_quality"])
    snapshots = [
        read_table(path, "snapshot_scores").assign(draw=draw, split=split, generator=name)
        for path, (draw, split, name) in scores.items()
    ]
    figure = snapshot_scores_figure(pd.concat(snapshots, ignore_index=True), splits, generators)
    save(figure, outputs["snapshot_scores"])


def plot_generator_images(
    split: str,
    train: Path,
    sets: Mapping[str, Path],
    pairs: Mapping[str, Path],
    classes: Path,
    outputs: Mapping[str, Path],
) -> None:
    """Draw a split's synthetic sets beside its train file.

    The figure sample_grid shows the first images of each class, closest_pairs the images that each generator's table
    closest_pairs names.
    """
    names = _class_titles(classes)
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), MAX_CLASSES)).round().astype(int))
    files = {"real (train)": train, **sets}
    images = {name: first_of_classes(path, shown, SAMPLES_PER_CLASS) for name, path in files.items()}
    title = f"{split}: the first images of each class, unpicked"
    figure = samples_figure(images, [names[label] for label in shown], SAMPLES_PER_CLASS, title)
    save(figure, outputs["sample_grid"])
    tables = {name: read_table(path, "closest_pairs").sort_values("rank").head(PAIRS) for name, path in pairs.items()}
    images_of_pairs = {
        name: (read_at(sets[name], table["synthetic_index"]), read_at(train, table["train_index"]))
        for name, table in tables.items()
    }
    save(closest_pairs_figure(split, tables, images_of_pairs), outputs["closest_pairs"])


def plot_model_ranking(title: str, table: Path, output: Path) -> None:
    """Draw one ranking's table model_ranking."""
    save(model_ranking_figure(title, read_table(table, "model_ranking")), output)


def plot_calibration_models(table: Path, splits: Sequence[str], output: Path) -> None:
    """Draw the table calibration_models."""
    save(calibration_models_figure(read_table(table, "calibration_models"), splits), output)


def plot_gallery(
    title: str,
    weights: Path,
    sets: Mapping[str, Path],
    classes: Path | Sequence[str] | int,
    shown: Sequence[int],
    output: Path,
) -> None:
    """Draw images of one ranking by their weights in its table image_weights.

    ``sets`` gives each set's file or folder of shards; ``classes`` the names, a file that has them, or their number;
    ``shown`` the classes to show, of which there may be fewer.
    """
    names = _class_titles(classes)
    table = read_table(weights, "image_weights")
    rows = []
    for label in (label for label in shown if label < len(names)):
        for name, path in sets.items():
            mine = table[(table["set"] == name) & (table["label"] == label)]
            if mine.empty:
                continue
            chosen = gallery_images(mine, label, EACH)
            images = {kind: read_at(path, indices) for kind, indices in chosen.items() if indices}
            rows.append(GalleryRow(name, names[label], mine.set_index("image")["weight"], chosen, images))
    save(gallery_figure(title, rows), output)


def plot_practice(tables: Mapping[str, Path], outputs: Mapping[str, Path]) -> None:
    """Draw the practice study's tables summary, guidance, history, additions and hardness.

    The figures are called training, scaling, sweep and hardness.
    """
    frames = {name: read_table(path, f"practice_{name}") for name, path in tables.items()}
    save(training_figure(frames["history"], frames["additions"]), outputs["training"])
    save(scaling_figure(frames["summary"]), outputs["scaling"])
    save(sweep_figure(frames["summary"], frames["guidance"]), outputs["sweep"])
    save(hardness_figure(frames["hardness"], frames["additions"]), outputs["hardness"])


def plot_guided_images(runs: Mapping[float, Path], classes: Path, output: Path) -> None:
    """Draw the added images of a sweep's runs, by omega: the same seeds and classes at several strengths."""
    names = _class_titles(classes)[:MAX_GUIDED_CLASSES]
    images = {f"ω = {omega:g}": _first_added(path, len(names)) for omega, path in runs.items()}
    title = "Guided images, unpicked; the same seeds at each strength"
    save(samples_figure(images, names, GUIDED_PER_CLASS, title), output)


def _first_added(path: Path, classes: int) -> list[np.ndarray]:
    data = read_images(path)
    added = data.columns["addition"] == 1
    return [data.images[added & (data.labels == label)][:GUIDED_PER_CLASS] for label in range(classes)]


def plot_practice_theory(
    table: Path, keep_fractions: Sequence[float], kept_samples: int, outputs: Mapping[str, Path]
) -> None:
    """Draw the table practice_theory: ``keep_fractions`` against kept samples, ``kept_samples`` of larger pools."""
    rows = read_table(table, "practice_theory")
    save(kept_samples_figure(rows, keep_fractions), outputs["kept_samples"])
    save(oversampling_figure(rows, kept_samples), outputs["oversampling"])


def _class_titles(classes: Path | Sequence[str] | int) -> list[str]:
    """Return what figures call the classes, given their names, a file that has them, or their number."""
    names = read_json(classes)["classes"] if isinstance(classes, Path) else classes
    return [printable(name) for name in (map(str, range(names)) if isinstance(names, int) else names)]


def read_errors(paths: Iterable[Path], shares: Sequence[Path] = ()) -> pd.DataFrame:
    """Read tables ``counts`` summed over classes and halves: the columns of ``snapshot_errors`` and ``error``.

    ``shares`` are the tables class_shares, which say what each class counts for; without them, for its images.

    Each file is summed as it is read, so that memory holds a twentieth of a large study's counts.
    """
    columns = [*RUN, "set", "epoch", "label", "errors", "images"]
    weigh = TargetShares(read_tables(shares, "class_shares")).add_to if shares else lambda counts: counts
    rows = pd.concat([snapshot_errors(weigh(read_table(path, "counts", columns))) for path in paths], ignore_index=True)
    return rows.assign(error=rows["errors"] / rows["images"])


def read_at(path: Path, indices: Sequence[int]) -> np.ndarray:
    """Read the images at ``indices`` of a file or of a folder of shards in name order: uint8 [N, C, H, W].

    Only these are decoded: a synthetic set may hold a hundred thousand.
    """
    wanted = np.asarray(indices, dtype=np.int64)
    found: dict[int, np.ndarray] = {}
    start = 0
    for file in sorted(path.glob("[!.]*.parquet")) if path.is_dir() else [path]:
        pictures = read_parquet(file, ["image"]).column("image")
        here = np.unique(wanted[(wanted >= start) & (wanted < start + len(pictures))])
        found |= {int(i): decode(pictures[int(i) - start].as_py()["bytes"], f"{file}, row {i - start}") for i in here}
        start += len(pictures)
    return stack_images([found[int(i)] for i in wanted], [f"{path}, image {i}" for i in wanted])


def first_of_classes(path: Path, classes: Sequence[int], count: int) -> list[np.ndarray]:
    """Return the first ``count`` images of each class in file order: uint8 [n <= count, C, H, W]."""
    labels = read_labels(path)
    indices = [np.flatnonzero(labels == label)[:count] for label in classes]
    images = read_at(path, np.concatenate(indices))
    return np.split(images, np.cumsum([len(part) for part in indices])[:-1])
