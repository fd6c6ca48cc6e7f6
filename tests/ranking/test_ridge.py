"""Equation 1 against scikit-learn's Ridge and the primal normal equations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from understudy.errors import StudyError
from understudy.ranking.calibration import CalibrationData
from understudy.ranking.ridge import ridge_calibrations, ridge_weights

PENALTIES = [0.01, 1.0, 30.0]
ALIKE = np.ones(3)


def study(seed: int, models: int = 7, classes: int = 3, images: int = 40):
    """Errors [models, images], labels [images] in no order, classes of unlike sizes, and risks."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.choice(classes, images - classes, p=[0.6, 0.3, 0.1])])
    skill = random.uniform(0.1, 0.9, size=models)
    errors = (random.random((models, images)) < skill[:, None]).astype(float)
    return errors, labels, random.random((models, classes))


@pytest.mark.parametrize("models", [2, 7])
def test_equals_scikit_learn_to_1e_10(models):
    """Classes count for their fractions of the real images."""
    errors, labels, risks = study(models, models=models)
    counts, unseen = np.array([90, 9, 1]), study(100)[0]
    data = CalibrationData(errors, labels, risks, counts)
    weights, intercepts = ridge_weights(data, PENALTIES)
    for index, fit in enumerate(ridge_calibrations(data, PENALTIES)):
        estimates = []
        for label in range(3):
            of_class = labels == label
            peer = Ridge(alpha=PENALTIES[index]).fit(errors[:, of_class], risks[:, label])
            np.testing.assert_allclose(weights[index, of_class], peer.coef_, atol=1e-10)
            assert intercepts[index, label] == pytest.approx(peer.intercept_, abs=1e-10)
            estimates.append(peer.predict(unseen[:, of_class]))
        np.testing.assert_allclose(fit.estimate(unseen), counts / 100 @ np.array(estimates), atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), penalty=st.floats(1e-3, 1e3))
def test_dual_equals_primal(seed, penalty):
    """W = (A~ A~^T + lambda I)^(-1) A~ y~, with an n x n matrix instead of M x M."""
    errors, labels, risks = study(seed)
    weights, _ = ridge_weights(CalibrationData(errors, labels, risks, ALIKE), [penalty])
    for label in range(3):
        centred = errors[:, labels == label] - errors[:, labels == label].mean(axis=0)
        normal = centred.T @ centred + penalty * np.eye(centred.shape[1])
        primal = np.linalg.solve(normal, centred.T @ (risks[:, label] - risks[:, label].mean()))
        np.testing.assert_allclose(weights[0, labels == label], primal, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_unanimous_images_weigh_exactly_zero(seed):
    errors, labels, risks = study(seed)
    random = np.random.default_rng(seed)
    unanimous = random.random(len(labels)) < 0.3
    errors[:, unanimous] = random.integers(0, 2, size=unanimous.sum())
    weights, _ = ridge_weights(CalibrationData(errors, labels, risks, ALIKE), PENALTIES)
    assert (weights[:, unanimous] == 0.0).all()
    assert weights.any()


def test_a_great_penalty_leaves_the_mean_risk():
    errors, labels, risks = study(6)
    (fit,) = ridge_calibrations(CalibrationData(errors, labels, risks, ALIKE), [1e12])
    np.testing.assert_allclose(fit.estimate(errors), risks.mean(), atol=1e-9)


def test_bad_input_is_named():
    errors, labels, risks = study(7)
    given_ = {"errors": errors, "labels": labels, "class_risks": risks, "real_images": ALIKE}
    for change, message in (
        ({"labels": np.zeros(40, int)}, r"without images: \[1, 2\]"),
        ({"labels": labels + 1}, r"synthetic images of 4; without images: \[0\]"),
        ({"errors": np.zeros((1, 40)), "class_risks": np.zeros((1, 3))}, "at least 2"),
        ({"class_risks": np.zeros((6, 3))}, "7 models came with real risks of 6"),
        ({"class_risks": np.full((7, 3), np.nan)}, "NaN or outside"),
    ):
        with pytest.raises(StudyError, match=message):
            CalibrationData(**given_ | change)
    for penalties in ([1.0, 0.0], []):
        with pytest.raises(StudyError, match="above 0"):
            ridge_calibrations(CalibrationData(**given_), penalties)
