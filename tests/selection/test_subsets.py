import numpy as np
import pandas as pd
import pytest
from made_up import SMALL, draw_wrong, runs_of, study, typical

from understudy.seeds import numpy_generator, seed_for
from understudy.selection.comparison import protocol_comparison
from understudy.selection.protocols import ONE_RUN
from understudy.selection.split_errors import StudyErrors
from understudy.selection.subsets import Halves, protocol_subsets


def test_halves_hold_half_of_architectures_and_seeds():
    runs = runs_of(6, 5)
    halves = Halves(sorted(runs["architecture"].unique()), 200, np.random.default_rng(0))
    mask = halves.mask(runs)
    assert (halves.architectures.sum(axis=1) == 3).all()
    per_architecture = mask @ halves.members(runs).astype(int)
    assert set(per_architecture[halves.architectures]) == {2, 3}
    assert ((per_architecture > 0) == halves.architectures).all()
    # Every run has its turn.
    assert mask.mean(axis=0).min() > 0.1


@pytest.mark.parametrize("number", [2, 3, 4, 5, 7, 10])
def test_halves_vary_as_the_whole_would_if_trained_anew(number):
    """Var of the mean of a half is S^2 / n, for odd n too."""
    values = np.random.default_rng(number).normal(size=number)
    runs = runs_of(1, number)
    mask = Halves(["standard000"], 40_000, np.random.default_rng(0)).mask(runs)
    means = mask @ values / mask.sum(axis=1)
    assert means.var() == pytest.approx(values.var(ddof=1) / number, rel=0.03)


@pytest.mark.parametrize(
    ("architectures", "seeds", "words"),
    [(5, 1, ONE_RUN), (5, 2, "nothing is chosen among runs"), (3, 3, "two of 3 architectures"), (4, 3, "")],
)
def test_too_few_candidates_to_halve_are_said(architectures, seeds, words):
    counts, covariances = typical(0, architectures=architectures, seeds=seeds, epochs=1, images=60)
    reasons = protocol_subsets(StudyErrors(counts, covariances), seed=0, n_resamples=10)["reason"]
    assert all(words in reason and bool(reason) == bool(words) for reason in reasons)


def test_equal_errors_tie_in_whatever_order_they_are_added_up():
    """Errors are whole numbers of 60 images, so that a difference is a multiple of 1 / 60 over the runs' number."""
    rng = np.random.default_rng(3)
    parts = {}
    for name in ("gan", "test"):
        parts["full", name] = (runs_of(6, 6), draw_wrong(np.full((36, 1), 0.2), 60, rng))
    counts, covariances = study(parts)
    row = protocol_subsets(StudyErrors(counts, covariances), seed=0, n_resamples=2_000).iloc[0]
    wrong = parts["full", "test"][1].sum(axis=(1, 2)).reshape(6, 6)
    best = parts["full", "gan"][1].sum(axis=(1, 2))
    halves = Halves(
        [f"standard{a:03d}" for a in range(6)],
        2_000,
        numpy_generator(seed_for(0, "subsets", 0, "Train300", "standard")),
    )
    mask = halves.mask(runs_of(6, 6))
    chosen = np.where(mask, best, 10**6).argmin(axis=1)
    random_sums = (mask * wrong.ravel()).sum(axis=1)  # 3 architectures of 3 runs: the mean is a ninth
    assert row["tie_share"] == pytest.approx((random_sums == 9 * wrong.ravel()[chosen]).mean())
    assert row["tie_share"] > 0.02


def test_one_candidate_of_each_kind_is_the_whole_comparison():
    counts, covariances = typical(0, architectures=1, seeds=1)
    table = protocol_subsets(StudyErrors(counts, covariances), seed=0, n_resamples=20)
    whole = protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=20).set_index(
        ["protocol", "generator"]
    )["test_error"]
    for row in table.itertuples():
        other = whole[row.against, "validation" if row.against == "validation" else ""]
        expected = other - whole[row.protocol, row.generator]
        assert abs(row.mean_difference - expected) < 1e-12


def test_a_perfect_set_always_beats_a_random_choice():
    rng = np.random.default_rng(1)
    wrong = draw_wrong(np.repeat(np.linspace(0.05, 0.4, 6), 4)[:, None], 1500, rng)
    runs = runs_of(6, 4)
    counts, covariances = study({("full", "gan"): (runs, wrong), ("full", "test"): (runs, wrong)})
    found = protocol_subsets(StudyErrors(counts, covariances), seed=0, n_resamples=300).iloc[0]
    assert (found["protocol"], found["against"]) == ("synthetic", "random")
    assert found["win_share"] == 1 and found["ci_low"] > 0


def test_interval_of_protocols_that_are_equally_good_covers_nothing_gained():
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(10):
        sets = [draw_wrong(np.full((12, 1), 0.2), 100, rng) for _ in range(2)]
        runs = runs_of(4, 3)
        counts, covariances = study({("full", "gan"): (runs, sets[0]), ("full", "test"): (runs, sets[1])})
        found = protocol_subsets(StudyErrors(counts, covariances), seed=seed, n_resamples=100).iloc[0]
        covered += found["ci_low"] <= 0 <= found["ci_high"]
    assert covered >= 8


def test_same_seed_same_table():
    counts, covariances = typical(3, **SMALL)
    first, second = (protocol_subsets(StudyErrors(counts, covariances), seed=5, n_resamples=50) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_without_a_test_set_the_table_is_empty():
    counts, covariances = typical(3, **SMALL)
    full = protocol_subsets(StudyErrors(counts, covariances), seed=5, n_resamples=10)
    bare = protocol_subsets(StudyErrors(counts[counts["set"] != "test"], {}, test=None), seed=5)
    assert bare.empty and list(bare.columns) == list(full.columns)
