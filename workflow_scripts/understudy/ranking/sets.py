"""The sets of a ranking study by name, read when they are asked for: hundreds of models' predictions are large."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from understudy.errors import StudyError
from understudy.ranking.matching import union
from understudy.ranking.predictions import Predictions, read_npz, read_parquet


class SetFiles(TypedDict, total=False):
    """Where a set's predictions lie; as :meth:`understudy.ranking.plan.RankingPlan.given_sets` gives it.

    Either `of`, the names of the sets that it unites, or `files` and `labels`: parquet files of predictions and the
    file of true labels; or one npz file and the names of its arrays `models`, `predicted` and `labels`.
    """

    of: list[str]
    files: list[str]
    labels: str
    models: str
    predicted: str


class Sets:
    """Sets of predictions by name.

    Parameters
    ----------
    files
        Where each set lies.
    classes
        Number of classes, or their names.
    models
        The models to read, of those that a set has; None is all.

    """

    def __init__(
        self, files: Mapping[str, SetFiles], classes: int | Sequence[str], models: Sequence[str] | None = None
    ):
        self.files = files
        self.classes = classes
        self.models = models

    def read(self, name: str) -> Predictions:
        """Read a set.

        Raises
        ------
        StudyError
            See `read_npz`, `read_parquet` and `union`; no model is left.

        """
        place = self.files[name]
        if "of" in place:
            return union([self.read(part) for part in place["of"]])
        if place["files"][0].endswith(".npz"):
            arrays = (place["models"], place["predicted"], place["labels"])
            found = read_npz(Path(place["files"][0]), self.classes, *arrays)
        else:
            found = read_parquet(place["files"], Path(place["labels"]), self.classes)
        if self.models is None:
            return found
        kept = [model for model in found.models if model in set(self.models)]
        if not kept:
            raise StudyError(f"set {name}: none of the models has predictions on every set")
        return found.of_models(kept)
