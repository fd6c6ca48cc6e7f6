"""Jobs of the generators: the feature extractor, training, selection of a snapshot, sampling, measuring."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.checkpoints import checkpoint_folder
from understudy.classifiers.extractor import load_extractor, train_extractor
from understudy.data.shards import Images, read_images, read_labels
from understudy.devices import choose_device
from understudy.files import read_json, writing
from understudy.generators.sampling import load_generator, sample_shards
from understudy.generators.scoring import score_snapshots, select_snapshot
from understudy.generators.settings import GeneratorSettings
from understudy.generators.training import train_generator, training_snapshots
from understudy.metrics.memorisation import closest_pairs
from understudy.metrics.prd import CLUSTERS, cluster_assignments
from understudy.metrics.quality import Sample, generator_quality, total_variation_by_clusters
from understudy.schemas import SCHEMAS
from understudy.seeds import seed_for
from understudy.tables import read_table, write_table

Extract = Callable[[np.ndarray], np.ndarray]


def load_features(kind: str, weights: Path, device: torch.device) -> tuple[Extract, str]:
    """Return the feature extractor of ``kind`` (study or inception) and the name that tables give it.

    The name comes from what was loaded, so that no figure stands under the other extractor's name.
    """
    if kind == "inception":
        # Imported here: torchmetrics takes seconds, which jobs with the study's own extractor need not wait.
        from understudy.metrics.inception import FEATURE_EXTRACTOR, InceptionFeatures

        return InceptionFeatures(weights, device), FEATURE_EXTRACTOR
    return load_extractor(weights, device).features, "study"


def train_study_extractor(
    train: Path, classes: Path, extractor: Path, *, draw: int, study_seed: int, device: str
) -> None:
    """Train the feature extractor on the images in ``train`` and save it."""
    data = read_images(train)
    names = read_json(classes)["classes"]
    seed = seed_for(study_seed, "extractor", draw)
    train_extractor(data.images, data.labels, len(names), seed, extractor, choose_device(device))


def train_study_generator(
    settings: dict,
    train: Path,
    classes: Path,
    snapshots: Path,
    history: Path,
    *,
    checkpoints: Path,
    name: str,
    draw: int,
    split: str,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Train a generator on the images in ``train``; leave its snapshots in a folder, and its history.

    Until all is written, snapshots lie beside the checkpoints: what a rule declares as output is deleted when its job
    fails, and the last good snapshots must outlive that.
    """
    data = read_images(train)
    work = checkpoint_folder(checkpoints, [settings, name, draw, split, study_seed, version], [train, classes])
    train_generator(
        data.images,
        data.labels,
        len(read_json(classes)["classes"]),
        GeneratorSettings(**settings),
        seed_for(study_seed, "generator", draw, split, name),
        work,
        work / "state",
        choose_device(device),
        name,
    )
    shutil.copytree(work / "snapshots", snapshots, dirs_exist_ok=True)
    write_table("generator_history", read_table(work / "history.parquet", "generator_history"), history, version)
    shutil.rmtree(checkpoints)


def select_study_snapshot(
    snapshots: Path,
    train: Path,
    extractor: Path,
    generator: Path,
    scores: Path,
    *,
    features: str,
    name: str,
    draw: int,
    split: str,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Score every snapshot by its Frechet distance to the training images and copy the best one to ``generator``.

    ``extractor`` holds the weights of the extractor of kind ``features``. Raises a StudyError if a snapshot is missing.
    """
    data = read_images(train)
    place = choose_device(device)
    table = score_snapshots(
        training_snapshots(snapshots),
        load_features(features, extractor, place)[0],
        data.images,
        data.labels,
        seed_for(study_seed, "snapshot scores", draw, split, name),
        place,
    )
    with writing(generator) as temporary:
        shutil.copyfile(snapshots / select_snapshot(table), temporary)
    write_table("snapshot_scores", table, scores, version)


def sample_study_set(
    generator: Path,
    shards: Path,
    *,
    images_per_class: int,
    shard_size: int,
    name: str,
    draw: int,
    split: str,
    study_seed: int,
    device: str,
) -> None:
    """Sample a generator's synthetic set into shards; the manifest lies beside them."""
    seed = seed_for(study_seed, "synthetic", draw, split, name)
    sample_shards(load_generator(generator, choose_device(device)), images_per_class, shard_size, seed, shards, name)


def measure_generator(
    shards: Path,
    train: Path,
    held_out: Sequence[Path],
    smallest: Path,
    extractor: Path,
    quality: Path,
    clusters: Path,
    pairs: Path,
    feature_clusters: Path,
    *,
    features: str,
    name: str,
    draw: int,
    split: str,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Measure a synthetic set against training and held-out images; write its rows of four tables.

    The first of ``held_out`` is the test part. ``smallest`` is the smallest split's train file, whose size every
    split's ``fid_equal_n`` refers to, and ``extractor`` holds the weights of the extractor of kind ``features``.
    """
    extract, extractor_name = load_features(features, extractor, choose_device(device))

    def sample_of(data: Images) -> Sample:
        return Sample(extract(data.images), data.labels)

    synthetic, real = sample_of(read_images(shards)), sample_of(read_images(train))
    others = sample_of(read_images(held_out)) if held_out else None
    seed = seed_for(study_seed, "quality", draw, split, name)
    place = {"draw": draw, "split": split, "generator": name}
    rows = generator_quality(
        synthetic,
        real,
        others,
        generator=name,
        feature_extractor=extractor_name,
        seed=seed,
        equal_n=len(read_images(smallest).labels),
    )
    write_table("generator_quality", rows.assign(**place), quality, version)
    if others is None:
        counted = pd.DataFrame(columns=[column for column, _, _ in SCHEMAS["total_variation_clusters"]])
    else:
        counted = total_variation_by_clusters(
            synthetic.features, others.features, real.features, generator=name, seed=seed
        ).assign(**place)
    write_table("total_variation_clusters", counted, clusters, version)
    found = closest_pairs(synthetic.features, real.features, others.features if others else None)
    columns = {
        "rank": np.arange(len(found.generated)),
        "synthetic_index": found.generated,
        "train_index": found.train,
        "distance": found.distance,
        "held_out_distance": found.distance_held_out,
    }
    write_table("closest_pairs", pd.DataFrame(columns).assign(**place), pairs, version)
    shared = pd.DataFrame(columns=[column for column, _, _ in SCHEMAS["feature_clusters"]])
    if others is not None:
        tested = others.features[: len(read_labels(held_out[0]))]
        shared = cluster_both(tested, synthetic.features, name, seed_for(seed, "disagreement")).assign(**place)
    write_table("feature_clusters", shared, feature_clusters, version)


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
