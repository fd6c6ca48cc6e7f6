"""Which protocol's model to ship, and how much better it is than the others' (section 4.2.3, appendix C, table 2)."""

from collections.abc import Iterable, Iterator

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
from understudy.selection.split_errors import SplitErrors, StudyErrors
from understudy.statistics.intervals import Estimate, paired_difference

KEYS = ["split", "generator", "family", "protocol"]
DIFFERENCE_KEYS = [*KEYS, "against"]
PLAINNESS = ["random", "standard", "validation", "synthetic"]
"""The protocols, the plainest first: each is compared with those before it."""

Choices = dict[tuple[str, str], Chosen]
"""What each protocol chooses with each set that it may use; the set is empty for random and standard."""


def protocol_comparison(study: StudyErrors, *, seed: int, n_resamples: int = 10_000) -> pd.DataFrame:
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
    for errors in study.splits():
        for pool, choices in _choices(errors, seed, n_resamples):
            key = {"draw": errors.draw, "split": errors.split, "family": pool.family, "candidates": pool.runs}
            for (protocol, name), chosen in choices.items():
                reason = _reason(pool, protocol, chosen)
                records.append({**key, "generator": name, "protocol": protocol, **_values(chosen), "reason": reason})
    rows = with_aggregates(records, KEYS, study.overlaps())
    intervals = {"test_error": ("ci_low", "ci_high", 0.0)}
    return to_frame("protocol_comparison", rows, intervals, study.test is not None, study.metric)


def protocol_differences(study: StudyErrors, *, seed: int, n_resamples: int = 10_000) -> pd.DataFrame:
    """Build the table `protocol_differences`: how much better each protocol's choice is than each plainer one's.

    `difference` is the test error of `against` less that of `protocol`, the choices of `protocol_comparison`, so that
    positive is a win. Both are measured on the same images, so the interval's image part is that of the paired
    difference; the variances between runs are added. Without a test set nothing can be compared and the table is empty.
    """
    records: list[Record] = []
    for errors in study.splits() if study.test else ():
        for pool, choices in _choices(errors, seed, n_resamples):
            key = {"draw": errors.draw, "split": errors.split, "family": pool.family}
            for (protocol, name), other in comparisons(choices):
                ours, theirs = choices[protocol, name], choices[other]
                found, reason = None, f"{other[0] if ours.selected else protocol}: nothing was chosen"
                if ours.selected and theirs.selected:
                    found, reason = _difference(errors, ours, theirs), ONE_RUN if 1 in (ours.runs, theirs.runs) else ""
                named = {"generator": name, "protocol": protocol, "against": other[0], "reason": reason}
                records.append({**key, **named, "difference": found})
    rows = with_aggregates(records, DIFFERENCE_KEYS, study.overlaps())
    ends = {"difference": ("ci_low", "ci_high", -1.0)}
    return to_frame("protocol_differences", rows, ends, True, study.metric)


def comparisons(protocols: Iterable[tuple[str, str]]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pair each (protocol, generator) with every plainer one; synthetic sets are not compared with each other."""
    found = list(protocols)
    return [
        (ours, theirs) for ours in found for theirs in found if PLAINNESS.index(theirs[0]) < PLAINNESS.index(ours[0])
    ]


def _choices(errors: SplitErrors, seed: int, n_resamples: int) -> Iterator[tuple[Pool, Choices]]:
    """Let every protocol choose in each family, and in `all` where there are several."""
    for family in errors.families:
        pool = Pool(errors, family)
        architectures = None if errors.test is None or not pool.architectures else Architectures.of(pool)
        name = (seed, "protocol", errors.draw, errors.split, family)
        rng = numpy_generator(seed_for(*name, "standard", ""))
        choices = {
            ("random", ""): random_protocol(architectures) if pool.architectures else Chosen(),
            ("standard", ""): standard_protocol(pool, architectures, rng, n_resamples),
        }
        for set_name, regime in errors.selection_sets:
            protocol = "validation" if set_name == "validation" else "synthetic"
            rng = numpy_generator(seed_for(*name, protocol, set_name))
            chosen = snapshot_protocol(pool, set_name, regime, architectures, rng, n_resamples)
            choices[protocol, set_name] = chosen
        yield pool, choices


def _difference(errors: SplitErrors, ours: Chosen, theirs: Chosen) -> Estimate:
    form = theirs.weights - ours.weights
    return paired_difference(theirs.error, ours.error, float(form @ errors.covariance @ form))


def _reason(pool: Pool, protocol: str, chosen: Chosen) -> str:
    """Say why figures are missing, which architectures were left out, and where there was nothing to choose among."""
    regime = "subtrain" if protocol in ("standard", "validation") else "full"
    if not pool.architectures:
        return "no full run succeeded, so there is no candidate"
    if not chosen.selected:
        where = "the validation part" if regime == "subtrain" else "this set"
        return f"no {regime} runs of candidates were evaluated on {where}"
    reasons = ["no test set"] if pool.errors.test is None else []
    if protocol in ("random", "standard") and len(pool.architectures) == 1:
        reasons.append("one architecture: nothing to choose among")
    if chosen.runs == 1:
        reasons.append(ONE_RUN)
    return "; ".join([*reasons, *pool.left_out(regime)])


def _values(chosen: Chosen) -> Record:
    return {
        "selected": chosen.selected,
        "architecture": chosen.architecture,
        "epoch": chosen.epoch,
        "choosing_error": chosen.choosing_error,
        "test_error": np.nan if chosen.error is None else chosen.error,
        "architecture_error": chosen.architecture_error,
        **dict(zip(("regret", "regret_ci_low", "regret_ci_high"), chosen.regret, strict=True)),
    }
