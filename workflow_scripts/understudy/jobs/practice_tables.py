"""Jobs of the practice study's tables, from what its runs and their evaluation wrote. No torch import."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from understudy.practice.differences import differences_table
from understudy.practice.omega import omega_table
from understudy.practice.tables import costs_table, equal_accuracy_table, scaling_table, summary_table
from understudy.schemas import SCHEMAS
from understudy.seeds import seed_for
from understudy.tables import read_table, write_table

PARTS = ("runs", "history", "additions", "hardness")
"""The tables that each arm's runs write."""


def whole_table(name: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames one below the other; where none has a row, the columns are there all the same."""
    filled = [frame for frame in frames if len(frame)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    return pd.DataFrame(columns=[column for column, _, _ in SCHEMAS[name]])


def write_practice_tables(
    folders: Sequence[Path], evaluations: Sequence[Path], outputs: dict[str, Path], *, draws: int, study_seed: int
) -> None:
    """Put the runs' tables together and compute the study's; ``outputs`` maps a table's name to its parquet file.

    The same as CSV is written beside each.
    """
    parts = {key: [read_table(folder / f"{key}.parquet", f"practice_{key}") for folder in folders] for key in PARTS}
    whole = {f"practice_{key}": whole_table(f"practice_{key}", frames) for key, frames in parts.items()}
    runs = whole.pop("practice_runs")
    scored = [read_table(folder / "evaluation.parquet", "practice_evaluation") for folder in evaluations]
    measured = [read_table(folder / "guidance.parquet", "practice_guidance") for folder in evaluations]
    scaling, costs = scaling_table(runs, pd.concat(scored, ignore_index=True)), costs_table(runs)
    whole |= {
        "practice_guidance": whole_table("practice_guidance", measured),
        "practice_scaling": scaling,
        "practice_costs": costs,
        "practice_summary": summary_table(scaling, costs),
        "practice_differences": differences_table(scaling),
        "practice_equal_accuracy": equal_accuracy_table(
            scaling, costs, draws, seed_for(study_seed, "practice_equal_accuracy")
        ),
    }
    for name, path in outputs.items():
        write_table(name, whole[name], path)
        write_table(name, whole[name], path.with_suffix(".csv"))


def write_practice_omega(folders: Sequence[Path], output: Path, csv: Path) -> None:
    """Choose omega by the validation accuracy of the runs in ``folders``, of which none was evaluated for it."""
    runs, history = (
        pd.concat([read_table(folder / f"{part}.parquet", f"practice_{part}") for folder in folders], ignore_index=True)
        for part in ("runs", "history")
    )
    table = omega_table(runs, history)
    write_table("practice_omega", table, output)
    write_table("practice_omega", table, csv)
