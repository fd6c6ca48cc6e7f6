"""Comparisons over splits of the models: agreement with a plain loop, and bad numbers of models."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

from tests.ranking.made_up import design, predictions
from understudy.errors import StudyError
from understudy.ranking import comparison
from understudy.ranking.comparison import compare_methods, compare_real_sets
from understudy.ranking.prediction_formats import read_npz
from understudy.ranking.predictions import Predictions, make_predictions


@pytest.mark.parametrize(("at_once", "threads"), [(1, 2), (64, 1)])
def test_a_comparison_equals_a_plain_loop(monkeypatch, at_once, threads):
    """Spearman and mean absolute error of ridge, with scikit-learn, split by split and class by class."""
    monkeypatch.setattr(comparison, "SPLITS_AT_ONCE", at_once)
    synthetic, known, judged = predictions(0), predictions(1), predictions(2)
    rows = compare_methods(synthetic, known, judged, design(), threads=threads)
    rows = rows[(rows["penalty"] == 10.0)].set_index("repeat")
    for repeat in range(3):
        order = design().order(9, repeat)
        estimate = np.zeros(5)
        for label in range(3):
            of_class = synthetic.errors()[:, synthetic.labels == label].astype(float)
            risk = known.errors()[:, known.labels == label].mean(axis=1)
            estimate += Ridge(alpha=10.0).fit(of_class[order[:4]], risk[order[:4]]).predict(of_class[order[4:]]) / 3
        real = judged.errors()[order[4:]].mean(axis=1)
        assert rows.loc[repeat, "spearman"] == pytest.approx(spearmanr(estimate, real).statistic)
        assert rows.loc[repeat, "absolute_error"] == pytest.approx(np.abs(estimate - real).mean())


def test_uncalibrated_rows_are_the_plain_errors():
    synthetic, judged = predictions(0), predictions(2)
    rows = compare_methods(synthetic, predictions(1), judged, design(repeats=1))
    ranked = design().order(9, 0)[4:]
    errors = [part.errors().mean(axis=1)[ranked] for part in (synthetic, judged)]
    row = rows[rows["method"] == "none"].iloc[0]
    assert row["spearman"] == pytest.approx(spearmanr(*errors).statistic)
    assert row["models"] == 5


def test_every_number_of_models_and_penalty_has_its_rows():
    rows = compare_methods(predictions(0), predictions(1), predictions(2), design(calibration_counts=[2, 6, 8]))
    assert rows.groupby("calibration_models").size().to_dict() == {2: 3 * 3, 4: 3 * 4, 6: 3 * 3}
    assert set(rows.loc[rows["method"] == "ridge", "penalty"]) == {1.0, 10.0}
    real = compare_real_sets(predictions(1), predictions(2), design(calibration_counts=[2, 6, 8]))
    assert real.groupby("calibration_models").size().to_dict() == {2: 3, 4: 3, 6: 3}


def test_the_order_of_models_in_files_does_not_matter():
    known = predictions(1)
    turned = known.of_models(known.models[::-1])
    tables = [compare_methods(predictions(0), k, predictions(2), design()) for k in (known, turned)]
    pd.testing.assert_frame_equal(*tables)


def test_a_rare_class_counts_for_little_in_every_estimate():
    """Nine images of ten are of one class; models trade it for the other, so that the mean over classes misleads."""
    random, names = np.random.default_rng(0), [f"m{i}" for i in range(40)]
    labels = (np.arange(1000) % 10 == 0).astype(int)
    skill = np.linspace(0.05, 0.25, 40)[:, None]

    def drawn():
        wrong = random.random(1000) < np.where(labels == 1, 0.9 - 3 * skill, skill)  # the same images are hard for all
        return make_predictions(names, np.where(wrong, 1 - labels, labels), labels, 2)

    rows = compare_methods(
        drawn(), drawn(), drawn(), design(calibration_models=10, calibration_counts=[], penalties=[], repeats=10)
    )
    means = rows.groupby("method")["spearman"].mean()
    assert means["none"] > 0.9
    assert means["ridge"] > 0.9 and means["adaptive"] > 0.9, means


@pytest.mark.parametrize("count", [1, 7])
def test_too_few_models_on_either_side_are_an_error(count):
    with pytest.raises(StudyError, match=f"ranking.calibration_models: {count} of 9 models were asked"):
        compare_methods(predictions(0), predictions(1), predictions(2), design(calibration_models=count))


def published(name: str) -> Predictions:
    """Predictions of 30 classifiers on CIFAR-10.1."""
    path = Path(os.environ["UNDERSTUDY_DATA"]) / "cifar101_predictions.npz"
    files = {"files": [str(path)], "models": "models", "predicted": f"pred_{name}", "labels": f"y_{name}"}
    return read_npz(files, 10)


@pytest.mark.skipif("UNDERSTUDY_DATA" not in os.environ, reason="UNDERSTUDY_DATA names no folder of optional data")
@pytest.mark.parametrize(("name", "expected"), [("v6", 0.9710), ("v4", 0.9779)])
def test_published_predictions_have_their_uncalibrated_spearman(name, expected):
    synthetic, real = published(name), published("test")
    correlation = spearmanr(synthetic.errors().mean(axis=1), real.errors().mean(axis=1)).statistic
    assert correlation == pytest.approx(expected, abs=5e-5)


@pytest.mark.skipif("UNDERSTUDY_DATA" not in os.environ, reason="UNDERSTUDY_DATA names no folder of optional data")
def test_adaptive_does_no_harm_on_published_predictions():
    real = published("test")
    for synthetic in map(published, ("v4", "v6")):
        rows = compare_methods(synthetic, real, real, design(calibration_models=10, calibration_counts=[], repeats=50))
        means = rows[rows["penalty"] != 10.0].groupby("method")["spearman"].mean()
        assert means["adaptive"] >= max(means["none"], means["ridge"]) - 0.003
