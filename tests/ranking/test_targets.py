"""What classes count for in a ranking: target shares on synthetic sets, real images' own, equal ones on request."""

import numpy as np
import pytest

from tests.ranking.made_up import design
from understudy.errors import StudyError
from understudy.jobs.context import JobContext
from understudy.jobs.ranking import rank_models
from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.calibration import CalibrationData, uncalibrated
from understudy.ranking.comparison import compare_methods
from understudy.ranking.predictions import Predictions, make_predictions
from understudy.ranking.ridge import ridge_calibrations
from understudy.ranking.settings import RankingSettings
from understudy.ranking.tables import model_ranking
from understudy.ranking.targets import Targets, risks
from understudy.tables import read_table

SHARES = np.array([0.7, 0.2, 0.1])


def predictions(seed: int, images=(20, 20, 20), rates=None, models: int = 9) -> Predictions:
    """Predictions of models with these error rates [models, classes]."""
    rng = np.random.default_rng(seed)
    rates = np.random.default_rng(99).uniform(0.05, 0.6, (models, 3)) if rates is None else np.asarray(rates)
    labels = np.repeat([0, 1, 2], images)
    wrong = rng.random((len(rates), len(labels))) < rates[:, labels]
    return make_predictions([f"m{i}" for i in range(len(rates))], (labels + wrong) % 3, labels, 3)


def by_class(found: Predictions) -> np.ndarray:
    return np.stack([found.errors()[:, found.labels == label].mean(axis=1) for label in range(3)], axis=1)


def estimates(ranking, method="none") -> np.ndarray:
    return ranking[ranking["method"] == method].sort_values("model")["estimate"].to_numpy()


def test_the_plain_estimate_counts_classes_by_their_target_shares():
    synthetic, real = predictions(0), predictions(1, (70, 20, 10))
    found = model_ranking(synthetic, real, real, design(), targets=Targets(SHARES))
    np.testing.assert_allclose(estimates(found), by_class(synthetic) @ SHARES, atol=1e-12)
    # Real errors stay plain means, to the last bit.
    assert (found["real_risk"].to_numpy()[:9] == real.errors().mean(axis=1)).all()


def test_without_training_images_the_target_is_the_calibrating_images():
    synthetic, real = predictions(0), predictions(1, (70, 20, 10))
    found = model_ranking(synthetic, real, None, design())
    np.testing.assert_allclose(estimates(found), by_class(synthetic) @ SHARES, atol=1e-12)
    plain = model_ranking(synthetic, None, None, design())
    np.testing.assert_allclose(estimates(plain), synthetic.errors().mean(axis=1), atol=1e-12)


def test_balanced_errors_count_all_classes_alike_on_real_images_too():
    synthetic, real, equal = predictions(0, (10, 30, 20)), predictions(1, (70, 20, 10)), np.full(3, 1 / 3)
    found = model_ranking(synthetic, real, real, design(), targets=Targets(equal, equal, "balanced_error"))
    np.testing.assert_allclose(estimates(found), by_class(synthetic).mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(found["real_risk"][:9], by_class(real).mean(axis=1), atol=1e-12)


def test_equal_shares_change_no_bit_of_any_method():
    parts = [predictions(seed) for seed in range(3)]
    equal = np.full(3, 1 / 3)
    for targets in (Targets(equal), Targets(equal, equal)):
        plain, same = (compare_methods(*parts, design(), targets=one) for one in (None, targets))
        rows = plain["method"] == "none"
        assert plain[rows].equals(same[rows])
        np.testing.assert_allclose(plain["absolute_error"], same["absolute_error"], atol=1e-12)


def test_uniform_weights_are_those_of_the_plain_mean():
    assert (uncalibrated(np.ones(7)).weights == np.full(7, 1 / 7)).all()


@pytest.mark.parametrize("shares", [None, SHARES])
def test_every_calibration_estimates_the_risk_of_the_target(shares):
    """With many models and images alike in both sets, all methods come near the risk by shares, not the plain one."""
    rates = np.random.default_rng(3).uniform(0.05, 0.6, (24, 3))
    synthetic, real = predictions(5, (150, 150, 150), rates), predictions(6, (300, 300, 300), rates)
    counted = np.full(3, 1 / 3) if shares is None else shares
    data = CalibrationData(
        synthetic.errors(), synthetic.labels, real.class_risks(), real.class_counts(), shares, shares
    )
    for fit in (adaptive_calibration(data), *ridge_calibrations(data, [1.0]), uncalibrated(data.image_weights)):
        assert np.abs(fit.estimate(synthetic.errors()) - rates @ counted).mean() < 0.03


def test_dropped_classes_leave_the_shares_of_the_others():
    left = Targets(SHARES, None).of_classes(np.array([True, False, True]))
    np.testing.assert_allclose(left.synthetic, [7 / 8, 1 / 8])
    with pytest.raises(StudyError, match="classes that all sets have images of count for nothing"):
        Targets(np.array([0.0, 1.0])).of_classes(np.array([True, False]))


def test_equal_weighted_errors_tie():
    # One image of class 0 and one of class 1 in either order of three classes of equal weight.
    found = make_predictions(["a", "b"], [[1, 0, 0, 1, 2, 2], [0, 0, 0, 1, 0, 2]], [0, 0, 1, 1, 2, 2], 3)
    first, second = risks(found, 1, np.array([0.1, 0.8, 0.1]))
    assert first == second


def test_given_shares_rank_models_by_prediction_files(tmp_path):
    found = predictions(0)
    arrays = {"models": np.array(found.models), "predicted": found.predicted[:, :, 0], "labels": found.labels}
    np.savez(tmp_path / "s.npz", **arrays)
    files = {"files": [str(tmp_path / "s.npz")], "models": "models", "predicted": "predicted", "labels": "labels"}
    settings = RankingSettings(calibration_models=2, calibration_counts=[2]).calibration_settings()

    def rank(given, metric="error"):
        shares = {"metric": metric, "given": given}
        path = tmp_path / "ranking.parquet"
        rank_models({"s": files}, {}, list("abc"), [], {"model_ranking": path}, settings, JobContext(), shares)
        return read_table(path, "model_ranking")

    np.testing.assert_allclose(estimates(rank({"a": 0.7, "b": 0.2, "c": 0.1})), by_class(found) @ SHARES, atol=1e-12)
    table = rank({}, "balanced_error")
    assert table["class_metric"].eq("balanced_error").all()
    with pytest.raises(StudyError, match=r"selection.class_shares: class 'c' has no share"):
        rank({"a": 0.5, "b": 0.5})
