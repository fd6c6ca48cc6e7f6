"""The product of a selection: the chosen model with its card, and a summary of the study for the terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.data.pixel_settings import PixelSettings
from understudy.errors import StudyError
from understudy.files import read_json, write_json, writing
from understudy.jobs.card_classes import DRAW, Choice, by_class, of_set
from understudy.selection.aggregation import AGGREGATE
from understudy.statistics.intervals import wilson_interval
from understudy.tables import read_table
from understudy.text import printable

ALTERNATIVES = {
    ("random", ""): "a random candidate, trained on all images (mean)",
    ("standard", ""): "chosen by validation, trained again on all images (mean)",
    ("validation", "validation"): "the best snapshot by validation, trained without those images",
}

LOADING = """\
import json
from pathlib import Path

import torch

from understudy.classifiers.weights import check_images, load_network
from understudy.data.pixel_settings import PixelSettings
from understudy.data.reading import PictureReader

card = json.loads(Path(__file__).with_name("card.json").read_text())
network = load_network(Path(__file__).with_name("weights.safetensors"))


def classify(images: torch.Tensor) -> torch.Tensor:
    \"\"\"Labels [N] of images [N, {channels}, {size}, {size}] with values 0 to 255.\"\"\"
    check_images(images, {channels}, {size})
    with torch.inference_mode():
        return network(images).argmax(1)


def classify_files(paths: list[str]) -> list[str]:
    \"\"\"Names of the classes of image files, which are read as the training images were.\"\"\"
    keys = ("size", "channels", "resize", "white", "background")
    reader = PictureReader(PixelSettings(**{{key: card["image"][key] for key in keys}}), "image")
    images = [torch.from_numpy(reader.read(Path(path).read_bytes(), str(path)).pixels.copy()) for path in paths]
    for line in reader.finish(alone=True):
        print(line)
    return [card["classes"][label] for label in classify(torch.stack(images)).tolist()]
"""


def write_selected_model(
    tables: Mapping[str, Path], classes: Path, runs: Sequence[Path], folder: Path, choice: Choice
) -> None:
    """Hand out the model that the synthetic protocol chose on a split: weights, how to load them, a card.

    The weights are the chosen snapshot exactly as it was evaluated.

    Parameters
    ----------
    tables : mapping
        The tables protocol_comparison, class_errors and class_summary.
    runs : sequence of Path
        Folders with the weights of the full runs of draw 0.

    Raises
    ------
    StudyError
        If the chosen run's weights are missing.
    """
    from understudy.classifiers.weights import export_snapshot  # here: the summary needs no torch

    frames = {name: read_table(path, name) for name, path in tables.items()}
    chosen = chosen_row(frames["protocol_comparison"], choice.split, choice.generator)
    run, epoch = chosen["selected"].rsplit("@", 1)
    source = next((path / f"{run}.safetensors" for path in runs if (path / f"{run}.safetensors").exists()), None)
    if source is None:
        raise StudyError(
            f"the weights of run {run}, chosen on {choice.split}, are missing; delete its batch and run again"
        )
    folder.mkdir(parents=True, exist_ok=True)
    record = export_snapshot(source, int(epoch), folder / "weights.safetensors")
    names = [printable(name) for name in read_json(classes)["classes"]]
    card = {
        "study": choice.study,
        "split": choice.split,
        "draw": DRAW,
        "protocol": "synthetic: the snapshot of the lowest error on synthetic images, among all architectures and runs",
        "architecture": chosen["architecture"],
        "family": record["family"],
        "run": run,
        "epoch": int(epoch),
        "settings": record["settings"],
        "classes": names,
        "image": _image_card(record, choice.pixels),
        "trained_on": {"regime": "full", "images": record["trained_images"]},
        "chosen_with": {"generator": choice.generator, "candidates": int(chosen["candidates"])},
        "metric": chosen["metric"],
        "synthetic_error": _synthetic_error(chosen["choosing_error"], of_set(frames["class_summary"], choice)),
        "test_error": _test_error(chosen),
        "by_class": by_class(frames, choice),
    }
    write_json(folder / "card.json", card)
    with writing(folder / "load.py") as temporary:
        temporary.write_text(LOADING.format(channels=record["channels"], size=record["size"]))


def _image_card(record: Mapping, pixels: Mapping) -> dict:
    """What images the model takes, and how the training images became such ones."""
    reading = PixelSettings(**pixels).model_dump(mode="json") | {"channels": record["channels"], "size": record["size"]}
    return reading | {"values": "0 to 255", "orientation": "upright", "colours": "sRGB"}


def chosen_row(comparison: pd.DataFrame, split: str, generator: str, protocol: str = "synthetic") -> pd.Series:
    """Return the row of a protocol over all families, draw 0."""
    return _over_all(comparison, draw=DRAW, split=split, generator=generator, protocol=protocol)


def _over_all(table: pd.DataFrame, **keys: str | int) -> pd.Series:
    """Return the one row with these keys of family ``all``, or of the only family that there is."""
    rows = table[np.logical_and.reduce([table[column] == value for column, value in keys.items()])]
    return rows[rows["family"] == "all"].iloc[0] if (rows["family"] == "all").any() else rows.iloc[0]


def _synthetic_error(error: float, summary: pd.Series) -> dict:
    return {
        "error": float(error),
        "images": int(summary["images"]),
        "interval_95": list(wilson_interval(float(error), float(summary["effective_images"]))),
        "caution": "the least of many errors, on the images that chose; it says little about real images",
    }


def _test_error(chosen: pd.Series) -> dict | None:
    if "test_error" not in chosen.index:
        return None
    return {
        "error": float(chosen["test_error"]),
        "interval_95": [float(chosen["ci_low"]), float(chosen["ci_high"])],
        "interval_covers": "the choice of test images and of training runs",
        "mean_of_its_architecture": float(chosen["architecture_error"]),
        "regret": float(chosen["regret"]),
        "regret_interval_95": [float(chosen["regret_ci_low"]), float(chosen["regret_ci_high"])],
    }


def write_summary(
    comparison: Path,
    differences: Path | None,
    ranks: Path,
    folders: Sequence[Path],
    summary: Path,
    generators: Mapping[str, str],
) -> None:
    """Write what a person wants to know first: the chosen models, how much better they are, how well each set ranks.

    ``differences`` is the table protocol_differences, which a study without test images doesn't have. ``generators``
    gives, for each split, the generator whose set the synthetic protocol chooses with.
    """
    table, preserved = read_table(comparison, "protocol_comparison"), read_table(ranks, "rank_preservation")
    gaps = read_table(differences, "protocol_differences") if differences else None
    lines = []
    for (split, generator), folder in zip(generators.items(), folders, strict=True):
        lines.append(f"{split}: {chosen_row(table, split, generator)['selected']} (run@epoch), chosen with {generator}")
        lines += [f"    {text}" for text in _error_lines(table, gaps, split, generator)]
        lines += [f"    {text}" for text in _lines_over_draws(table, gaps, split, generator)]
        lines += [f"    {text}" for text in _rank_lines(preserved, split)]
        lines.append(f"    weights and card: {folder}")
    with writing(summary) as temporary:
        temporary.write_text("\n".join(lines) + "\n")


def _error_lines(table: pd.DataFrame, gaps: pd.DataFrame | None, split: str, generator: str) -> list[str]:
    if gaps is None:
        return ["no test images were held out, so no error is known for it"]
    lines = [f"{_interval(chosen_row(table, split, generator), 'test_error')}  test error"]
    for (protocol, name), text in ALTERNATIVES.items():
        if not ((table["split"] == split) & (table["protocol"] == protocol)).any():
            continue  # every subtrain run failed
        keys = {"draw": DRAW, "split": split, "generator": generator, "protocol": "synthetic", "against": protocol}
        gap = _over_all(gaps, **keys)
        better = "" if np.isnan(gap["difference"]) else f"; the chosen one is better by {_points(gap)} points"
        lines.append(f"{_interval(chosen_row(table, split, name, protocol), 'test_error')}  {text}{better}")
    return lines


def _lines_over_draws(table: pd.DataFrame, gaps: pd.DataFrame | None, split: str, generator: str) -> list[str]:
    """How the choice does on average over the draws, where there are several: one draw is one sample."""
    draws = table.loc[(table["split"] == split) & (table["draw"] >= 0), "draw"].nunique()
    if gaps is None or draws < 2:
        return []
    keys = {"draw": AGGREGATE, "split": split, "generator": generator, "protocol": "synthetic"}
    chosen = _over_all(table, **keys)
    lines = [f"{_interval(chosen, 'test_error')}  mean test error of the {draws} draws' choices"]
    for (protocol, _), text in ALTERNATIVES.items():
        rows = gaps[(gaps["draw"] == AGGREGATE) & (gaps["split"] == split) & (gaps["against"] == protocol)]
        if not rows.empty:
            gap = _over_all(gaps, **keys, against=protocol)
            if not np.isnan(gap["difference"]):
                lines.append(f"{'':25}better by {_points(gap)} points than {text}")
    return lines


def _points(row: pd.Series) -> str:
    # Adding 0 turns -0.00 into 0.00.
    value, low, high = (round(100 * row[column], 2) + 0.0 for column in ("difference", "ci_low", "ci_high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _interval(row: pd.Series, column: str) -> str:
    if np.isnan(row[column]):
        return f"unknown ({row['reason']})"
    return f"{row[column]:6.2%} [{row['ci_low']:6.2%}, {row['ci_high']:6.2%}]"


def _rank_lines(preserved: pd.DataFrame, split: str) -> list[str]:
    if "spearman" not in preserved.columns:
        return []
    rows = preserved.query(f"draw == {DRAW} and split == @split and level == 'architecture'")
    return [_rank_line(row) for _, row in rows.iterrows()]


def _rank_line(row: pd.Series) -> str:
    over = f"over {row['models']} {row['family']} architectures: {row['generator']}"
    if np.isnan(row["spearman"]):
        return f"Spearman unknown {over} ({row['reason']})"
    return f"Spearman {row['spearman']:5.2f}, of true errors [{row['ci_low']:5.2f}, {row['ci_high']:5.2f}], {over}"
