"""Equation 1 against scikit-learn's Ridge, the primal normal equations and explicit refits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from understudy.errors import StudyError
from understudy.ranking.ridge import ridge_calibrations, ridge_path

PENALTIES = [0.01, 1.0, 30.0]


def study(seed: int, models: int = 7, classes: int = 3, images: int = 40):
    """Draw errors [models, images], labels [images] in no order, classes of unlike sizes, and risks."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.choice(classes, images - classes, p=[0.6, 0.3, 0.1])])
    skill = random.uniform(0.1, 0.9, size=models)
    errors = (random.random((models, images)) < skill[:, None]).astype(float)
    return errors, labels, random.random((models, classes))


@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn_to_1e_10(seed):
    errors, labels, risks = study(seed)
    path = ridge_path(errors, labels, risks, PENALTIES)
    unseen = study(seed + 100)[0]
    for index, penalty in enumerate(PENALTIES):
        estimates = []
        for label in range(3):
            of_class = labels == label
            peer = Ridge(alpha=penalty).fit(errors[:, of_class], risks[:, label])
            np.testing.assert_allclose(path.weights[index, of_class], peer.coef_, atol=1e-10)
            assert path.intercepts[index, label] == pytest.approx(peer.intercept_, abs=1e-10)
            estimates.append(peer.predict(unseen[:, of_class]))
        np.testing.assert_allclose(path.calibration(index).estimate(unseen), np.mean(estimates, axis=0), atol=1e-10)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), penalty=st.floats(1e-3, 1e3))
def test_dual_equals_primal(seed, penalty):
    """W = (A~ A~^T + lambda I)^(-1) A~ y~, with an n x n matrix instead of M x M."""
    errors, labels, risks = study(seed)
    path = ridge_path(errors, labels, risks, [penalty])
    for label in range(3):
        centred = errors[:, labels == label] - errors[:, labels == label].mean(axis=0)
        normal = centred.T @ centred + penalty * np.eye(centred.shape[1])
        primal = np.linalg.solve(normal, centred.T @ (risks[:, label] - risks[:, label].mean()))
        np.testing.assert_allclose(path.weights[0, labels == label], primal, atol=1e-9)


def test_classes_count_for_their_shares_of_the_real_images():
    errors, labels, risks = study(3)
    counts, penalty = np.array([90, 9, 1]), PENALTIES[1]
    estimates = [
        Ridge(alpha=penalty).fit(errors[:, labels == c], risks[:, c]).predict(errors[:, labels == c]) for c in range(3)
    ]
    expected = counts / 100 @ np.array(estimates)
    path = ridge_path(errors, labels, risks, [penalty]).calibration(0, counts)
    (fit,) = ridge_calibrations(errors, labels, risks, [penalty], counts)
    for found in (path, fit):
        np.testing.assert_allclose(found.estimate(errors), expected, atol=1e-10)


@pytest.mark.parametrize("models", [2, 7])
def test_linear_systems_give_what_the_decomposition_gives(models):
    errors, labels, risks = study(8, models=models)
    path = ridge_path(errors, labels, risks, PENALTIES)
    for index, fit in enumerate(ridge_calibrations(errors, labels, risks, PENALTIES)):
        np.testing.assert_allclose(fit.weights, path.calibration(index).weights, atol=1e-12)
        assert fit.intercept == pytest.approx(path.calibration(index).intercept, abs=1e-12)


@pytest.mark.parametrize("models", [2, 3, 7])
def test_leave_one_out_equals_explicit_refits(models):
    errors, labels, risks = study(5, models=models)
    path = ridge_path(errors, labels, risks, PENALTIES)
    for left_out in range(models):
        others = np.arange(models) != left_out
        for index, penalty in enumerate(PENALTIES):
            for label in range(3):
                of_class = labels == label
                peer = Ridge(alpha=penalty).fit(errors[others][:, of_class], risks[others, label])
                expected = peer.predict(errors[[left_out]][:, of_class])[0]
                assert path.leave_one_out[index, label, left_out] == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_unanimous_images_weigh_exactly_zero(seed):
    errors, labels, risks = study(seed)
    random = np.random.default_rng(seed)
    unanimous = random.random(len(labels)) < 0.3
    errors[:, unanimous] = random.integers(0, 2, size=unanimous.sum())
    fits = ridge_calibrations(errors, labels, risks, PENALTIES)
    for weights in (ridge_path(errors, labels, risks, PENALTIES).weights, np.array([fit.weights for fit in fits])):
        assert (weights[:, unanimous] == 0.0).all()
        assert weights.any()


def test_a_great_penalty_leaves_the_mean_risk():
    errors, labels, risks = study(6)
    estimate = ridge_path(errors, labels, risks, [1e12]).calibration(0).estimate(errors)
    np.testing.assert_allclose(estimate, risks.mean(), atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalties": [1.0, 0.0]}, "above 0"),
        ({"penalties": []}, "above 0"),
        ({"labels": np.zeros(40, int)}, r"without images: \[1, 2\]"),
        ({"errors": np.zeros((1, 40)), "risks": np.zeros((1, 3))}, "at least 2"),
        ({"risks": np.zeros((6, 3))}, "7 models came with real risks of 6"),
        ({"risks": np.full((7, 3), np.nan)}, "NaN or outside"),
    ],
)
def test_bad_input_is_named(change, message):
    errors, labels, risks = study(7)
    given_ = {"errors": errors, "labels": labels, "risks": risks, "penalties": [1.0]} | change
    for fit in (ridge_path, ridge_calibrations):
        with pytest.raises(StudyError, match=message):
            fit(**given_)
