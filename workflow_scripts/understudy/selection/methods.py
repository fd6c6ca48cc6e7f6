"""The methods of sections 4.2.1-4.2.2 for one architecture's runs: ES, RSS, ES+RSS, their baseline and an oracle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.selection.estimators import Outcome, RunSpread, Snapshots, average, choose, over_halves, run_spread
from understudy.selection.split_errors import SplitErrors

METHODS = ("baseline", "es", "rss", "es_rss", "oracle")

Generator = np.random.Generator


@dataclass(frozen=True)
class FamilyRuns:
    """A family's runs as one set chooses among them: last and best snapshots (`SplitErrors.part`), in one order."""

    errors: SplitErrors
    last: pd.DataFrame
    best: pd.DataFrame
    resamples: int

    def spreads(self) -> tuple[RunSpread, RunSpread]:
        """Spread between runs of the last snapshots, and of the last and best together."""
        groups = self.last.groupby("architecture", observed=True).indices.values()
        pairs = [(snapshots(self.last.iloc[at]), snapshots(self.best.iloc[at])) for at in groups]
        covariance = self.errors.noise.covariance
        return run_spread([(usual, usual) for usual, _ in pairs], covariance), run_spread(pairs, covariance)

    def outcomes(
        self, architecture: str, spreads: tuple[RunSpread, RunSpread], generator: Callable[[str], Generator]
    ) -> dict[str, Outcome | None]:
        """Outcome of each method for one architecture; None where it can't be measured.

        `generator` gives each method's random numbers by its name.
        """
        last = self.last[self.last["architecture"] == architecture]
        best = self.best[self.best["architecture"] == architecture]
        covariance, claimed = self.errors.noise.covariance, apparent_gains(last, best)
        usual, stopped = snapshots(last), snapshots(best)
        at_last, at_best = last["error"].to_numpy(), best["error"].to_numpy()
        rss, es_rss = (generator(name) for name in ("rss", "es_rss"))
        return {
            "baseline": average(usual, usual, 0.0, covariance, spreads[0]),
            "es": average(usual, stopped, claimed["es"], covariance, spreads[1]),
            "rss": choose(usual, usual, at_last, claimed["rss"], covariance, spreads[0], rss, self.resamples),
            "es_rss": choose(
                usual, stopped, at_best, claimed["es_rss"], covariance, spreads[1], es_rss, self.resamples
            ),
            "oracle": self.oracle(last, spreads[1], generator("oracle")),
        }

    def oracle(self, runs: pd.DataFrame, spread: RunSpread, generator: Generator) -> Outcome | None:
        """Choose run and epoch on one half of the test images, measure on the other, and the other way round.

        No selector of the same kind can be expected to do better, whatever its data. `runs`: one architecture's, a row
        each. None where the test counts have no halves.
        """
        halves, noise = self.errors.halves, self.errors.noise
        if len(halves) != 2:
            return None
        parts = []
        regime, names = runs["regime"].iloc[0], list(runs["run"])
        every = np.arange(len(names))
        for (_, choosing), (share, measuring) in zip(halves, halves[::-1], strict=True):
            chooses, measures = choosing[regime].loc[names], measuring[regime].loc[names].to_numpy()  # [runs, epochs]
            epochs, chooses = chooses.columns.to_numpy(), chooses.to_numpy()
            last = (~np.isnan(chooses)).cumsum(axis=1).argmax(axis=1)
            # Ties go to the latest epoch: look from the right.
            best = chooses.shape[1] - 1 - np.nanargmin(chooses[:, ::-1], axis=1)
            usual, stopped = (
                Snapshots(measures[every, at], noise.nearest_rows(regime, names, epochs[at])) for at in (last, best)
            )
            proxy = chooses[every, best]
            apparent = float(chooses[every, last].mean() - proxy.min())
            # A half with a share f of the images has 1/f times the whole set's covariance.
            covariance = noise.covariance / share
            outcome = choose(usual, stopped, proxy, apparent, covariance, spread, generator, self.resamples)
            parts.append((share, outcome))
        return over_halves(parts)


def apparent_gains(last: pd.DataFrame, best: pd.DataFrame) -> dict[str, float]:
    """Gains that the choosing set claims, on the very images that chose: optimistic by construction."""
    at_last, at_best = last["error"], best["error"]
    usual = at_last.mean()
    taken = {"es": at_best.mean(), "rss": at_last.min(), "es_rss": at_best.min()}
    return {"baseline": 0.0, **{method: float(usual - error) for method, error in taken.items()}}


def snapshots(rows: pd.DataFrame) -> Snapshots:
    """The test errors and noise positions of rows of `SplitErrors.part`."""
    return Snapshots(rows["test_error"].to_numpy(), rows["noise_row"].to_numpy())
