"""The adaptive calibration: the conditions of its problem, its limits, and domains good and poor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, spearmanr

from understudy.ranking import adaptive
from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.calibration import CalibrationData
from understudy.ranking.ridge import ridge_calibrations

CLASSES = 5
EXACT = np.full(CLASSES, 10**12)  # so many real images that their risks are exact


def zoo(seed: int, images: int, models: int = 40, good: float = 1.0, harder: float = 0.0):
    """Draw errors [models, images], labels [images] and skewed class risks [models, 5]; a share `good` follows them.

    The other images go by a skill that has nothing to do with real risk.
    """
    random = np.random.default_rng(seed)
    risk = np.exp(random.normal(-3.0, 0.7, size=(models, 1)) + random.normal(0, 0.3, size=(models, CLASSES)))
    risk = risk.clip(0, 0.6)
    labels = np.arange(images) % CLASSES
    difficulty = random.normal(size=images) + harder
    follows = random.random(images) < good
    other = norm.ppf(random.uniform(0.05, 0.6, size=models))
    skill = np.where(follows, norm.ppf(risk)[:, labels], other[:, None])
    errors = (skill * np.sqrt(2) + difficulty + random.normal(size=(models, images)) > 0).astype(float)
    return errors, labels, risk


def correlations(seed: int, known: int, **domain) -> tuple[float, float, float]:
    """Spearman correlation over the models that don't calibrate: plain risk, ridge, adaptive."""
    errors, labels, risk = zoo(seed, **domain)
    data = CalibrationData(errors[:known], labels, risk[:known], EXACT)
    fits = *ridge_calibrations(data, [1.0]), adaptive_calibration(data)
    estimates = [errors[known:].mean(axis=1), *(fit.estimate(errors[known:]) for fit in fits)]
    return tuple(spearmanr(estimate, risk[known:].mean(axis=1)).statistic for estimate in estimates)


def test_a_good_but_harder_domain_keeps_its_order_and_its_risks_are_mended():
    errors, labels, risk = zoo(0, images=3000, harder=1.0)
    fit = adaptive_calibration(CalibrationData(errors[:10], labels, risk[:10], EXACT))
    plain, estimate, real = errors[10:].mean(axis=1), fit.estimate(errors[10:]), risk[10:].mean(axis=1)
    assert spearmanr(estimate, real).statistic > spearmanr(plain, real).statistic - 0.003
    assert np.abs(estimate - real).mean() < 0.2 * np.abs(plain - real).mean()


def test_does_no_harm_on_average():
    for domain, shortfall in (
        ({"images": 1000}, 0.003),
        ({"images": 500, "good": 0.5, "harder": 0.5}, 0.02),
        ({"images": 50}, 0.03),  # few images: the limit that the module states
    ):
        plain, ridge, ours = np.mean([correlations(seed, 10, **domain) for seed in range(12)], axis=0)
        assert ours > max(plain, ridge) - shortfall, domain


def test_a_poor_domain_is_repaired_beyond_ridge():
    plain, ridge, ours = np.mean([correlations(seed, 15, images=500, good=0.15) for seed in range(8)], axis=0)
    assert ours > plain + 0.2
    assert ours > ridge


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), towards=st.floats(0, 1), penalty=st.floats(0.01, 30))
def test_the_solution_meets_the_conditions_of_the_constrained_problem(seed, towards, penalty):
    """Karush, Kuhn and Tucker's: the problem is convex, so that they suffice."""
    random = np.random.default_rng(seed)
    models, images = 6, 12
    errors = (random.random((models, images)) < 0.4).astype(float)
    risks, noise = random.random(models), penalty * random.uniform(0.3, 2, models)
    problem = adaptive._Problem(errors, risks)
    for m in (0.3, towards / images):  # the second solution starts from the first one's images
        _, weights = problem.solve(m, noise, np.zeros(models))
        intercept = np.average(risks - errors @ weights, weights=1 / noise)
        gradient = errors.T @ ((errors @ weights + intercept - risks) / noise) + weights - m
        assert (weights >= 0).all()
        np.testing.assert_allclose(gradient[weights > 0], 0, atol=1e-5)
        assert (gradient[weights == 0] >= -1e-5).all()


def test_residuals_equal_refits_without_each_model_where_no_weight_is_zero():
    """Shrunk hard to uniform weights: then the constraint binds nowhere, and the shortcut is exact."""
    errors, _, risks = zoo(1, images=60, models=7)
    total, noise, towards = risks.mean(axis=1), 5000.0 * np.linspace(0.5, 2, 7), np.linspace(0.1, 0.4, 7)

    def fit(models, m):
        problem = adaptive._Problem(errors[models], total[models])
        _, weights = problem.solve(m, noise[models], np.zeros(len(models)))
        assert (weights > 0).all()
        return problem, weights, np.average(total[models] - errors[models] @ weights, weights=1 / noise[models])

    residuals = fit(np.arange(7), 0.3)[0].residuals(towards, noise)
    for left_out in range(7):
        _, weights, intercept = fit(np.delete(np.arange(7), left_out), towards[left_out])
        expected = total[left_out] - errors[left_out] @ weights - intercept
        assert residuals[left_out] == pytest.approx(expected, rel=1e-9)


def test_plain_residuals_equal_those_of_the_other_models_line():
    random = np.random.default_rng(2)
    plain, total, slopes, noise = random.random(6), random.random(6), random.random(6), random.uniform(0.5, 2, 6)
    residuals = adaptive._plain_residuals(plain, total, slopes, noise)
    for m in range(6):
        others = np.arange(6) != m
        line = total - slopes[m] * plain
        assert residuals[m] == pytest.approx(line[m] - np.average(line[others], weights=1 / noise[others]))


def test_no_weight_is_negative_and_calibration_models_keep_their_mean_risk():
    errors, labels, risk = zoo(4, images=200, good=0.3)
    fit = adaptive_calibration(CalibrationData(errors[:8], labels, risk[:8], EXACT))
    assert (fit.weights >= 0).all()
    known = risk[:8].mean(axis=1)
    noise = known + 0.1 * known.mean()
    assert np.average(fit.estimate(errors[:8]) - known, weights=1 / noise) == pytest.approx(0, abs=1e-12)


def test_order_of_models_images_and_classes_changes_nothing():
    errors, labels, risk = zoo(5, images=60)
    random = np.random.default_rng(0)
    models, images, classes = random.permutation(12), random.permutation(60), random.permutation(CLASSES)
    first = adaptive_calibration(CalibrationData(errors[:12], labels, risk[:12], EXACT))
    renamed = np.argsort(classes)[labels[images]]
    data = CalibrationData(errors[:12][models][:, images], renamed, risk[:12][models][:, classes], EXACT)
    again = adaptive_calibration(data)
    np.testing.assert_allclose(first.weights[images], again.weights, rtol=1e-6, atol=1e-12)


def test_risks_counted_on_few_images_leave_the_order_of_the_plain_risk():
    errors, labels, risk = zoo(9, images=200, good=0.5)
    plain = errors[10:].mean(axis=1)
    agreement = []
    for count in (1, 10**4):
        fit = adaptive_calibration(CalibrationData(errors[:10], labels, risk[:10], np.full(CLASSES, count)))
        agreement.append(spearmanr(fit.estimate(errors[10:]), plain).statistic)
    assert agreement[0] > 0.99 > agreement[1]


def test_nothing_to_learn_from_leaves_the_plain_risk():
    errors, labels, risk = zoo(6, images=30)
    for e, r in ((errors[:5], np.full((5, CLASSES), 0.2)), (np.tile(errors[:1], (5, 1)), risk[:5])):
        fit = adaptive_calibration(CalibrationData(e, labels, r, EXACT))
        np.testing.assert_allclose(fit.estimate(errors), errors.mean(axis=1))


def test_few_models_and_risks_of_zero_give_finite_estimates():
    errors, labels, risk = zoo(7, images=30)
    risk = risk.copy()
    risk[0] = 0.0
    for models in (2, 3):
        fit = adaptive_calibration(CalibrationData(errors[:models], labels, risk[:models], EXACT))
        assert np.isfinite(fit.estimate(errors)).all()
