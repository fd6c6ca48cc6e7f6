"""The slope of real risk on plain synthetic risk, told by few models: from a prior, from classes, and from models."""

import numpy as np

from understudy.ranking.calibration import CalibrationData

MEAN, DEVIATION = 0.7, 0.4  # of the normal prior
CLASS_DEVIATION = 0.2  # of the slope over models from that over classes
MIN_RELIABILITY = 0.5  # of classes' synthetic errors: their sampling is made up for by a factor of 2 at most
RESIDUAL_FRACTIONS = np.geomspace(1e-3, 1.0, 40)  # of the real risks' sum of squares: equally likely variances


def slope_over_classes(data: CalibrationData, precision: np.ndarray) -> tuple[float, float]:
    """Say what the slope is by the risks of single classes, and how sure that is: mean and standard deviation.

    Is the real risk higher as well in a class on which a model is worse than other models are? With x and y [M, C] the
    synthetic and real class risks less their means over models, sum xy / (sum xx - the part that is due to the sampling
    of images) estimates the slope from many more numbers than total risks are. Its variance is the larger of the usual
    one and one that allows for a model's residuals to be alike in all classes. The result combines it with the prior.

    Parameters
    ----------
    precision
        fp64 [M], inverse variances of the models' noise, up to a factor.

    """
    errors, labels, risks, counts = data.errors, data.labels, data.class_risks, data.synthetic_images
    usable = counts > 1
    counts = counts.clip(2)
    class_risks = np.array([np.bincount(labels, weights=row, minlength=len(counts)) for row in errors]) / counts
    # Within a class: squares over images of a model's errors less the image's mean, less the class's mean of these.
    means = errors.mean(axis=0)
    squares = (precision @ errors) * (1.0 - 2.0 * means) + precision.sum() * means**2
    within = np.bincount(labels, weights=squares, minlength=len(counts))
    within -= counts * (precision @ (class_risks - class_risks.mean(axis=0)) ** 2)
    sampling = (within / (counts * (counts - 1)))[usable].sum()

    x, y = (v[:, usable] - np.average(v[:, usable], axis=0, weights=precision) for v in (class_risks, risks))
    xx, xy, yy = ((precision @ (a * b)).sum() for a, b in ((x, x), (x, y), (y, y)))
    if not xx > 0:
        return MEAN, DEVIATION
    explained = max(xx - sampling, MIN_RELIABILITY * xx)
    models, freedom = len(errors), (len(errors) - 1) * int(usable.sum())
    usual = xx * (yy - xy**2 / xx) / max(freedom - 1, 1)
    clustered = ((precision * (x * (y - xy / xx * x)).sum(axis=1)) ** 2).sum() * models / (models - 1)
    variance = max(usual, clustered) / explained**2 + CLASS_DEVIATION**2
    weight = DEVIATION**-2 + 1.0 / variance
    return float((MEAN * DEVIATION**-2 + xy / explained / variance) / weight), float(weight**-0.5)


def slope_over_models(
    plain: np.ndarray, total: np.ndarray, precision: np.ndarray, mean: float = MEAN, deviation: float = DEVIATION
) -> np.ndarray:
    """Posterior mean of the slope of `total` [M] on `plain` risks [M], at least 0, under a normal prior.

    The intercept is free; the noise's variance has a grid of equally likely values, over which the result is averaged.

    Parameters
    ----------
    precision
        fp64 [..., M], inverse variances of the noise, up to a factor; models of precision 0 are left out.

    """
    weights = precision / precision.sum(axis=-1, keepdims=True)
    x = plain - (weights @ plain)[..., None]
    y = total - (weights @ total)[..., None]
    xx, xy, yy = ((precision * a * b).sum(axis=-1)[..., None] for a, b in ((x, x), (x, y), (y, y)))
    models = (precision > 0).sum(axis=-1)[..., None]
    variance = RESIDUAL_FRACTIONS * np.maximum(yy, np.finfo(np.float64).tiny)  # [..., grid]
    shrunk = xx + variance / deviation**2
    rest = xy - mean * xx  # of the real risks less those that the prior's mean expects
    squares = yy - 2.0 * mean * xy + mean**2 * xx - rest**2 / shrunk
    likelihood = -0.5 * ((models - 2) * np.log(variance) + np.log(shrunk) + squares / variance)
    likelihood = np.exp(likelihood - likelihood.max(axis=-1, keepdims=True))
    slopes = mean + rest / shrunk
    return np.maximum((likelihood * slopes).sum(axis=-1) / likelihood.sum(axis=-1), 0.0)
