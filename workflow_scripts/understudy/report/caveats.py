"""What a study's results can't promise, as far as its own tables say so."""

from collections.abc import Iterator, Mapping

import pandas as pd

from understudy.report.formats import percent

MIN_SEEDS = 5  # from so many seeds on, the variation between runs is known well enough to say nothing about it


def caveats(tables: Mapping[str, pd.DataFrame], synthetic_sets: Mapping[str, str], seeds: int) -> Iterator[str]:
    """Yield sentences about missing tests, few draws, few seeds, certificates out of reach, and copied images."""
    comparison, quality = tables["protocol_comparison"], tables["generator_quality"]
    yield from _missing_tests(comparison)
    if comparison.loc[comparison["draw"] >= 0, "draw"].nunique() == 1:
        yield (
            "The splits were drawn once: the intervals don't hold what another draw of training and test images would "
            "change. One draw of a small test set decides nothing."
        )
    if seeds == 1:
        yield (
            "With one seed an architecture, the variation between runs isn't known: no interval holds it, and another "
            "seed may turn any order."
        )
    elif seeds < MIN_SEEDS:
        yield f"With {seeds} seeds an architecture, the variation between runs is itself known roughly."
    yield "Each interval covers 95 % by itself; among twenty comparisons one is expected to miss."
    for split, generator in synthetic_sets.items():
        rows = quality[(quality["split"] == split) & (quality["generator"] == generator) & (quality["label"] == "all")]
        yield from _of_generator(rows[rows["draw"] == 0], f"{split}, {generator}")
    if "certificate_summary" in tables:
        yield from _of_certificates(tables["certificate_summary"])


def _missing_tests(comparison: pd.DataFrame) -> Iterator[str]:
    tested = comparison.dropna(subset="test_error") if "test_error" in comparison else comparison.iloc[:0]
    missing = [split for split in comparison["split"].unique() if split not in set(tested["split"])]
    if missing:
        yield f"No test images were held out for {', '.join(missing)}: the choice is made, but nothing here checks it."


def _of_generator(rows: pd.DataFrame, name: str) -> Iterator[str]:
    """Say it where total variation reaches the floor of its sample, or images lie nearer to train than real ones do."""
    for row in rows.itertuples():
        if row.total_variation_null > 0:
            yield (
                f"{name}: the total variation to real images is {percent(row.total_variation, 1)} %, and real against "
                f"real images give {percent(row.total_variation_null, 1)} % at this sample size: differences below "
                "such figures can't be certified."
            )
        if row.nearest_train_excess > row.nearest_train_excess_null:
            yield (
                f"{name}: synthetic images lie nearer to training images than held-out ones do (excess "
                f"{percent(row.nearest_train_excess, 1)} points against {percent(row.nearest_train_excess_null, 1)} "
                "of those): where they are copies, they can't tell models that fit them all apart."
            )


def _of_certificates(summary: pd.DataFrame) -> Iterator[str]:
    for (split, generator), rows in summary[summary["draw"] >= 0].groupby(["split", "generator"], sort=False):
        certified, violated = rows["certified"].sum(), rows["violated"].sum() if "violated" in rows else 0
        if certified == 0:
            yield f"{split}, {generator}: no pair of models reaches its bound, so no order is certified."
        if violated > 0:
            yield (
                f"{split}, {generator}: {violated:,.0f} of {certified:,} certified orders are reversed on test images: "
                "the estimate of the total variation is too small there."
            )
