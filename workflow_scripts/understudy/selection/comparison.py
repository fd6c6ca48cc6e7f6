"""Which protocol's model to ship: the table `protocol_comparison` (section 4.2.3, appendix C, table 2)."""

import numpy as np
import pandas as pd

from understudy.seeds import numpy_generator, seed_for
from understudy.selection.protocols import (
    Architectures,
    Chosen,
    Pool,
    random_protocol,
    snapshot_protocol,
    standard_protocol,
)
from understudy.selection.records import Record, to_frame, with_aggregates
from understudy.selection.split_errors import Noise, SplitErrors, splits_of

KEYS = ["split", "generator", "family", "protocol"]
TEST_COLUMNS = (
    *("test_error", "ci_low", "ci_high", "architecture_error"),
    *("regret", "regret_ci_low", "regret_ci_high"),
)
COLUMNS = ["draw", *KEYS, "selected", "architecture", "epoch", "candidates", "choosing_error", *TEST_COLUMNS, "reason"]


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
        families = sorted(errors.last["family"].astype(str).unique())
        for family in [*families, "all"] if len(families) > 1 else families:
            records += _pool_records(errors, family, seed, resamples)
    dropped = () if test else TEST_COLUMNS
    rows = with_aggregates(records, KEYS)
    return to_frame(rows, {"test_error": ("ci_low", "ci_high", 0.0)}, [c for c in COLUMNS if c not in dropped])


def _pool_records(errors: SplitErrors, family: str, seed: int, resamples: int) -> list[Record]:
    pool = Pool(errors, None if family == "all" else family)
    architectures = None if errors.test is None or not pool.architectures else Architectures.of(pool)
    full = errors.last[(errors.last["regime"] == "full") & errors.last["family"].isin(pool.families)]

    def generator(protocol: str, name: str) -> np.random.Generator:
        return numpy_generator(seed_for(seed, "protocol", errors.draw, errors.split, family, protocol, name))

    found: list[tuple[str, str, str, Chosen | None]] = [
        ("random", "", "full", random_protocol(pool, architectures) if pool.architectures else None),
        ("standard", "", "subtrain", standard_protocol(pool, architectures, generator("standard", ""), resamples)),
    ]
    for name, regime in errors.choosing_sets:
        protocol = "validation" if name == "validation" else "synthetic"
        chosen = None
        if len(pool.part(errors.last, name, regime)):
            chosen = snapshot_protocol(pool, name, regime, architectures, generator(protocol, name), resamples)
        found.append((protocol, name, regime, chosen))
    key = {"draw": errors.draw, "split": errors.split, "family": family, "candidates": full["run"].nunique()}
    return [
        {**key, "generator": name, "protocol": protocol, **_values(chosen, _reason(pool, protocol, regime, chosen))}
        for protocol, name, regime, chosen in found
    ]


def _reason(pool: Pool, protocol: str, regime: str, chosen: Chosen | None) -> str:
    """Say why figures are missing, which architectures were left out, and where there was nothing to choose among."""
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
