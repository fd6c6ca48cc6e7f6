"""The tables of the ranking study: sums over splits and draws, and the models' order."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from tests.ranking.made_up import design, predictions
from understudy.errors import StudyError
from understudy.ranking.comparison import compare_methods
from understudy.ranking.predictions import make_predictions
from understudy.ranking.tables import (
    calibration_models_table,
    calibration_penalties_table,
    calibration_table,
    model_ranking,
)


def comparisons(draws: int = 1) -> pd.DataFrame:
    rows = [
        compare_methods(predictions(draw), predictions(10), predictions(20), design(calibration_counts=[2, 4])).assign(
            draw=draw, split="S", set="s"
        )
        for draw in range(draws)
    ]
    return pd.concat(rows, ignore_index=True)


def test_calibration_sums_up_the_splits_of_the_main_comparison():
    rows = comparisons()
    table = calibration_table(rows, design())
    assert table["method"].tolist() == ["none", "ridge", "adaptive"]
    assert table["penalty"].isna().tolist() == [True, False, True]
    assert (table["models"] == 5).all() and (table["repeats"] == 3).all()
    values = rows.query("method == 'ridge' and penalty == 1 and calibration_models == 4")["spearman"]
    ridge = table[table["method"] == "ridge"].iloc[0]
    assert ridge["spearman"] == pytest.approx(values.mean())
    assert (ridge["ci_low"], ridge["ci_high"]) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_several_draws_have_an_aggregate():
    rows = comparisons(draws=2)
    table = calibration_table(rows, design()).set_index(["draw", "method"])
    assert table.loc[(-1, "none"), "repeats"] == 6
    assert table.loc[(-1, "none"), "spearman"] == pytest.approx(
        (table.loc[(0, "none"), "spearman"] + table.loc[(1, "none"), "spearman"]) / 2
    )


def test_the_other_tables_vary_models_and_penalties():
    rows = comparisons()
    by_models = calibration_models_table(rows, design(calibration_counts=[2, 4]))
    assert by_models["calibration_models"].tolist() == [2, 2, 2, 4, 4, 4]
    assert set(by_models["penalty"].dropna()) == {1.0}
    by_penalty = calibration_penalties_table(rows, design())
    assert by_penalty["penalty"].tolist() == [1.0, 10.0]
    assert (by_penalty["method"] == "ridge").all()


def test_models_are_ranked_by_their_estimates():
    judged = predictions(2)
    table = model_ranking(predictions(0), predictions(1), judged, design=design())
    plain = table[table["method"] == "none"].set_index("model")
    np.testing.assert_allclose(plain["estimate"], predictions(0).errors().mean(axis=1), atol=1e-12)
    assert plain["rank"].tolist() == rankdata(plain["estimate"]).tolist()
    np.testing.assert_allclose(plain["real_risk"], judged.errors().mean(axis=1))
    known = {judged.models[position] for position in design().order(9, 0)[:4]}
    assert set(plain.index[plain["calibrates"]]) == known
    assert set(table["method"]) == {"none", "ridge", "adaptive"}


def test_without_a_judge_all_models_of_known_risk_calibrate():
    known = predictions(1).of_models(["m1", "m4", "m6"])
    table = model_ranking(predictions(0), known, None, design=design())
    assert set(table.loc[table["calibrates"], "model"]) == {"m1", "m4", "m6"}
    assert set(table.loc[table["real_risk"].notna(), "model"]) == {"m1", "m4", "m6"}
    alone = model_ranking(predictions(0), None, None, design=design())
    assert set(alone["method"]) == {"none"} and alone["real_risk"].isna().all()


@pytest.mark.parametrize("models", [("m1",), ("m1", "other")])
def test_fewer_than_two_models_of_known_risk_are_an_error(models):
    known = make_predictions(models, predictions(1).predicted[: len(models)], predictions(1).labels, 3)
    with pytest.raises(StudyError, match=rf"its models are {', '.join(models)}, of which 1 have .* at least 2 are"):
        model_ranking(predictions(0), known, None, design=design())


def test_draws_with_fewer_models_are_summed_up_in_one_row():
    """One candidate failed in one draw."""
    rows = comparisons(draws=2)
    rows.loc[rows["draw"] == 1, "models"] -= 1
    table = calibration_table(rows, design())
    aggregate = table[table["draw"] == -1]
    assert aggregate["method"].tolist() == ["none", "ridge", "adaptive"]
    assert (aggregate["models"] == 4).all() and (aggregate["repeats"] == 6).all()


def test_splits_without_a_correlation_are_counted():
    rows = comparisons()
    rows.loc[(rows["method"] == "none") & (rows["repeat"] == 0), "spearman"] = np.nan
    table = calibration_table(rows, design()).set_index("method")
    assert table["repeats"].tolist() == [2, 3, 3]
    assert table.loc["none", "reason"].startswith("in 1 of 3 splits all ranked models tie")
    assert (table.loc[["ridge", "adaptive"], "reason"] == "").all()


def test_a_class_that_the_synthetic_set_lacks_judges_nothing_where_it_was_dropped():
    """Models that are good in the third class are bad in the others."""
    random, names = np.random.default_rng(0), [f"m{i}" for i in range(9)]
    labels, risk = np.arange(600) % 3, np.linspace(0.1, 0.8, 9)[:, None]

    def drawn() -> np.ndarray:
        wrong = random.random((9, 600)) < np.where(labels == 2, 1.0 - risk, risk)
        return np.where(wrong, (labels + 1) % 3, labels)

    synthetic, known, judged = (make_predictions(names, drawn(), labels, 3) for _ in range(3))
    synthetic = synthetic.of_images(labels != 2)
    with pytest.raises(StudyError, match="drop_classes"):
        model_ranking(synthetic, known, judged, design=design())
    table = model_ranking(synthetic, known, judged, design=design(drop_classes=True))
    plain = table[table["method"] == "none"]
    seen = judged.of_images(labels != 2).errors().mean(axis=1)
    np.testing.assert_allclose(plain["real_risk"], seen)
    assert spearmanr(plain["estimate"], plain["real_risk"]).statistic > 0.9
