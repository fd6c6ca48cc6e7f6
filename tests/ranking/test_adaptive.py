"""The adaptive calibration: a slow restatement of its model, its limits, and domains good and poor."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from understudy.errors import StudyError
from understudy.ranking import adaptive
from understudy.ranking.adaptive import adaptive_calibration
from understudy.statistics.rank_correlation import spearman


def zoo(seed: int, images: int, models: int = 40, good: float = 1.0, harder: float = 0.0):
    """Draw errors [models, images] and skewed real risks [models] that follow a share `good` of the images."""
    random = np.random.default_rng(seed)
    risk = np.exp(random.normal(-3.0, 0.7, size=models)).clip(0, 0.6)
    difficulty = random.normal(size=images) + harder
    follows = random.random(images) < good
    other = norm.ppf(random.uniform(0.05, 0.6, size=models))
    skill = np.where(follows, norm.ppf(risk)[:, None], other[:, None])
    return (skill * np.sqrt(2) + difficulty + random.normal(size=(models, images)) > 0).astype(float), risk


def test_a_good_but_harder_domain_keeps_its_order_and_its_risks_are_mended():
    errors, risk = zoo(0, images=3000, harder=1.0)
    fit = adaptive_calibration(errors[:10], risk[:10])
    plain, estimate, real = errors[10:].mean(axis=1), fit.estimate(errors[10:]), risk[10:]
    assert spearman(estimate, real) > spearman(plain, real) - 0.003
    assert np.abs(estimate - real).mean() < 0.2 * np.abs(plain - real).mean()


def test_a_poor_domain_is_repaired():
    gains = []
    for seed in range(8):
        errors, risk = zoo(seed, images=1000, good=0.15)
        fit = adaptive_calibration(errors[:15], risk[:15])
        ranked = slice(15, None)
        plain = spearman(errors[ranked].mean(axis=1), risk[ranked])
        gains.append(spearman(fit.estimate(errors[ranked]), risk[ranked]) - plain)
    assert np.mean(gains) > 0.1


def test_posterior_means_equal_numerical_integration():
    """One penalty: marginal likelihoods of both hypotheses, the slope integrated numerically."""
    random = np.random.default_rng(3)
    models, penalty = 6, 0.7
    centre = np.eye(models) - 1 / models
    root = centre @ random.normal(size=(models, 4))
    x, y = centre @ random.normal(size=models), centre @ random.normal(size=models)
    slope, dual = adaptive._average(root @ root.T, x, y, np.array([penalty]))

    basis = np.linalg.svd(np.ones((1, models)))[2][1:].T  # another basis of the contrasts than the code's
    covariance = basis.T @ root @ root.T @ basis + penalty * np.eye(models - 1)
    u, v = basis.T @ x, basis.T @ y
    inverse = np.linalg.inv(covariance)
    # y ~ N(s x, sigma^2 V), s ~ N(0, sigma^2 g) and the prior 1/sigma^2 on sigma^2: p(y) ~ |V|^-1/2 (y' V^-1 y)^(-d/2)
    spread = np.sqrt((models - 1) / (u @ inverse @ u))

    def likelihood(quadratic):
        return quadratic ** (-(models - 1) / 2)

    without = likelihood(v @ inverse @ v)
    both = covariance + spread**2 * np.outer(u, u)
    ratio = np.sqrt(np.linalg.det(covariance) / np.linalg.det(both))
    precision = u @ inverse @ u + 1 / spread**2
    mean = (u @ inverse @ v) / precision
    left = v @ np.linalg.inv(both) @ v
    deviation = np.sqrt(left / (models - 1) / precision)
    share = quad(lambda s: norm.pdf(s, mean, deviation), 0, np.inf)[0]
    with_slope = ratio * likelihood(left) * 2 * share
    positive_mean = quad(lambda s: s * norm.pdf(s, mean, deviation), 0, np.inf)[0] / share
    weight = with_slope / (with_slope + without)
    assert slope == pytest.approx(weight * positive_mean, rel=1e-6)
    expected = basis @ inverse @ (v - weight * positive_mean * u)
    np.testing.assert_allclose(dual, expected, rtol=1e-6)


def test_the_estimate_is_the_model_s_equation():
    """With w recovered from the dual, log(risk + delta) = b + s x + sum w_i (a_i - x) on any model."""
    errors, risk = zoo(4, images=50)
    fit = adaptive_calibration(errors[:8], risk[:8])
    assert fit.log_offset == pytest.approx(0.1 * risk[:8].mean())
    one = fit.estimate(errors[:1]) + fit.log_offset
    every_image_flipped = fit.estimate(1 - errors[:1]) + fit.log_offset
    assert np.log(one * every_image_flipped) == pytest.approx(2 * fit.intercept + fit.weights.sum())
    # The mean over images of the weights is s / I, which is never negative.
    assert fit.weights.sum() >= 0


def test_order_of_models_and_images_changes_nothing():
    errors, risk = zoo(5, images=60)
    random = np.random.default_rng(0)
    models, images = random.permutation(12), random.permutation(60)
    first = adaptive_calibration(errors[:12], risk[:12])
    again = adaptive_calibration(errors[:12][models][:, images], risk[:12][models])
    np.testing.assert_allclose(first.weights[images], again.weights, rtol=1e-6, atol=1e-12)


def test_nothing_to_learn_from_leaves_the_plain_risk():
    errors, risk = zoo(6, images=30)
    for e, r in ((errors[:5], np.full(5, 0.2)), (np.tile(errors[:1], (5, 1)), risk[:5])):
        np.testing.assert_allclose(adaptive_calibration(e, r).estimate(errors), errors.mean(axis=1))


@pytest.mark.parametrize("models", [2, 3])
def test_few_models_and_risks_of_zero_give_finite_estimates(models):
    errors, risk = zoo(7, images=30)
    risk = risk.copy()
    risk[0] = 0.0
    assert np.isfinite(adaptive_calibration(errors[:models], risk[:models]).estimate(errors)).all()


def test_one_model_is_refused():
    with pytest.raises(StudyError, match="at least 2"):
        adaptive_calibration(np.zeros((1, 4)), np.zeros(1))
