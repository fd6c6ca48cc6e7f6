"""What a study's results can't promise, as far as its own tables say so."""

from collections.abc import Mapping

import pandas as pd

from understudy.plots import pages
from understudy.plots.loading import with_columns


def limits(tables: Mapping[str, pd.DataFrame], synthetic_sets: Mapping[str, str], seeds: int) -> list[str]:
    """Return sentences about missing tests, few draws, few seeds, certificates out of reach, and copied images."""
    comparison, quality = tables["protocol_comparison"], tables["generator_quality"]
    found = _missing_tests(comparison)
    if comparison.loc[comparison["draw"] >= 0, "draw"].nunique() == 1:
        found.append(
            "The splits were drawn once: the intervals don't hold what another draw of training and test images would "
            "change. One draw of a small test set decides nothing."
        )
    if seeds == 1:
        found.append(
            "With one seed an architecture, the variation between runs isn't known: no interval holds it, and another "
            "seed may turn any order."
        )
    elif seeds < 5:
        found.append(f"With {seeds} seeds an architecture, the variation between runs is itself known roughly.")
    found.append("Each interval covers 95 % by itself; among twenty comparisons one is expected to miss.")
    for split, generator in synthetic_sets.items():
        rows = quality[(quality["split"] == split) & (quality["generator"] == generator) & (quality["label"] == "all")]
        found += _of_generator(rows[rows["draw"] == 0], split, generator)
    if "certificate_summary" in tables:
        found += _of_certificates(tables["certificate_summary"])
    return found


def _missing_tests(comparison: pd.DataFrame) -> list[str]:
    tested = comparison[comparison["test_error"].notna()] if "test_error" in comparison else comparison.iloc[:0]
    missing = [split for split in dict.fromkeys(comparison["split"]) if split not in set(tested["split"])]
    if not missing:
        return []
    return [f"No test images were held out for {', '.join(missing)}: the choice is made, but nothing here checks it."]


def _of_generator(rows: pd.DataFrame, split: str, generator: str) -> list[str]:
    """Say it where total variation reaches the floor of its sample, or images lie nearer to train than real ones do."""
    found = []
    for row in rows.itertuples():
        if row.total_variation_null > 0:
            found.append(
                f"{split}, {generator}: the total variation to real images is {pages.percent(row.total_variation, 1)} "
                f"%, and real against real images give {pages.percent(row.total_variation_null, 1)} % at this sample "
                "size: differences below such figures can't be certified."
            )
        if row.nearest_train_excess > row.nearest_train_excess_null:
            found.append(
                f"{split}, {generator}: synthetic images lie nearer to training images than held-out ones do "
                f"(excess {pages.percent(row.nearest_train_excess, 1)} points against "
                f"{pages.percent(row.nearest_train_excess_null, 1)} "
                "of those): where they are copies, they can't tell models that fit them all apart."
            )
    return found


def _of_certificates(summary: pd.DataFrame) -> list[str]:
    found = []
    summary = with_columns(summary, ["violated"])
    for (split, generator), rows in summary[summary["draw"] >= 0].groupby(["split", "generator"], sort=False):
        if rows["certified"].sum() == 0:
            found.append(f"{split}, {generator}: no pair of models reaches its bound, so no order is certified.")
        if rows["violated"].sum() > 0:
            found.append(
                f"{split}, {generator}: {rows['violated'].sum():,.0f} of {rows['certified'].sum():,} certified orders "
                "are reversed on test images: the estimate of the total variation is too small there."
            )
    return found
