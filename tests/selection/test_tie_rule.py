"""A changed tie rule changes what everything chooses that sees equal errors."""

import numpy as np
import pytest
from made_up import CLASSES, row, runs_of, study

from understudy.selection.choices import best_architecture, best_candidate, best_snapshots, chosen_snapshots
from understudy.selection.comparison import protocol_comparison
from understudy.selection.gain import selection_gain
from understudy.selection.split_errors import StudyErrors
from understudy.selection.subsets import protocol_subsets
from understudy.statistics import tie_breaking

IMAGES = 4 * CLASSES
FIRST_HALF = np.arange(IMAGES) // CLASSES % 2 == 0


@pytest.fixture(params=[False, True])
def turned(request, monkeypatch) -> bool:
    """Whether the tie rule is turned round: last architecture, highest seed, earliest epoch."""
    if request.param:
        opposite = tuple(tie._replace(ascending=not tie.ascending) for tie in tie_breaking.TIES)
        monkeypatch.setattr(tie_breaking, "TIES", opposite)
    return request.param


def missed(number: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Misses [runs, epochs, images] of the first `number` [runs, epochs] of the images that the mask holds."""
    return (np.cumsum(images) <= number[..., None]) & images


def tied_study():
    """Four architectures of three runs and two epochs, alike on all selection sets and on the first half of the test.

    On the test set's second half a later architecture, seed or epoch misses more images.
    """
    everywhere, worse = np.full((12, 2), 6), np.arange(24).reshape(12, 2) // 2 + np.arange(2)
    test = missed(np.full((12, 2), 5), FIRST_HALF) | missed(worse, ~FIRST_HALF)
    parts = {}
    for regime, name in (("full", "gan"), ("subtrain", "validation")):
        runs = runs_of(4, 3, regime)
        parts[regime, name] = (runs, missed(everywhere, np.ones(IMAGES, dtype=bool)))
        parts[regime, "test"] = (runs, test)
    return *study(parts), test.mean(axis=2).reshape(4, 3, 2), worse.reshape(4, 3, 2)


def test_choices_follow_the_rule(turned):
    counts, *_ = tied_study()
    on_gan = best_snapshots(counts[counts["set"] == "gan"])
    architecture, seed, epoch = ("standard003", 2, 1) if turned else ("standard000", 0, 2)
    assert (on_gan["epoch"] == epoch).all()
    assert best_candidate(on_gan)[["architecture", "seed", "epoch"]].tolist() == [architecture, seed, epoch]
    assert best_architecture(on_gan)["architecture"] == architecture
    assert (chosen_snapshots(counts[counts["set"] == "gan"])["epoch"] == epoch).all()


def test_tables_follow_the_rule(turned):
    counts, covariances, errors, _ = tied_study()
    architecture, seed, epoch = (3, 2, 1) if turned else (0, 0, 2)
    comparison = protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=20)
    assert row(comparison, protocol="standard")["selected"] == f"standard{architecture:03d}"
    for protocol in ("synthetic", "validation"):
        assert row(comparison, protocol=protocol)["selected"] == f"standard{architecture:03d}-s{seed}@{epoch}"
    gain = selection_gain(StudyErrors(counts, covariances), seed=0, n_resamples=20)
    for method, error in (
        ("es", errors[1, :, epoch - 1].mean()),
        ("rss", errors[1, seed, -1]),
        ("es_rss", errors[1, seed, epoch - 1]),
    ):
        found = row(gain, generator="gan", architecture="standard001", method=method)
        assert found["test_error"] == pytest.approx(error), method


def test_oracle_and_subsets_follow_the_rule(turned):
    counts, covariances, _, worse = tied_study()
    gain = selection_gain(StudyErrors(counts, covariances), seed=0, n_resamples=20)
    oracle = row(gain, generator="gan", architecture="standard001", method="oracle")
    # The first half, where all tie, chooses by the rule and the second measures; then the other way round.
    seed, epoch = (2, 1) if turned else (0, 2)
    assert oracle["test_error"] == pytest.approx((worse[1, seed, epoch - 1] + 5) / IMAGES)
    subsets = protocol_subsets(StudyErrors(counts, covariances), seed=0, n_resamples=50)
    for protocol in ("standard", "synthetic", "validation"):
        found = row(subsets, protocol=protocol, against="random")
        assert found["win_share"] < 0.1 if turned else found["win_share"] > 0.9, protocol


def test_resampled_choices_follow_the_rule(turned):
    """The best of resamples varies only where the resample lacks the run that the rule prefers."""
    counts, *_ = tied_study()
    best = best_snapshots(counts[counts["set"] == "gan"])
    preferred = len(best) - 1 if turned else 0
    of_rank = tie_breaking.ranks(best)
    resampled, chosen = tie_breaking.choose_again(of_rank, 200, np.random.default_rng(0))
    assert (chosen == (resampled.max(axis=1) if turned else resampled.min(axis=1))).all()
    assert of_rank[preferred] == 0
