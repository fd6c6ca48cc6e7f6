import numpy as np
import pandas as pd
import pytest
from made_up import as_draw, draw_wrong, labels_of, runs_of, study, tables, typical

from understudy.errors import StudyError
from understudy.selection.rank_certificates import (
    ClusteredErrors,
    certificate_summary,
    disagreement_variation,
    rank_certificates,
)
from understudy.selection.split_errors import StudyErrors

KEY = (0, "Train300", "gan")


def test_pairs_carry_both_differences_and_the_bound():
    counts, covariances = typical(0, architectures=2, seeds=2)
    table = rank_certificates(StudyErrors(counts, covariances), {KEY: 0.03}, {}).query("generator == 'gan'")
    assert len(table) == 6
    last = counts[(counts["epoch"] == 3) & (counts["regime"] == "full")]
    errors = last.groupby(["set", "run"])[["errors", "images"]].sum()
    errors = errors["errors"] / errors["images"]
    for row in table.itertuples():
        assert row.risk_difference_synthetic == pytest.approx(errors["gan", row.first] - errors["gan", row.second])
        assert row.risk_difference_real == pytest.approx(errors["test", row.first] - errors["test", row.second])
        assert row.total_variation_bound == pytest.approx(0.06)
        difference = abs(row.risk_difference_synthetic) - 1.959964 * row.risk_difference_synthetic_se
        assert row.certified == (difference > 0.06)


def test_a_faithful_set_certifies_and_never_errs():
    rng = np.random.default_rng(0)
    runs = runs_of(6, 1)
    wrong = [draw_wrong(np.linspace(0.05, 0.5, 6)[:, None], 3000, rng) for _ in range(2)]
    counts, covariances = study({("full", "gan"): (runs, wrong[0]), ("full", "test"): (runs, wrong[1])})
    summary = certificate_summary(rank_certificates(StudyErrors(counts, covariances), {KEY: 0.02}, {})).iloc[0]
    assert summary["pairs"] == 15 and summary["certified"] >= 10
    assert summary["violated"] == 0 and summary["agree_share"] == 1


def test_a_set_that_inverts_the_order_is_found_out():
    rng = np.random.default_rng(0)
    runs = runs_of(4, 1)
    true = np.linspace(0.05, 0.5, 4)[:, None]
    counts, covariances = study(
        {
            ("full", "gan"): (runs, draw_wrong(true[::-1], 2000, rng)),
            ("full", "test"): (runs, draw_wrong(true, 2000, rng)),
        }
    )
    summary = certificate_summary(rank_certificates(StudyErrors(counts, covariances), {KEY: 0.001}, {})).iloc[0]
    assert summary["violated"] == summary["certified"] == 6 and summary["agree_share"] == 0


def test_missing_total_variation_certifies_nothing_and_says_why():
    counts, covariances = typical(0)
    table = rank_certificates(StudyErrors(counts, covariances), {KEY: 0.03}, {}).query("generator == 'noise'")
    assert table["certified"].isna().all() and table["total_variation_bound"].isna().all()
    assert table["reason"].str.contains("no total variation").all()


def test_ties_neither_agree_nor_disagree():
    runs = runs_of(2, 1)
    wrong = np.zeros((2, 1, 40), dtype=bool)
    wrong[0, 0, :5] = wrong[1, 0, 5:10] = True
    counts, covariances = study({("full", "gan"): (runs, wrong), ("full", "test"): (runs, wrong)})
    assert rank_certificates(StudyErrors(counts, covariances), {KEY: 0.0}, {})["agrees"].isna().all()


def test_region_of_disagreement_certifies_what_the_whole_does_not():
    rng = np.random.default_rng(0)
    runs = runs_of(3, 1)
    sets = {}
    clusters = np.arange(1000) // 10 % 2
    for name, shift in (("test", 0), ("gan", 1)):
        wrong = draw_wrong(np.array([[0.05], [0.2], [0.4]]), 1000, rng)
        # All models are right in cluster 2, which only the generator draws from.
        where = np.where((np.arange(1000) >= 700) & (shift == 1), 2, clusters)
        wrong[..., np.arange(1000) >= 700] = False
        sets[name] = (wrong, where)
    frames = {name: tables(runs, name, wrong)[1] for name, (wrong, _) in sets.items()}
    # Two clusterings: the same, its clusters numbered in another order.
    real, synthetic = (
        ClusteredErrors.of(frames[name], labels_of(1000), np.stack([sets[name][1], 2 - sets[name][1]]))
        for name in ("test", "gan")
    )
    variation = disagreement_variation(real, synthetic)
    counts, covariances = study({("full", name): (runs, sets[name][0]) for name in sets})
    table = rank_certificates(StudyErrors(counts, covariances), {KEY: 0.3}, {KEY: variation})
    assert not table["certified"].any() and table["certified_restricted"].all()
    summary = certificate_summary(table).iloc[0]
    assert summary["certified"] == 0 and summary["restricted_certified"] == 3
    assert summary["restricted_bound"] == pytest.approx(table["restricted_bound"].mean())
    # Measured on the same images, the bound can't be violated.
    gap = (table["risk_difference_real"] - table["risk_difference_synthetic"]).abs()
    assert (gap <= table["restricted_bound"] + 1e-6).all() and (table["restricted_bound"] < 0.6).all()
    with pytest.raises(StudyError, match="predictions on one of the two sets only"):
        fewer = ClusteredErrors.of(frames["test"].iloc[1:], labels_of(1000), sets["test"][1][None])
        disagreement_variation(fewer, synthetic)


def test_draws_are_pooled_in_the_summary():
    pairs = [as_draw(*typical(seed, architectures=3, seeds=2, epochs=1), seed) for seed in range(2)]
    counts, covariances = pd.concat([c for c, _ in pairs]), pairs[0][1] | pairs[1][1]
    variation = {(draw, "Train300", "gan"): 0.02 for draw in range(2)}
    summary = certificate_summary(rank_certificates(StudyErrors(counts, covariances), variation, {})).query(
        "generator == 'gan'"
    )
    merged = summary[summary["draw"] == -1].iloc[0]
    for column in ("pairs", "certified", "violated"):
        assert merged[column] == summary[summary["draw"] >= 0][column].sum()


def test_without_a_test_set_the_certificates_remain():
    counts, covariances = typical(0)
    table = rank_certificates(StudyErrors(counts[counts["set"] != "test"], covariances, test=None), {KEY: 0.02}, {})
    assert "agrees" not in table.columns and table["certified"].any()
    assert "violated" not in certificate_summary(table).columns
