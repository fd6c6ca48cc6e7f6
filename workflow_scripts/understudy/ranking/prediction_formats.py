"""Formats of prediction files, whatever framework wrote them: their registry, and how a set is read.

docs/prediction_files.md says what each may hold.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from understudy.errors import StudyError
from understudy.ranking.formats.npz import read_npz
from understudy.ranking.formats.set_files import ARRAY, SetFiles
from understudy.ranking.formats.tables import TABLES, read_tables
from understudy.ranking.label_numbers import Classes
from understudy.ranking.matching import union
from understudy.ranking.plausibility import check_plausible
from understudy.ranking.predictions import Predictions

FORMATS: dict[str, Callable[[SetFiles, Classes], Predictions]] = {
    ".npz": read_npz,
    ".parquet": read_tables,
    ".csv": read_tables,
}
"""What reads a set, by the suffix of its files."""


def label_file(path: str | Path, labels: str) -> str | None:
    """Return the file of true labels that a set's key `labels` names, None if the predictions' file has them itself."""
    is_table = Path(path).suffix in TABLES
    return labels if Path(labels).suffix in TABLES or (is_table and labels != ARRAY) else None


def read_set(name: str, sets: Mapping[str, SetFiles], classes: Classes, models: Sequence[str] | None) -> Predictions:
    """Read a set, or unite those that it consists of; of its models only `models`, unless these are None.

    Raises
    ------
    StudyError
        A file that can't be read, sets that can't be united (see `union`), no model that is left.

    """
    files = sets[name]
    if "of" in files:
        return union([read_set(part, sets, classes, models) for part in files["of"]])
    source = files["files"][0]
    found = FORMATS[Path(source).suffix](files, classes)
    check_plausible(found, source)
    if models is None:
        return found
    kept = [model for model in found.models if model in set(models)]
    if not kept:
        raise StudyError(f"set {name}: none of the models has predictions on every set")
    return found.of_models(kept)
