"""Jobs of the generators: the feature extractor, training, selection of a snapshot, sampling, measuring."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.checkpoints import checkpoint_folder
from understudy.classifiers.extractor import load_extractor, train_extractor
from understudy.data.shards import read_images, read_labels
from understudy.devices import resolve_device
from understudy.files import read_json, writing
from understudy.generators.batches import TrainingImages
from understudy.generators.methods import load_settings
from understudy.generators.sampling import load_generator, sample_shards
from understudy.generators.scoring import score_snapshots, select_snapshot
from understudy.generators.snapshots import training_snapshots
from understudy.generators.training import train_generator
from understudy.jobs.context import JobContext
from understudy.metrics.memorisation import closest_pairs
from understudy.metrics.prd import CLUSTERS, cluster_assignments
from understudy.metrics.quality import Sample, generator_quality, total_variation_by_clusters
from understudy.schemas import SCHEMAS
from understudy.seeds import seed_for
from understudy.tables import read_table, write_table

Extract = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class RealFiles:
    """The files of real images that a generator is measured against.

    Attributes
    ----------
    train : Path
        What trained it.
    held_out : sequence of Path
        The test part first; empty where a study has none.
    smallest : Path
        The smallest split's train file, whose size every split's ``fid_equal_n`` refers to.

    """

    train: Path
    held_out: Sequence[Path]
    smallest: Path


@dataclass(frozen=True)
class MeasurementFiles:
    """The tables that a generator's measurement writes."""

    quality: Path
    clusters: Path
    pairs: Path
    feature_clusters: Path


def load_features(kind: str, weights: Path, device: torch.device) -> tuple[Extract, str]:
    """Return the feature extractor of ``kind`` (study or inception) and the name that tables give it.

    The name comes from what was loaded, so that no figure stands under the other extractor's name.
    """
    if kind == "inception":
        # Imported here: torchmetrics takes seconds, which jobs with the study's own extractor need not wait.
        from understudy.metrics.inception import FEATURE_EXTRACTOR, InceptionFeatures

        return InceptionFeatures(weights, device), FEATURE_EXTRACTOR
    return load_extractor(weights, device).features, "study"


def train_study_extractor(train: Path, classes: Path, extractor: Path, context: JobContext) -> None:
    """Train the feature extractor on the images in ``train`` and save it."""
    data, names = read_images(train), read_json(classes)["classes"]
    seed = seed_for(context.seed, "extractor", context.draw)
    train_extractor(data.images, data.labels, len(names), seed, extractor, resolve_device(context.device))


def train_study_generator(
    settings: dict, train: Path, classes: Path, snapshots: Path, history: Path, context: JobContext
) -> None:
    """Train a generator on the images in ``train``; leave its snapshots in a folder, and its history.

    Until all is written, snapshots lie beside the checkpoints: what a rule declares as output is deleted when its job
    fails, and the last good snapshots must outlive that.
    """
    data, names = read_images(train), read_json(classes)["classes"]
    name, draw, split = context.wildcards["generator"], context.draw, context.split
    about = [settings, name, draw, split, context.seed, context.version]
    work = checkpoint_folder(context.checkpoints, about, [train, classes])
    train_generator(
        TrainingImages(data.images, data.labels, len(names)),
        load_settings(settings),
        seed_for(context.seed, "generator", draw, split, name),
        work,
        resolve_device(context.device),
        name,
    )
    shutil.copytree(work / "snapshots", snapshots, dirs_exist_ok=True)
    rows = read_table(work / "history.parquet", "generator_history")
    write_table("generator_history", rows, history, context.version)
    shutil.rmtree(context.checkpoints)


def select_study_snapshot(
    snapshots: Path, train: Path, features: str, extractor: Path, generator: Path, scores: Path, context: JobContext
) -> None:
    """Score every snapshot by its Frechet distance to the training images and copy the best one to ``generator``.

    ``extractor`` holds the weights of the extractor of kind ``features``. Raises a StudyError if a snapshot is missing.
    """
    data, device = read_images(train), resolve_device(context.device)
    table = score_snapshots(
        training_snapshots(snapshots),
        load_features(features, extractor, device)[0],
        data.images,
        data.labels,
        seed_for(context.seed, "snapshot scores", context.draw, context.split, context.wildcards["generator"]),
        device,
    )
    with writing(generator) as temporary:
        shutil.copyfile(snapshots / select_snapshot(table), temporary)
    write_table("snapshot_scores", table, scores, context.version)


def sample_study_set(
    generator: Path, images_per_class: int, shard_size: int, shards: Path, context: JobContext
) -> None:
    """Sample a generator's synthetic set into shards; the manifest lies beside them."""
    name = context.wildcards["generator"]
    seed = seed_for(context.seed, "synthetic", context.draw, context.split, name)
    loaded = load_generator(generator, resolve_device(context.device))
    sample_shards(loaded, images_per_class, shard_size, seed, shards, name)


def measure_generator(
    shards: Path, real: RealFiles, features: str, extractor: Path, tables: MeasurementFiles, context: JobContext
) -> None:
    """Measure a synthetic set against training and held-out images; write its rows of four tables.

    ``extractor`` holds the weights of the extractor of kind ``features``.
    """
    extract, extractor_name = load_features(features, extractor, resolve_device(context.device))

    def extract_sample(files: Path | Sequence[Path]) -> Sample:
        data = read_images(files)
        return Sample(extract(data.images), data.labels)

    name = context.wildcards["generator"]
    synthetic, train = extract_sample(shards), extract_sample(real.train)
    held_out = extract_sample(real.held_out) if real.held_out else None
    seed = seed_for(context.seed, "quality", context.draw, context.split, name)

    def write(table: str, rows: pd.DataFrame, path: Path, **columns: str) -> None:
        keys = {"draw": context.draw, "split": context.split, "generator": name}
        write_table(table, rows.assign(**keys, **columns), path, context.version)

    quality = generator_quality(synthetic, train, held_out, seed, len(read_labels(real.smallest)))
    write("generator_quality", quality, tables.quality, feature_extractor=extractor_name)
    write("closest_pairs", _pair_rows(synthetic, train, held_out), tables.pairs)
    clusters, shared = (
        pd.DataFrame(columns=[column for column, _, _ in SCHEMAS[table]])
        for table in ("total_variation_clusters", "feature_clusters")
    )
    if held_out is not None:
        clusters = total_variation_by_clusters(synthetic.features, held_out.features, train.features, seed)
        test = held_out.features[: len(read_labels(real.held_out[0]))]
        shared = cluster_both(test, synthetic.features, name, seed_for(seed, "disagreement"))
    write("total_variation_clusters", clusters, tables.clusters)
    write("feature_clusters", shared, tables.feature_clusters)


def _pair_rows(synthetic: Sample, train: Sample, held_out: Sample | None) -> pd.DataFrame:
    found = closest_pairs(synthetic.features, train.features, held_out.features if held_out else None)
    columns = {
        "rank": np.arange(len(found.generated)),
        "synthetic_index": found.generated,
        "train_index": found.train,
        "distance": found.distance,
        "held_out_distance": found.distance_held_out,
    }
    return pd.DataFrame(columns)


def cluster_both(test: np.ndarray, synthetic: np.ndarray, generator: str, seed: int) -> pd.DataFrame:
    """Cluster the features of test and synthetic images together: columns set, repeat, clusters.

    Certificates restrict the total variation to the images that two models disagree on, for which the clusters of each
    image must be kept.
    """
    count = min(CLUSTERS, len(test) + len(synthetic))
    assigned = cluster_assignments(test, synthetic, seed, count)
    return pd.DataFrame(
        [
            {"set": name, "repeat": repeat, "clusters": clusters.astype(np.int16)}
            for name, repeats in zip(("test", generator), assigned, strict=True)
            for repeat, clusters in enumerate(repeats)
        ]
    )
