"""Jobs of the ranking study's models and images: generate shards of images, evaluate models."""

import hashlib
import shutil
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from understudy.checkpoints import checkpoint_folder
from understudy.data.image_sets import EncodedImages, folder_images, shard_images
from understudy.data.pixel_settings import ValueSettings
from understudy.data.shards import write_images
from understudy.devices import resolve_device
from understudy.errors import StudyError
from understudy.files import writing
from understudy.generators.pretrained import load_pretrained
from understudy.generators.sampling import labels_and_seeds
from understudy.jobs.context import JobContext
from understudy.ranking.settings import EvaluationSet, ImageFolder, ImageShards
from understudy.seeds import seed_for
from understudy.tables import write_table
from understudy.text import describe
from understudy.zoo.evaluation import ModelPredictions, predict_pictures
from understudy.zoo.models import make_model
from understudy.zoo.settings import ZooSettings

SETTINGS = TypeAdapter(EvaluationSet)
MAX_CHARACTERS = 400  # of the reason why a model failed


def generate_shard(settings: Mapping, classes: int, path: Path, context: JobContext) -> None:
    """Generate one shard of a pretrained generator's set; image i of the set has a seed of its own."""
    entry, name, shard = SETTINGS.validate_python(settings), context.wildcards["set"], int(context.wildcards["shard"])
    start = shard * entry.shard_size
    numbers = np.arange(start, min(start + entry.shard_size, entry.images_per_class * classes))
    labels, seeds = labels_and_seeds(numbers, classes, seed_for(context.seed, "pretrained", name))
    images = load_pretrained(entry, resolve_device(context.device)).sample(labels, seeds)
    write_images(path, images, labels, seed=seeds, generator=[name] * len(numbers))


@dataclass(frozen=True)
class ModelSet:
    """A set of images that models are evaluated on, as plain data.

    Attributes
    ----------
    settings : what the set's own class of settings dumps
    classes : how many, or their names in the order of the labels
    state : digests of the files that the settings name: what was finished before these changed is made again
    """

    settings: Mapping
    classes: int | Sequence[str]
    state: Sequence[str]

    @property
    def class_count(self) -> int:
        """How many classes there are."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)

    @property
    def values(self) -> ValueSettings:
        """What the values of its images mean."""
        given = {key: self.settings[key] for key in ValueSettings.model_fields if key in self.settings}
        return ValueSettings(**given)

    def images(self, shards: Sequence[Path], own_weights: bool = False) -> EncodedImages:
        """Return the images, those in ``shards`` where the set is generated; see `folder_images` of ``own_weights``."""
        entry = SETTINGS.validate_python(self.settings)
        if isinstance(entry, ImageFolder):
            return folder_images(entry.root, self.classes, own_weights)
        if isinstance(entry, ImageShards):
            shards = sorted(entry.root.glob("[!.]*.parquet")) if entry.root.is_dir() else [entry.root]
            if not shards:
                raise StudyError(f"{entry.root} holds no parquet file; expected image shards (*.parquet)")
        return shard_images(shards, self.classes)


def evaluate_models(
    models: Sequence[str],
    settings: Mapping,
    image_set: ModelSet,
    shards: Sequence[Path],
    outputs: SimpleNamespace,
    context: JobContext,
) -> None:
    """Evaluate some models on one set: tables `model_predictions` and `model_evaluations`, and the true labels.

    A model that fails is a row with its reason. Models that were finished when a job was killed aren't evaluated again.

    Parameters
    ----------
    settings
        What :class:`understudy.zoo.settings.ZooSettings` dumps.
    shards
        Generated images; empty for given ones.
    outputs
        The paths `predictions`, `evaluations` and `labels`.
    context
        Its threads are the job's own process and those that load images; its wildcard `set` is the set's name.

    """
    chosen = ZooSettings.model_validate(settings)
    name, images = context.wildcards["set"], image_set.images(shards, bool(chosen.checkpoints))
    about = [dict(settings), name, dict(image_set.settings), list(image_set.state), context.version]
    finished = checkpoint_folder(context.checkpoints, [*about, context.seed, list(models), len(images)], [])
    zoo = _Zoo(chosen, image_set, images, finished, context)
    rows, predictions = [], []
    for model in models:
        try:
            found = zoo.predictions(model)
        except Exception as error:  # whatever a model fails with, the others go on
            reason = " ".join(describe(error).split()).removeprefix("StudyError: ")[:MAX_CHARACTERS]
            print(f"{model}: {reason}", file=sys.stderr)
            if not isinstance(error, StudyError):
                traceback.print_exc()
            rows.append({"model": model, "reason": reason, "batch_size": 0, "top1_error": np.nan})
            continue
        error = float((found.predicted[:, 0] != images.labels).mean())
        rows.append({"model": model, "reason": "", "batch_size": found.batch_size, "top1_error": error})
        predictions.append(
            {"model": model, "predicted": list(found.predicted), "probability": found.probability.astype(np.float32)}
        )
    if len(rows) > 1 and not predictions and len({row["reason"] for row in rows}) == 1:
        raise StudyError(f"set {name}: all models of the job failed alike: {rows[0]['reason']}")
    table = pd.DataFrame(rows).assign(set=name, images=len(images))
    write_table("model_evaluations", table, outputs.evaluations, context.version)
    found = pd.DataFrame(predictions, columns=["model", "predicted", "probability"])
    write_table("model_predictions", found, outputs.predictions, context.version)
    write_table("true_labels", pd.DataFrame({"label": images.labels}), outputs.labels, context.version)
    shutil.rmtree(context.checkpoints, ignore_errors=True)


@dataclass(frozen=True)
class _Zoo:
    """The models of a job and the images that they are evaluated on; what is finished lies in a folder."""

    settings: ZooSettings
    image_set: ModelSet
    images: EncodedImages
    finished: Path
    context: JobContext

    def predictions(self, name: str) -> ModelPredictions:
        """Return a model's predictions, those of an earlier attempt where there are any."""
        file = self.finished / f"{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}.npz"
        if file.exists():
            with np.load(file, allow_pickle=False) as arrays:
                return ModelPredictions(arrays["predicted"], arrays["probability"], int(arrays["batch_size"]))
        seed = seed_for(self.context.seed, "zoo", name)
        model, preprocessing = make_model(name, self.settings, self.image_set.class_count, seed)
        found = predict_pictures(
            model,
            preprocessing,
            self.images,
            batch_size=self.settings.batch_size,
            workers=self.context.threads - 1,
            device=resolve_device(self.context.device),
            settings=self.image_set.values,
        )
        with writing(file) as temporary:
            np.savez(temporary, **vars(found))
        return found
