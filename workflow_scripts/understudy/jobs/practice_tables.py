"""Jobs of the practice study's tables, from what its runs and their evaluation wrote. No torch import."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from understudy.jobs.context import JobContext
from understudy.practice.differences import differences_table
from understudy.practice.omega import omega_table
from understudy.practice.tables import costs_table, equal_accuracy_table, scaling_table, summary_table
from understudy.schemas import SCHEMAS
from understudy.seeds import seed_for
from understudy.tables import read_table, read_tables, write_table

PARTS = ("runs", "history", "additions", "hardness")
"""The tables that each variant's runs write."""


def whole_table(name: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames one below the other; where none has a row, the columns are there all the same."""
    filled = [frame for frame in frames if len(frame)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    return pd.DataFrame(columns=[column for column, _, _ in SCHEMAS[name]])


def write_practice_tables(
    runs: Sequence[Path], evaluations: Sequence[Path], outputs: dict[str, Path], n_resamples: int, context: JobContext
) -> None:
    """Put the runs' tables together and compute the study's.

    Parameters
    ----------
    runs, evaluations : sequences of Path
        Tables ``practice_runs`` and ``practice_evaluation``, beside which lie the others of the same jobs.
    outputs : dict
        A table's name and its parquet file, beside which the same is written as CSV.
    """
    parts = {f"practice_{key}": [path.with_name(f"{key}.parquet") for path in runs] for key in PARTS}
    parts["practice_evaluation"] = evaluations
    parts["practice_guidance"] = [path.with_name("guidance.parquet") for path in evaluations]
    tables = {name: whole_table(name, [read_table(path, name) for path in paths]) for name, paths in parts.items()}
    runs_table = tables.pop("practice_runs")
    scaling, costs = scaling_table(runs_table, tables.pop("practice_evaluation")), costs_table(runs_table)
    seed = seed_for(context.seed, "practice_equal_accuracy")
    tables |= {
        "practice_scaling": scaling,
        "practice_costs": costs,
        "practice_summary": summary_table(scaling, costs),
        "practice_differences": differences_table(scaling),
        "practice_equal_accuracy": equal_accuracy_table(scaling, costs, n_resamples, seed),
    }
    for name, path in outputs.items():
        write_table(name, tables[name], path)
        write_table(name, tables[name], path.with_suffix(".csv"))


def write_practice_omega(runs: Sequence[Path], history: Sequence[Path], table: Path, csv: Path) -> None:
    """Choose omega by the validation accuracy of runs, of which none was evaluated for it."""
    chosen = omega_table(read_tables(runs, "practice_runs"), read_tables(history, "practice_history"))
    write_table("practice_omega", chosen, table)
    write_table("practice_omega", chosen, csv)
