"""The methods of sections 4.2.1-4.2.2 for one architecture's runs: ES, RSS, ES+RSS, their baseline and an oracle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.selection.estimators import Outcome, Runs, RunSpread, Snapshots, over_halves, run_spread
from understudy.selection.split_errors import SplitErrors
from understudy.statistics.tie_breaking import ranks

METHODS = ("baseline", "es", "rss", "es_rss", "oracle")


@dataclass(frozen=True)
class FamilyRuns:
    """A family's runs as one set chooses among them: last and best snapshots (`SplitErrors.part`), in one order."""

    errors: SplitErrors
    last: pd.DataFrame
    best: pd.DataFrame
    n_resamples: int

    def spreads(self) -> tuple[RunSpread, RunSpread]:
        """Spread between runs of the last snapshots, and of the last and best together."""
        groups = self.last.groupby("architecture", observed=True).indices.values()
        pairs = [(snapshots(self.last.iloc[rows]), snapshots(self.best.iloc[rows])) for rows in groups]
        covariance = self.errors.covariance
        return run_spread([(usual, usual) for usual, _ in pairs], covariance), run_spread(pairs, covariance)

    def outcomes(
        self, architecture: str, spreads: tuple[RunSpread, RunSpread], rng_of: Callable[[str], np.random.Generator]
    ) -> dict[str, Outcome | None]:
        """Outcome of each method for one architecture; None where it can't be measured.

        `rng_of` gives each method's random numbers by its name.
        """
        last, best = (rows[rows["architecture"] == architecture] for rows in (self.last, self.best))
        covariance, claimed = self.errors.covariance, apparent_gains(last, best)
        usual = snapshots(last)
        at_last, at_best = (
            Runs(usual, taken, covariance, spread)
            for taken, spread in zip((usual, snapshots(best)), spreads, strict=True)
        )
        n = self.n_resamples
        return {
            "baseline": at_last.average(0.0),
            "es": at_best.average(claimed["es"]),
            "rss": at_last.choose(ranks(last, "error"), claimed["rss"], n, rng_of("rss")),
            "es_rss": at_best.choose(ranks(best, "error"), claimed["es_rss"], n, rng_of("es_rss")),
            "oracle": self.oracle(last, spreads[1], rng_of("oracle")),
        }

    def oracle(self, runs: pd.DataFrame, spread: RunSpread, rng: np.random.Generator) -> Outcome | None:
        """Choose run and epoch on one half of the test images, measure on the other, and the other way round.

        No selector of the same kind can be expected to do better, whatever its data. `runs`: one architecture's, a row
        each. None where the test counts have no halves.
        """
        parts = []
        for half in self.errors.halves:
            last, best = half.of_architecture(*runs[["regime", "architecture"]].iloc[0])
            # A half with a fraction f of the images has 1/f times the whole set's covariance.
            covariance = self.errors.covariance / half.fraction
            chosen_among = Runs(snapshots(last), snapshots(best), covariance, spread)
            claimed = apparent_gains(last, best)["es_rss"]
            parts.append((half.fraction, chosen_among.choose(ranks(best, "error"), claimed, self.n_resamples, rng)))
        return over_halves(parts) if parts else None


def apparent_gains(last: pd.DataFrame, best: pd.DataFrame) -> dict[str, float]:
    """Gains that the selection set claims, on the very images that chose: optimistic by construction."""
    at_last, at_best = last["error"], best["error"]
    usual = at_last.mean()
    taken = {"es": at_best.mean(), "rss": at_last.min(), "es_rss": at_best.min()}
    return {"baseline": 0.0, **{method: float(usual - error) for method, error in taken.items()}}


def snapshots(rows: pd.DataFrame) -> Snapshots:
    """The test errors and covariance positions of rows of `SplitErrors.part`."""
    return Snapshots(rows["test_error"].to_numpy(), rows["covariance_row"].to_numpy())
