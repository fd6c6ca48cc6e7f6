"""Jobs of the ranking study's models and images: generate shards of images, evaluate models."""

import hashlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from understudy.checkpoints import checkpoint_folder
from understudy.data.image_sets import EncodedImages, folder_images, shard_images
from understudy.data.shards import write_images
from understudy.devices import resolve_device
from understudy.errors import StudyError
from understudy.files import writing
from understudy.generators.pretrained import load_pretrained
from understudy.generators.sampling import labels_and_seeds
from understudy.ranking.settings import EvaluationSet, ImageFolder, ImageShards
from understudy.seeds import seed_for
from understudy.tables import write_table
from understudy.zoo.evaluation import ModelPredictions, predict
from understudy.zoo.models import make_model
from understudy.zoo.settings import ZooSettings

SETTINGS = TypeAdapter(EvaluationSet)


def generate_shard(
    settings: Mapping, name: str, shard: int, classes: int, path: Path, *, study_seed: int, device: str
) -> None:
    """Generate one shard of a pretrained generator's set; image i of the set has a seed of its own."""
    entry = SETTINGS.validate_python(settings)
    start = shard * entry.shard_size
    numbers = np.arange(start, min(start + entry.shard_size, entry.images_per_class * classes))
    labels, seeds = labels_and_seeds(numbers, classes, seed_for(study_seed, "pretrained", name))
    images = load_pretrained(entry, resolve_device(device)).sample(labels, seeds)
    write_images(path, images, labels, seed=seeds, generator=[name] * len(numbers))


def evaluate_models(
    models: Sequence[str],
    settings: Mapping,
    name: str,
    image_set: Mapping,
    shards: Sequence[Path],
    outputs: Mapping[str, Path],
    *,
    classes: int | Sequence[str],
    state: Sequence[str],
    workers: int,
    checkpoints: Path,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Evaluate some models on one set: tables `model_predictions` and `model_evaluations`, and the true labels.

    A model that fails is a row with its reason. Models that were finished when a job was killed aren't evaluated again.

    Parameters
    ----------
    settings, image_set
        As :class:`understudy.ranking.settings.ZooSettings`, and a set's own class, dump them.
    name
        The set's name.
    shards
        Generated images; empty for given ones.
    state
        Digests of the files that the settings name: what was finished before they changed is made again.
    workers
        Processes that load images; 0: this one.

    """
    zoo = ZooSettings.model_validate(settings)
    images = _images(image_set, shards, classes)
    count = classes if isinstance(classes, int) else len(classes)
    about = [dict(settings), name, dict(image_set), list(state), version]
    place = checkpoint_folder(checkpoints, [*about, study_seed, list(models), len(images)], [])
    rows, predictions = [], []
    for model in models:
        file = place / f"{hashlib.blake2b(model.encode(), digest_size=8).hexdigest()}.npz"
        try:
            found = _finished(file) or _evaluate(
                model, zoo, count, images, file, study_seed=study_seed, device=device, workers=workers
            )
        except Exception as error:  # whatever a model fails with, the others go on
            print(f"{model}: {type(error).__name__}: {error}", file=sys.stderr)
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            reason = reason.removeprefix("StudyError: ")
            rows.append({"model": model, "reason": reason, "batch_size": 0, "top1_error": np.nan})
            continue
        error = float((found.predicted[:, 0] != images.labels).mean())
        rows.append({"model": model, "reason": "", "batch_size": found.batch_size, "top1_error": error})
        predictions.append(
            {"model": model, "predicted": list(found.predicted), "probability": found.probability.astype(np.float32)}
        )
    if rows and not predictions and len({row["reason"] for row in rows}) == 1 and len(rows) > 1:
        raise StudyError(f"set {name}: all models of the job failed alike: {rows[0]['reason']}")
    table = pd.DataFrame(rows).assign(set=name, images=len(images))
    write_table("model_evaluations", table, outputs["evaluations"], version)
    found = pd.DataFrame(predictions, columns=["model", "predicted", "probability"])
    write_table("model_predictions", found, outputs["predictions"], version)
    write_table("true_labels", pd.DataFrame({"label": images.labels}), outputs["labels"], version)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _images(image_set: Mapping, shards: Sequence[Path], classes: int | Sequence[str]) -> EncodedImages:
    entry = SETTINGS.validate_python(image_set)
    if isinstance(entry, ImageFolder):
        return folder_images(entry.root, classes)
    if isinstance(entry, ImageShards):
        shards = sorted(entry.root.glob("[!.]*.parquet")) if entry.root.is_dir() else [entry.root]
        if not shards:
            raise StudyError(f"{entry.root} holds no parquet file; expected image shards (*.parquet)")
    return shard_images(shards, classes if isinstance(classes, int) else len(classes))


def _evaluate(
    name: str,
    zoo: ZooSettings,
    classes: int,
    images: EncodedImages,
    file: Path,
    *,
    study_seed: int,
    device: str,
    workers: int,
) -> ModelPredictions:
    model, preprocessing = make_model(name, zoo, classes, seed_for(study_seed, "zoo", name))
    place = resolve_device(device)
    found = predict(model, preprocessing, images, batch_size=zoo.batch_size, workers=workers, device=place)
    with writing(file) as temporary:
        np.savez(temporary, predicted=found.predicted, probability=found.probability, batch_size=found.batch_size)
    return found


def _finished(file: Path) -> ModelPredictions | None:
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as arrays:
        return ModelPredictions(arrays["predicted"], arrays["probability"], int(arrays["batch_size"]))
