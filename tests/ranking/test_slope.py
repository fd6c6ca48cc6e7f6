"""The slope of real on synthetic risk: its posterior against Bayes' rule on a grid, and what classes tell of it."""

import numpy as np
import pytest

from understudy.ranking import slope
from understudy.ranking.calibration import CalibrationData
from understudy.ranking.slope import slope_over_classes, slope_over_models


@pytest.mark.parametrize("left_out", [None, 2])
def test_the_slope_is_the_mean_of_its_posterior(left_out):
    """Against Bayes' rule on a grid of slopes and intercepts, whose prior is flat, and the variances."""
    random = np.random.default_rng(3)
    plain, noise = random.uniform(0.1, 0.5, 6), random.uniform(0.5, 2, 6)
    total = 0.4 * plain + 0.05 * random.normal(size=6)
    precision = 1 / noise * (np.arange(6) != left_out)
    kept = precision > 0
    centre = np.average(total, weights=precision)
    variances = slope.RESIDUAL_FRACTIONS * (precision * (total - centre) ** 2).sum()
    slopes, offsets = np.linspace(-2, 3, 201)[:, None, None], np.linspace(-1.5, 1.5, 601)[None, :, None]
    squares = (precision * (total - slopes * plain - offsets)[..., None, :] ** 2)[..., kept].sum(-1)[..., 0]
    prior = -0.5 * ((slopes[..., 0] - slope.MEAN) / slope.DEVIATION) ** 2
    logs = [prior - 0.5 * squares / v - 0.5 * kept.sum() * np.log(v) for v in variances]
    likelihood = sum(np.exp(values - np.max(logs)) for values in logs)
    expected = (likelihood * slopes[..., 0]).sum() / likelihood.sum()
    assert slope_over_models(plain, total, precision) == pytest.approx(expected, rel=1e-3)


def test_a_slope_that_few_models_dont_tell_stays_at_the_priors_and_a_negative_one_counts_as_none():
    random = np.random.default_rng(4)
    total = random.uniform(0.05, 0.3, 30)
    alike = 0.2 + 1e-4 * random.normal(size=30)
    assert slope_over_models(alike, total, np.ones(30)) == pytest.approx(slope.MEAN, abs=0.01)
    assert slope_over_models(0.5 - total, total, np.ones(30)) == 0.0
    many = slope_over_models(total / 0.3, total + 1e-3 * random.normal(size=30), np.ones(30))
    assert many == pytest.approx(0.3, abs=0.01)


def over_classes(errors, labels, risks, precision):
    return slope_over_classes(CalibrationData(errors, labels, risks, np.ones(risks.shape[1])), precision)


def classes(seed: int, true_slope: float, models: int = 10, number: int = 10, images: int = 40):
    """Draw errors [models, classes x images], labels, and risks that follow the classes' rates with `true_slope`."""
    random = np.random.default_rng(seed)
    rates = (0.3 + 0.1 * random.normal(size=(models, number))).clip(0.02, 0.9)
    labels = np.repeat(np.arange(number), images)
    errors = (random.random((models, number * images)) < rates[:, labels]).astype(float)
    risks = 0.5 + true_slope * (rates - rates.mean()) + 0.02 * random.normal(size=rates.shape)
    return errors, labels, risks


@pytest.mark.parametrize("true_slope", [-0.3, 0.0, 0.5, 1.0])
def test_classes_tell_the_slope_though_few_images_attenuate_it(true_slope):
    found = np.array([over_classes(*classes(seed, true_slope), np.ones(10)) for seed in range(40)])
    weight = (slope.DEVIATION / found[:, 1]) ** 2  # of prior and data together, in that of the prior
    data = (found[:, 0] * weight - slope.MEAN) / (weight - 1)
    assert np.mean(data) == pytest.approx(true_slope, abs=0.03)
    assert np.std(data) == pytest.approx(np.mean((weight - 1) ** -0.5) * slope.DEVIATION, abs=slope.CLASS_DEVIATION)
    assert (found[:, 1] < 0.7 * slope.DEVIATION).all()


def test_risks_that_classes_share_by_model_make_it_less_sure():
    errors, labels, risks = classes(0, 0.4)
    shifted = risks + 0.3 * np.random.default_rng(1).normal(size=(10, 1))
    deviations = [over_classes(errors, labels, r, np.ones(10))[1] for r in (risks, shifted)]
    assert deviations[1] > 1.2 * deviations[0]


def test_the_part_due_to_sampling_equals_a_slow_reference(monkeypatch):
    """The mean over classes of the two-way residual variance over the number of images; a class of one image is out."""
    errors, labels, risks = classes(3, 0.6, models=4, number=4, images=7)
    errors, labels = errors[:, :-6], labels[:-6]
    precision = np.array([1.0, 2.0, 0.5, 1.5])
    of_class = [errors[:, labels == c] for c in range(3)]
    sampling = 0.0
    for e in of_class:
        rest = e - e.mean(axis=0) - e.mean(axis=1, keepdims=True) + e.mean()
        sampling += precision @ (rest**2).sum(axis=1) / (7 * 6)
    x, y = np.stack([e.mean(axis=1) for e in of_class], axis=1), risks[:, :3]
    x, y = (v - precision @ v / precision.sum() for v in (x, y))
    xx, xy = (precision[:, None] * x**2).sum(), (precision[:, None] * x * y).sum()
    monkeypatch.setattr(slope, "DEVIATION", 1e6)  # no prior: the mean is the estimate itself
    monkeypatch.setattr(slope, "MIN_RELIABILITY", 1e-6)
    assert over_classes(errors, labels, risks, precision)[0] == pytest.approx(xy / (xx - sampling), rel=1e-6)


def test_one_image_a_class_or_errors_all_alike_leave_the_prior():
    errors, _, risks = classes(4, 0.5)
    prior = (slope.MEAN, slope.DEVIATION)
    assert over_classes(errors[:, ::40], np.arange(10), risks, np.ones(10)) == prior
    assert over_classes(np.ones((10, 20)), np.repeat(np.arange(10), 2), risks, np.ones(10)) == prior
