"""Which protocol's model to ship, and how much better it is than the others' (section 4.2.3, appendix C, table 2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.seeds import numpy_generator, seed_for
from understudy.selection.aggregation import Record, to_frame, with_aggregates
from understudy.selection.protocols import (
    ONE_RUN,
    Architectures,
    Chosen,
    Pool,
    random_protocol,
    snapshot_protocol,
    standard_protocol,
)
from understudy.selection.split_errors import Noise, SplitErrors, overlaps, splits_of
from understudy.statistics.intervals import Estimate, paired_difference

KEYS = ["split", "generator", "family", "protocol"]
TEST_COLUMNS = (
    *("test_error", "ci_low", "ci_high", "architecture_error"),
    *("regret", "regret_ci_low", "regret_ci_high"),
)
COLUMNS = ["draw", *KEYS, "selected", "architecture", "epoch", "candidates", "choosing_error", *TEST_COLUMNS, "reason"]
DIFFERENCE_KEYS = [*KEYS, "against"]
DIFFERENCE_COLUMNS = ["draw", *DIFFERENCE_KEYS, "difference", "ci_low", "ci_high", "reason"]
PLAINNESS = ["random", "standard", "validation", "synthetic"]
"""The protocols, the plainest first: each is compared with those before it."""


def protocol_comparison(
    counts: pd.DataFrame, noise: Noise, *, seed: int, resamples: int = 10_000, test: str | None = "test"
) -> pd.DataFrame:
    """Build the table `protocol_comparison`: what each protocol selects and how good that is on test images.

    One row per draw, split, family (and `all` where there are several) and protocol: `random` and `standard` (generator
    empty), `synthetic` for each generator, and `validation`: run and epoch of subtrain runs chosen on the validation
    part. `test_error` is the mean over the architecture's full runs for the first two, the chosen snapshot's for the
    others, with `architecture_error`, the mean over its architecture's full runs, beside it. `regret` is against the
    best entry of the same kind: the best architecture's mean, or the best single snapshot of any full run. Intervals
    include images, and the runs: what the protocol would have chosen with others.

    Parameters and errors as `selection_gain`.
    """
    records: list[Record] = []
    for errors in splits_of(counts, noise, test):
        for choices in _pools(errors, seed, resamples):
            pool = choices.pool
            full = errors.last[(errors.last["regime"] == "full") & errors.last["family"].isin(pool.families)]
            key = {"draw": errors.draw, "split": errors.split, "family": choices.family}
            key["candidates"] = full["run"].nunique()
            records += [
                {**key, "generator": name, "protocol": protocol, **_values(chosen, _reason(pool, protocol, chosen))}
                for (protocol, name), chosen in choices.chosen.items()
            ]
    dropped = () if test else TEST_COLUMNS
    rows = with_aggregates(records, KEYS, overlaps(noise, test))
    return to_frame(rows, {"test_error": ("ci_low", "ci_high", 0.0)}, [c for c in COLUMNS if c not in dropped])


def protocol_differences(
    counts: pd.DataFrame, noise: Noise, *, seed: int, resamples: int = 10_000, test: str | None = "test"
) -> pd.DataFrame:
    """Build the table `protocol_differences`: how much better each protocol's choice is than each plainer one's.

    `difference` is the test error of `against` less that of `protocol`, the choices of `protocol_comparison`, so that
    positive is a win. Both are measured on the same images, so the interval's image part is that of the paired
    difference; the variances between runs are added. Without a test set nothing can be compared and the table is empty.
    """
    records: list[Record] = []
    for errors in splits_of(counts, noise, test) if test else ():
        for choices in _pools(errors, seed, resamples):
            key = {"draw": errors.draw, "split": errors.split, "family": choices.family}
            for (protocol, name), other in comparisons(choices.chosen):
                ours, theirs = choices.chosen[protocol, name], choices.chosen[other]
                found = _difference(errors, ours, theirs) if ours and theirs else None
                reason = "" if found else f"{other[0] if ours else protocol}: nothing was chosen"
                if found and 1 in (ours.runs, theirs.runs):
                    reason = ONE_RUN
                named = {"generator": name, "protocol": protocol, "against": other[0], "reason": reason}
                records.append({**key, **named, "difference": found})
    intervals = {"difference": ("ci_low", "ci_high", -1.0)}
    return to_frame(with_aggregates(records, DIFFERENCE_KEYS, overlaps(noise, test)), intervals, DIFFERENCE_COLUMNS)


def comparisons(protocols: Iterable[tuple[str, str]]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pair each (protocol, generator) with every plainer one; synthetic sets are not compared with each other."""
    found = list(protocols)
    return [
        (ours, theirs) for ours in found for theirs in found if PLAINNESS.index(theirs[0]) < PLAINNESS.index(ours[0])
    ]


@dataclass(frozen=True)
class _Choices:
    """What each protocol, with each set that it may use, chooses from a pool; None where it can't choose."""

    family: str
    pool: Pool
    chosen: dict[tuple[str, str], Chosen | None]


def _pools(errors: SplitErrors, seed: int, resamples: int) -> Iterator[_Choices]:
    """Let every protocol choose in each family, and in `all` where there are several."""
    families = sorted(errors.last["family"].astype(str).unique())
    for family in [*families, "all"] if len(families) > 1 else families:
        pool = Pool(errors, None if family == "all" else family)
        yield _Choices(family, pool, _choose(pool, family, seed, resamples))


def _choose(pool: Pool, family: str, seed: int, resamples: int) -> dict[tuple[str, str], Chosen | None]:
    errors = pool.errors
    architectures = None if errors.test is None or not pool.architectures else Architectures.of(pool)

    def generator(protocol: str, name: str) -> np.random.Generator:
        return numpy_generator(seed_for(seed, "protocol", errors.draw, errors.split, family, protocol, name))

    found: dict[tuple[str, str], Chosen | None] = {
        ("random", ""): random_protocol(pool, architectures) if pool.architectures else None,
        ("standard", ""): standard_protocol(pool, architectures, generator("standard", ""), resamples),
    }
    for name, regime in errors.choosing_sets:
        protocol = "validation" if name == "validation" else "synthetic"
        chosen = None
        if len(pool.part(errors.last, name, regime)):
            chosen = snapshot_protocol(pool, name, regime, architectures, generator(protocol, name), resamples)
        found[protocol, name] = chosen
    return found


def _difference(errors: SplitErrors, ours: Chosen, theirs: Chosen) -> Estimate:
    form = theirs.weights - ours.weights
    image = float(form @ errors.noise.covariance @ form)
    return paired_difference(theirs.error, ours.error, image)


def _reason(pool: Pool, protocol: str, chosen: Chosen | None) -> str:
    """Say why figures are missing, which architectures were left out, and where there was nothing to choose among."""
    regime = "subtrain" if protocol in ("standard", "validation") else "full"
    reasons = []
    if not pool.architectures:
        reasons.append("no full run succeeded, so there is no candidate")
    elif chosen is None:
        where = "the validation part" if regime == "subtrain" else "this set"
        reasons.append(f"no {regime} runs of candidates were evaluated on {where}")
    elif pool.errors.test is None:
        reasons.append("no test set")
    if chosen and protocol in ("random", "standard") and len(pool.architectures) == 1:
        reasons.append("one architecture: nothing to choose among")
    if chosen and chosen.runs == 1:
        reasons.append(ONE_RUN)
    return "; ".join([*reasons, *(pool.left_out(regime) if chosen else [])])


def _values(chosen: Chosen | None, reason: str) -> Record:
    if chosen is None:
        empty = dict.fromkeys(["choosing_error", "test_error", "architecture_error", *TEST_COLUMNS[4:]], np.nan)
        return {"selected": "", "architecture": "", "epoch": np.nan, **empty, "reason": reason}
    low_to_high = chosen.regret or (np.nan, np.nan, np.nan)
    return {
        "selected": chosen.selected,
        "architecture": chosen.architecture,
        "epoch": np.nan if chosen.epoch is None else float(chosen.epoch),
        "choosing_error": chosen.choosing_error,
        "test_error": chosen.error,
        "architecture_error": chosen.architecture_error,
        **dict(zip(("regret", "regret_ci_low", "regret_ci_high"), low_to_high, strict=True)),
        "reason": reason,
    }
