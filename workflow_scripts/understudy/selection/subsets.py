"""How often and by how much each protocol wins: the table `protocol_subsets`.

One selection among one lot of candidates is one sample. Here many random halves of the candidates (half the
architectures, half the seeds of each) make their own selections. Halves drawn without replacement vary as much from one
to the other as the whole lot of candidates would, had it been trained anew: the variance of a mean of n/2 out of n is
S^2/(n/2) (1 - 1/2) = S^2/n. So their spread is also the variance between runs in the interval of the mean difference.
Of an odd number n a half holds (n + 1)/2 with probability (n + 1)/(2n), else (n - 1)/2: that gives S^2/n as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.seeds import numpy_generator, seed_for
from understudy.selection.aggregation import Record, to_frame, with_aggregates
from understudy.selection.comparison import comparisons
from understudy.selection.protocols import ONE_RUN, Pool
from understudy.selection.split_errors import SplitErrors, StudyErrors
from understudy.statistics.intervals import Estimate
from understudy.statistics.tie_breaking import best_columns, best_first

Array = np.ndarray

MIN_ARCHITECTURES = 4
"""Of fewer, no half is drawn that leaves something to choose among."""

LEVELS = (5, 25, 50, 75, 95)
PERCENTILES = [f"difference_p{level:02d}" for level in LEVELS]
KEYS = ["split", "generator", "family", "protocol", "against"]


@dataclass(frozen=True)
class Results:
    """Test errors of one protocol on B subsets, [B], and their mean as a linear form of kept snapshots' errors, [R]."""

    errors: Array
    weights: Array


def protocol_subsets(study: StudyErrors, *, seed: int, n_resamples: int = 1_000) -> pd.DataFrame:
    """Build the table `protocol_subsets`: each protocol against each plainer one, over random halves of candidates.

    A difference is the other protocol's test error less this one's, so that positive is a win. `win_share` and
    `tie_share` are fractions of the subsets; the 95 % interval is that of the mean difference, over images and runs;
    the percentiles are over subsets, of all draws together where draws are aggregated. Only architectures with runs of
    both regimes are candidates, so that every protocol has something to choose in every half; where none has both,
    those with full runs, and synthetic is compared with random alone. Families and `all` as in `protocol_comparison`.
    `n_resamples` is the number of subsets. Without a test set nothing can be compared and the table is empty.
    """
    records: list[Record] = []
    for errors in study.splits() if study.test else ():
        for family in errors.families:
            rng = numpy_generator(seed_for(seed, "subsets", errors.draw, errors.split, family))
            records += _pool_records(Pool(errors, family), rng, n_resamples)
    rows = with_aggregates(records, KEYS, study.overlaps())
    for row in rows:
        found = row.pop("differences")
        row |= dict(zip(PERCENTILES, np.percentile(found, LEVELS).tolist(), strict=True))
        row |= {"win_share": float((found > 0).mean()), "tie_share": float((found == 0).mean())}
    ends = {"mean_difference": ("ci_low", "ci_high", -1.0)}
    return to_frame("protocol_subsets", rows, ends, True, study.metric)


class Halves:
    """Random halves of a pool: `architectures` bool [B, A], and for a regime's runs a mask bool [B, n]."""

    def __init__(self, names: list[str], subsets: int, rng: np.random.Generator):
        self.names, self.rng = names, rng
        # Of two or three architectures two stay, or there would be nothing to choose among.
        self.architectures = self._half(subsets, len(names), lowest=min(2, len(names)))

    def members(self, runs: pd.DataFrame) -> Array:
        """Which architecture each run is of: bool [n, A]."""
        return runs["architecture"].astype(str).to_numpy()[:, None] == np.array(self.names)[None, :]

    def _half(self, subsets: int, n: int, lowest: int = 1) -> Array:
        """Half of n in each subset, or `lowest`: bool [B, n]."""
        sizes = np.full(subsets, n // 2)
        if n % 2:
            sizes += self.rng.random(subsets) < (n + 1) / (2 * n)
        return self.rng.random((subsets, n)).argsort(axis=1).argsort(axis=1) < sizes.clip(lowest)[:, None]

    def mask(self, runs: pd.DataFrame) -> Array:
        """Half of each chosen architecture's runs, one at least: bool [B, n]."""
        chosen = np.zeros((len(self.architectures), len(runs)), dtype=bool)
        for a, members in enumerate(self.members(runs).T):
            rows = np.flatnonzero(members)
            chosen[:, rows] = self._half(len(chosen), len(rows)) & self.architectures[:, [a]]
        return chosen


def _pool_records(pool: Pool, rng: np.random.Generator, subsets: int) -> list[Record]:
    errors = pool.errors
    full = pool.part(errors.last, errors.test, "full")
    subtrain = pool.part(errors.last, "validation", "subtrain")
    names = pool.architectures
    if len(subtrain):
        names = sorted(subtrain["architecture"].astype(str).unique())
    if not names:
        return []
    halves = Halves(names, subsets, rng)
    masks = {"full": halves.mask(full)}
    if len(subtrain):
        masks["subtrain"] = halves.mask(subtrain)
    plain = _plain_results(errors, halves, full, subtrain, masks)
    results: dict[tuple[str, str], Results] = {(protocol, ""): found for protocol, found in plain.items()}
    for name, regime in errors.selection_sets:
        best = pool.part(errors.best, name, regime)
        if len(best):
            protocol = "validation" if name == "validation" else "synthetic"
            results[protocol, name] = _choose_best(errors, best, masks[regime])
    key = {"draw": errors.draw, "split": errors.split, "family": pool.family, "subsets": subsets}
    taken = {"architectures": halves.architectures, "runs": masks["full"]}
    key |= {name: round(float(mask.sum(axis=1).mean())) for name, mask in taken.items()}
    key["reason"] = _reason(len(names), int(halves.members(full).sum(axis=0).max()))
    return [{**key, **record} for record in _comparisons(results, errors.covariance)]


def _reason(architectures: int, runs: int) -> str:
    """Say what halves of so few candidates leave out; `runs`: the highest number that an architecture has."""
    found = []
    if architectures == 1:
        found.append("one architecture: nothing to choose among but runs")
    elif architectures < MIN_ARCHITECTURES:
        found.append(
            f"every subset has two of {architectures} architectures: the interval leaves out what others would change"
        )
    if runs == 1:
        found.append(ONE_RUN)
    elif runs == 2:
        found.append("every subset has one run of an architecture: nothing is chosen among runs")
    return "; ".join(found)


def _plain_results(
    errors: SplitErrors, halves: Halves, full: pd.DataFrame, subtrain: pd.DataFrame, masks: Mapping[str, Array]
) -> dict[str, Results]:
    """The random and standard protocols: means over an architecture's full runs."""
    members = halves.members(full).astype(float)
    counts = np.maximum(masks["full"] @ members, 1)  # [B, A]
    means = (masks["full"] * full["test_error"].to_numpy()) @ members / counts

    def result(taken: Array) -> Results:
        """Mean over the architectures in `taken`, float [B, A] with rows that sum to 1."""
        per_run = (masks["full"] * ((taken / counts) @ members.T)).mean(axis=0)
        weights = np.zeros(len(errors.covariance))
        np.add.at(weights, full["covariance_row"].to_numpy(), per_run)
        return Results((taken * means).sum(axis=1), weights)

    found = {"random": result(halves.architectures / halves.architectures.sum(axis=1, keepdims=True))}
    if len(subtrain):
        of = halves.members(subtrain).astype(float)
        with np.errstate(invalid="ignore"):  # 0 / 0 for architectures outside the half
            validated = (masks["subtrain"] * subtrain["error"].to_numpy()) @ of / (masks["subtrain"] @ of)
        # Equal means tie, in whatever order they were added up.
        validated = np.where(np.isnan(validated), np.inf, validated.round(12))
        chosen = best_columns(validated, pd.DataFrame({"architecture": halves.names}))
        found["standard"] = result(np.eye(len(halves.names))[chosen])
    return found


def _choose_best(errors: SplitErrors, best: pd.DataFrame, mask: Array) -> Results:
    """The one snapshot of the lowest error on the selection set, in each subset."""
    order = best_first(best)
    chosen = order[mask[:, order].argmax(axis=1)]
    weights = np.zeros(len(errors.covariance))
    np.add.at(weights, best["covariance_row"].to_numpy()[chosen], 1 / len(mask))
    return Results(best["test_error"].to_numpy()[chosen], weights)


def _comparisons(results: dict[tuple[str, str], Results], covariance: Array) -> list[Record]:
    records = []
    for (protocol, name), other in comparisons(results):
        ours, theirs = results[protocol, name], results[other]
        differences = (theirs.errors - ours.errors).round(12)  # equal errors tie
        form = theirs.weights - ours.weights
        sampling = float(form @ covariance @ form)
        record = {"generator": name, "protocol": protocol, "against": other[0], "differences": differences}
        record["mean_difference"] = Estimate(float(differences.mean()), sampling, float(differences.var()))
        records.append(record)
    return records
