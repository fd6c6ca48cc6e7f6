import numpy as np
import pandas as pd
import pytest
from made_up import SMALL, draw_wrong, row, runs_of, study, typical

from understudy.selection.comparison import protocol_comparison, protocol_differences
from understudy.selection.protocols import ONE_RUN
from understudy.selection.regret import regret_interval
from understudy.selection.split_errors import StudyErrors


def by_hand(seed: int = 0) -> tuple[pd.DataFrame, dict, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    base = np.repeat([0.2, 0.12, 0.3], 3)[:, None] + rng.normal(0, 0.02, (9, 4))
    parts, errors = {}, {}
    for regime, name, size in (
        ("full", "test", 400), ("full", "gan", 300), ("subtrain", "test", 400), ("subtrain", "validation", 80)
    ):  # fmt: skip
        wrong = draw_wrong(np.clip(base + 0.03 * (regime == "subtrain"), 0.02, 0.9), size, rng)
        parts[regime, name] = (runs_of(3, 3, regime), wrong)
        errors[f"{regime} {name}"] = wrong.mean(axis=2)
    return *study(parts), errors


def test_protocols_are_the_papers():
    counts, covariances, errors = by_hand()
    table = protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=100)
    test, gan = errors["full test"], errors["full gan"]
    means = test[:, -1].reshape(3, 3).mean(axis=1)
    assert row(table, protocol="random")["test_error"] == pytest.approx(means.mean())
    assert row(table, protocol="random")["regret"] == pytest.approx(means.mean() - means.min())

    validated = errors["subtrain validation"]
    a = validated[:, -1].reshape(3, 3).mean(axis=1).argmin()
    standard = row(table, protocol="standard")
    assert standard["selected"] == f"standard{a:03d}" and standard["generator"] == ""
    assert standard["test_error"] == pytest.approx(means[a])

    epoch = 3 - gan[:, ::-1].argmin(axis=1)
    k = gan.min(axis=1).argmin()
    synthetic = row(table, protocol="synthetic")
    assert synthetic["selected"] == f"standard{k // 3:03d}-s{k % 3}@{epoch[k] + 1}"
    assert synthetic["test_error"] == pytest.approx(test[k, epoch[k]])
    assert synthetic["architecture_error"] == pytest.approx(means[k // 3])
    assert synthetic["regret"] == pytest.approx(test[k, epoch[k]] - test.min())

    k = validated.min(axis=1).argmin()
    epoch = 3 - validated[k, ::-1].argmin()
    alternative = row(table, protocol="validation")
    assert alternative["test_error"] == pytest.approx(errors["subtrain test"][k, epoch])


def test_perfect_proxy_has_no_regret():
    rng = np.random.default_rng(1)
    wrong = draw_wrong(rng.uniform(0.1, 0.3, (12, 5)), 500, rng)
    runs = runs_of(4, 3)
    counts, covariances = study({("full", "gan"): (runs, wrong), ("full", "test"): (runs, wrong)})
    synthetic = row(protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=50), protocol="synthetic")
    assert synthetic["regret"] == 0 and synthetic["regret_ci_low"] == 0


def test_a_validated_subtrain_run_may_be_better_than_any_full_run():
    """It is none of the entries, so its regret may lie below 0."""
    rng = np.random.default_rng(2)
    runs = {regime: runs_of(4, 3, regime) for regime in ("full", "subtrain")}
    parts = {}
    for regime, name, error in (("full", "test", 0.3), ("full", "gan", 0.3), ("subtrain", "test", 0.1)):
        parts[regime, name] = (runs[regime], draw_wrong(np.full((12, 1), error), 2_000, rng))
    parts["subtrain", "validation"] = (runs["subtrain"], draw_wrong(np.full((12, 1), 0.1), 200, rng))
    table = protocol_comparison(StudyErrors(*study(parts)), seed=0, n_resamples=50)
    validation, synthetic = (row(table, protocol=name) for name in ("validation", "synthetic"))
    assert validation["regret"] == pytest.approx(-0.18, abs=0.03) and validation["regret_ci_high"] < -0.1
    assert synthetic["regret"] >= 0 and synthetic["regret_ci_low"] == 0


def test_one_run_an_architecture_is_said():
    counts, covariances = typical(4, architectures=3, seeds=1)
    comparison, differences = (
        build(StudyErrors(counts, covariances), seed=0, n_resamples=20)
        for build in (protocol_comparison, protocol_differences)
    )
    assert (comparison.loc[comparison["protocol"] != "random", "reason"] == ONE_RUN).all()
    assert (comparison.loc[comparison["protocol"] == "random", "reason"] == "").all()
    assert (differences["reason"] == ONE_RUN).all()
    counts, covariances = typical(4, architectures=3, seeds=2)
    assert (protocol_differences(StudyErrors(counts, covariances), seed=0, n_resamples=20)["reason"] == "").all()


def test_missing_subtrain_runs_are_said_not_guessed():
    counts, covariances = typical(0)
    table = protocol_comparison(StudyErrors(counts[counts["regime"] == "full"], covariances), seed=0, n_resamples=50)
    standard = row(table, protocol="standard")
    assert np.isnan(standard["test_error"]) and "no subtrain runs" in standard["reason"]
    assert "validation" not in set(table["protocol"])


def test_every_family_and_all_of_them():
    counts, covariances = typical(0, architectures=2, seeds=3, families=2)
    table = protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=50)
    assert set(table["family"]) == {"standard", "rwnn", "all"}
    assert row(table, protocol="random", family="all")["candidates"] == 12
    assert (table["ci_low"] <= table["test_error"]).all() and (table["test_error"] <= table["ci_high"]).all()
    assert (table["regret_ci_low"] <= table["regret"]).all() and (table["regret"] <= table["regret_ci_high"]).all()


def test_without_a_test_set_the_choices_remain():
    counts, covariances = typical(0, **SMALL)
    full = protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=50)
    bare = protocol_comparison(StudyErrors(counts[counts["set"] != "test"], {}, test=None), seed=0)
    assert bare["selected"].tolist() == full["selected"].tolist()
    assert not {"test_error", "regret", "architecture_error"} & set(bare.columns)


def test_full_runs_are_never_chosen_on_images_they_trained_on():
    counts, covariances = typical(0, **SMALL)
    leak = counts[(counts["regime"] == "full") & (counts["set"] == "gan")].assign(set="validation", errors=0)
    first = protocol_comparison(StudyErrors(counts, covariances), seed=0, n_resamples=50)
    second = protocol_comparison(StudyErrors(pd.concat([counts, leak]), covariances), seed=0, n_resamples=50)
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("truth", [[0.1] * 8, list(np.linspace(0.1, 0.13, 8)), [0.1] + [0.2] * 7])
def test_regret_interval_covers(truth):
    rng = np.random.default_rng(0)
    truth, sd, covered = np.array(truth), 0.01, 0
    for _ in range(300):
        errors = truth + rng.normal(0, sd, 8)
        variances = np.where(np.arange(8) == 2, 0, 2 * sd**2)
        _, low, high = regret_interval(errors[2] - errors, variances)
        covered += low <= truth[2] - truth.min() <= high
    assert covered / 300 >= 0.92
