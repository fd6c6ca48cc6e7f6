"""The calibration tables: published figures, agreement with a plain loop, and classes without images."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

from understudy.errors import StudyError
from understudy.ranking.predictions import Predictions, make_predictions, read_npz
from understudy.ranking.tables import (
    calibration_models_table,
    calibration_table,
    common_classes,
    gallery_images,
    halves,
    image_weights,
)
from understudy.seeds import numpy_generator, seed_for

SETTINGS = {"penalties": [1.0, 10.0], "repeats": 3, "seed": 0}


def predictions(seed: int, images: int = 60, models: int = 9) -> Predictions:
    """Three classes; model m is right with a chance that grows with m."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % 3
    right = random.random((models, images)) < np.linspace(0.3, 0.9, models)[:, None]
    predicted = np.where(right, labels, (labels + 1) % 3)
    return make_predictions([f"m{i}" for i in range(models)], predicted, labels, 3)


def test_table_equals_a_plain_loop():
    """Spearman and mean absolute error of ridge, with scikit-learn, split by split and class by class."""
    synthetic, known, judged = predictions(0), predictions(1), predictions(2)
    table = calibration_table({"s": synthetic}, known, judged, calibration_models=4, **SETTINGS)
    correlations, errors = [], []
    for repeat in range(3):
        order = numpy_generator(seed_for(0, "models", repeat)).permutation(9)
        estimate = np.zeros(5)
        for label in range(3):
            of_class = synthetic.errors()[:, synthetic.labels == label].astype(float)
            risk = known.errors()[:, known.labels == label].mean(axis=1)
            estimate += Ridge(alpha=10.0).fit(of_class[order[:4]], risk[order[:4]]).predict(of_class[order[4:]]) / 3
        real = judged.errors()[order[4:]].mean(axis=1)
        correlations.append(spearmanr(estimate, real).statistic)
        errors.append(np.abs(estimate - real).mean())
    row = table[(table["method"] == "ridge") & (table["penalty"] == 10.0)].iloc[0]
    assert row["spearman"] == pytest.approx(np.mean(correlations))
    assert row["mean_absolute_error"] == pytest.approx(np.mean(errors))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(np.quantile(correlations, [0.025, 0.975])))
    assert table["method"].tolist() == ["none", "ridge", "ridge", "adaptive"]
    assert table["penalty"].isna().tolist() == [True, False, False, True]
    assert (table["models"] == 5).all() and (table["repeats"] == 3).all()


def test_the_order_of_models_in_files_does_not_matter():
    sets, known, judged = {"s": predictions(0)}, predictions(1), predictions(2)
    turned = known.of_models(known.models[::-1])
    tables = [calibration_table(sets, k, judged, calibration_models=4, **SETTINGS) for k in (known, turned)]
    pd.testing.assert_frame_equal(*tables)


def test_numbers_of_calibration_models_that_leave_too_few_are_left_out():
    table = calibration_models_table(
        {"s": predictions(0)}, predictions(1), predictions(2), counts=(3, 6, 8), **SETTINGS
    )
    assert table["calibration_models"].unique().tolist() == [3, 6]
    with pytest.raises(StudyError, match="leaves 3 of 9 models"):
        calibration_models_table({"s": predictions(0)}, predictions(1), predictions(2), counts=(8, 50), **SETTINGS)
    for count in (1, 7):
        with pytest.raises(StudyError, match=f"{count} of 9 models were asked"):
            calibration_table(
                {"s": predictions(0)}, predictions(1), predictions(2), calibration_models=count, **SETTINGS
            )


def test_halves_are_disjoint_and_stratified():
    whole = predictions(3, images=100)
    marked = Predictions(whole.models, np.tile(np.arange(100)[:, None], (9, 1, 1)), whole.labels, 3)
    first, second = halves(marked, seed=0)
    images = np.concatenate([first.predicted[0, :, 0], second.predicted[0, :, 0]])
    assert sorted(images.tolist()) == list(range(100))
    assert np.abs(np.bincount(first.labels) - np.bincount(second.labels)).max() <= 1


def test_a_class_without_images_is_an_error_or_is_dropped_as_asked():
    full = predictions(4)
    without = full.of_images(full.labels != 1)
    with pytest.raises(StudyError, match=r"classes \[1\] have no images"):
        calibration_table({"s": without}, full, full, calibration_models=4, **SETTINGS)
    dropped, real = common_classes([without, full], drop=True)
    assert (dropped.classes, real.classes) == (2, 2)
    kept = full.of_images(full.labels != 1)
    np.testing.assert_array_equal(real.errors(), kept.errors())
    np.testing.assert_array_equal(real.labels, kept.labels // 2)
    table = calibration_table({"s": without}, full, full, calibration_models=4, drop_classes=True, **SETTINGS)
    assert table["spearman"].notna().all()


def test_gallery_takes_extreme_and_zero_weights_of_one_class():
    weights = image_weights(predictions(5), predictions(6), ["m0", "m3", "m8"], penalty=1.0)
    chosen = gallery_images(weights, label=2, count=3)
    of_class = weights[weights["label"] == 2].set_index("image")["weight"]
    assert of_class[chosen["highest"]].tolist() == sorted(of_class, reverse=True)[:3]
    assert of_class[chosen["lowest"]].tolist() == sorted(of_class)[:3]
    errors = predictions(5).of_models(["m0", "m3", "m8"]).errors()
    unanimous = (errors == errors[0]).all(axis=0)
    assert len(chosen["zero"]) == 3 and unanimous[chosen["zero"]].all()


@pytest.mark.skipif("UNDERSTUDY_DATA" not in os.environ, reason="UNDERSTUDY_DATA names no folder of optional data")
@pytest.mark.parametrize(("name", "expected"), [("v6", 0.9710), ("v4", 0.9779)])
def test_published_predictions_have_their_uncalibrated_spearman(name, expected):
    path = Path(os.environ["UNDERSTUDY_DATA"]) / "cifar101_predictions.npz"
    synthetic, real = (read_npz(path, 10, predicted=f"pred_{s}", labels=f"y_{s}") for s in (name, "test"))
    correlation = spearmanr(synthetic.errors().mean(axis=1), real.errors().mean(axis=1)).statistic
    assert correlation == pytest.approx(expected, abs=5e-5)


@pytest.mark.skipif("UNDERSTUDY_DATA" not in os.environ, reason="UNDERSTUDY_DATA names no folder of optional data")
def test_adaptive_does_no_harm_on_published_predictions():
    path = Path(os.environ["UNDERSTUDY_DATA"]) / "cifar101_predictions.npz"
    v4, v6, real = (read_npz(path, 10, predicted=f"pred_{s}", labels=f"y_{s}") for s in ("v4", "v6", "test"))
    settings = {"penalties": [1.0], "repeats": 50, "seed": 0}
    table = calibration_table({"v4": v4, "v6": v6}, real, real, calibration_models=10, **settings)
    wide = table.pivot_table(index="set", columns="method", values="spearman")
    assert (wide["adaptive"] >= wide[["none", "ridge"]].max(axis=1) - 0.003).all()
