"""All mutations, and how one is tried."""

import traceback
import warnings
from pathlib import Path

import numpy as np

from benchmarks.input_mutations import (
    checkpoints,
    config_values,
    configs,
    image_colours,
    image_depths,
    image_files,
    image_folders,
    image_formats,
    image_npz,
    image_parquet,
    image_parquet_files,
    image_parts,
    label_files,
    prediction_npz,
    prediction_table_mistakes,
    prediction_tables,
)
from benchmarks.input_mutations.cases import CRASH, MUTATIONS, Verdict, judge

MODULES = (
    checkpoints,
    config_values,
    configs,
    image_colours,
    image_depths,
    image_files,
    image_folders,
    image_formats,
    image_npz,
    image_parquet,
    image_parquet_files,
    image_parts,
    label_files,
    prediction_npz,
    prediction_table_mistakes,
    prediction_tables,
)
KINDS_BY_MUTATION = {
    f"{one.__module__.rpartition('.')[2]}.{one.__name__}": kind for kind, known in MUTATIONS.items() for one in known
}
_BY_NAME = {f"{one.__module__.rpartition('.')[2]}.{one.__name__}": one for known in MUTATIONS.values() for one in known}


def mutated(name: str, seed: tuple[int, ...], folder: Path) -> Verdict:
    """Make a mutated input in an empty folder and try to read it."""
    with warnings.catch_warnings(action="ignore"):
        try:
            case = _BY_NAME[name](np.random.default_rng(seed), folder)
        except Exception:
            return Verdict(CRASH, f"the mutation itself: {traceback.format_exc()}")
        return judge(case, folder)
