"""The choice of omega by validation accuracy alone.

The rule: among the runs of practice that differ in omega alone, the omega whose runs have the highest mean validation
accuracy at their end, over seeds; of equal ones the smallest. Test images have no part in it: it is computed from what
training wrote, before any evaluation.
"""

import numpy as np
import pandas as pd

from understudy.practice.intervals import FRACTION, mean_interval


def omega_table(runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return ``practice_omega`` from the tables ``practice_runs`` and ``practice_history`` of such runs.

    A row for each omega over all draws (``draw`` = -1) and, where there are several, in each draw.
    """
    omegas = runs.drop_duplicates("arm").set_index("arm")["omega"]
    # The run itself, which bears its last number, goes on longest.
    ends = history.sort_values("iteration").groupby(["arm", "seed"]).tail(1)
    ends = ends.assign(omega=ends["arm"].map(omegas))
    draws = sorted(ends["draw"].unique())
    parts = [_rows(ends, -1)] + [_rows(ends[ends["draw"] == draw], draw) for draw in draws if len(draws) > 1]
    return pd.concat(parts, ignore_index=True)


def _rows(ends: pd.DataFrame, draw: int) -> pd.DataFrame:
    rows = []
    for omega, part in ends.groupby("omega"):
        accuracy = part["validation_accuracy"].to_numpy()
        row = {"draw": draw, "omega": omega, "seeds": len(part), "validation_accuracy": float(accuracy.mean())}
        row["ci_low"], row["ci_high"] = mean_interval(accuracy, FRACTION)
        rows.append(row)
    table = pd.DataFrame(rows)
    # Sums of equal fractions may differ in the last bit.
    best = np.flatnonzero(table["validation_accuracy"] > table["validation_accuracy"].max() - 1e-9)[0]
    return table.assign(chosen=np.arange(len(table)) == best)
