import numpy as np
import pandas as pd
import pytest
from made_up import as_draw, draw_wrong, row, runs_of, study, typical
from scipy import stats

from understudy.errors import StudyError
from understudy.selection.rank_preservation import rank_preservation
from understudy.selection.split_errors import StudyErrors


def test_correlations_are_those_of_mean_and_single_errors():
    counts, covariances = typical(0)
    table = rank_preservation(StudyErrors(counts, covariances), seed=0, n_resamples=50)
    last = counts[counts["epoch"] == 3]
    for name, regime in (("gan", "full"), ("validation", "subtrain")):
        part = last[last["regime"] == regime].groupby(["set", "architecture", "run"])[["errors", "images"]].sum()
        errors = (part["errors"] / part["images"]).unstack("set")
        for level, values in (("run", errors), ("architecture", errors.groupby("architecture").mean())):
            found = table[(table["generator"] == name) & (table["level"] == level)].iloc[0]
            assert found["models"] == len(values)
            assert found["spearman"] == pytest.approx(stats.spearmanr(values[name], values["test"]).statistic)
            assert found["kendall"] == pytest.approx(stats.kendalltau(values[name], values["test"]).statistic)


def test_perfect_proxy_has_spearman_one():
    rng = np.random.default_rng(1)
    wrong = draw_wrong(np.repeat(np.linspace(0.05, 0.4, 8), 2)[:, None], 500, rng)
    runs = runs_of(8, 2)
    counts, covariances = study({("full", "gan"): (runs, wrong), ("full", "test"): (runs, wrong)})
    table = rank_preservation(StudyErrors(counts, covariances), seed=0, n_resamples=100)
    np.testing.assert_allclose(table["spearman"], 1)
    assert (table["ci_low"] > 0.7).all()


def test_two_models_are_missing_with_a_reason():
    counts, covariances = typical(0, architectures=2, seeds=2)
    table = rank_preservation(StudyErrors(counts, covariances), seed=0, n_resamples=50)
    two = table[table["level"] == "architecture"]
    assert two["spearman"].isna().all()
    assert two["reason"].str.contains("2 models: a rank correlation needs at least 3").all()
    assert table[table["level"] == "run"]["spearman"].notna().all()


def test_a_set_without_predictions_is_an_error():
    counts, covariances = typical(0)
    del covariances[0, "Train300", "gan"]
    with pytest.raises(StudyError, match="no predictions on set 'gan'"):
        rank_preservation(StudyErrors(counts, covariances), seed=0, n_resamples=50)


def test_aggregate_over_draws_lies_between_them():
    pairs = [as_draw(*typical(seed, seeds=2, epochs=1), seed) for seed in range(2)]
    counts = pd.concat([counts for counts, _ in pairs])
    covariances = pairs[0][1] | pairs[1][1]
    table = rank_preservation(StudyErrors(counts, covariances), seed=0, n_resamples=50).query(
        "generator == 'gan' and level == 'run'"
    )
    single, merged = table[table["draw"] >= 0], table[table["draw"] == -1].iloc[0]
    for column in ("spearman", "kendall", "ci_low"):
        assert single[column].min() <= merged[column] <= single[column].max()


def test_without_a_test_set_only_models_are_counted():
    counts, _ = typical(0)
    table = rank_preservation(StudyErrors(counts[counts["set"] != "test"], {}, test=None), seed=0)
    assert "spearman" not in table.columns and (table["models"] > 2).all()


def test_an_aggregate_says_that_a_draw_lacks_the_set():
    counts, covariances = typical(5, architectures=3, seeds=2, epochs=1)
    more = as_draw(
        counts[counts["set"] != "gan"], {key: value for key, value in covariances.items() if key[2] != "gan"}, 1
    )
    table = rank_preservation(
        StudyErrors(pd.concat([counts, more[0]], ignore_index=True), covariances | more[1]), seed=0, n_resamples=50
    )
    aggregate = table[table["draw"] == -1].set_index("generator")["reason"]
    assert (aggregate["gan"] == "only 1 of 2 draws have it").all() and (aggregate["validation"] == "").all()


def test_architectures_of_equal_means_have_equal_ranks():
    """Whole numbers of errors: the correlation is that of their sums."""
    rng = np.random.default_rng(6)
    for _ in range(4):
        parts = {
            ("full", name): (runs_of(12, 3), draw_wrong(np.full((36, 1), 0.1), 120, rng)) for name in ("gan", "test")
        }
        sums = [wrong.sum(axis=(1, 2)).reshape(12, 3).sum(axis=1) for _, wrong in parts.values()]
        table = rank_preservation(StudyErrors(*study(parts)), seed=0, n_resamples=20)
        found = row(table, level="architecture")["spearman"]
        assert found == pytest.approx(stats.spearmanr(*sums).statistic, abs=1e-12)
