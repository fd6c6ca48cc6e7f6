"""A calibration that repairs poor synthetic domains and leaves good ones alone.

The paper's ridge regression shrinks the weights of the images toward zero. With few calibration models it therefore
forgets what a good domain offers for nothing, the plain synthetic risk, and each class sees its own few images only.
Three changes mend that. With a_i(m) the error of model m on image i, and x(m) its mean over all I images:

    log(eps(m) + delta) = b + s x(m) + sum_i w_i (a_i(m) - x(m)) + noise

1. *All images estimate the risk over all classes*: a model that is better than another is so in most classes, and
   images of one class say something about the others. The M x M kernel of the w_i is a mean over I images, not n_c.
2. *Logarithms*: real risks of a zoo are skewed, and on their own scale two weak models outvote ten good ones. The
   offset delta is a tenth of the calibration models' mean risk, so that a risk of zero is allowed.
3. *Shrinkage toward s times uniform weights*: s is the slope of real on synthetic risk, and w is how single images
   depart from it. With a large penalty on w the order of the models is the uncalibrated one; with s = 0 it is that of
   a ridge regression on a_i - x.

Neither the penalty nor s is chosen: both are averaged over, with what the calibration models say about them as weights
(Bayesian model averaging; MacKay, "Bayesian interpolation", 1992). With w_i ~ N(0, sigma^2 / (t I)), t the mean of the
kernel's diagonal, and noise ~ N(0, lambda sigma^2), the covariance of the left side is sigma^2 (K + lambda I). Each
lambda of a grid, and each of two hypotheses on s, gets its marginal likelihood, in closed form from one decomposition:

- s = 0: the synthetic risk says nothing;
- s > 0, a half-normal with the variance of one calibration model's worth of information (a unit-information prior): a
  negative slope is left to w, since domains on which being wrong is a merit as such are artefacts of few images.

The grid of lambda starts at 0.5 sqrt(M / I): K is estimated from I images, and its smaller eigenvalues are noise.

What it can't do: where a zoo holds models that fail on single classes altogether, one regression over all classes
knows less than one for each. In trials with simple classifiers of digits and 10 or 15 calibration models, it ranked up
to 0.03 (Spearman) below the ridge method on some domains, and up to 0.02 below the plain risk on others. A domain whose
synthetic risk is strongly anti-correlated is repaired in part.
"""

import numpy as np
from scipy.special import log_ndtr

from understudy.ranking.calibration import Calibration, check_calibration_models, uncalibrated

LOG_OFFSET = 0.1  # of the mean risk
LEAST_PENALTY = 0.5  # times sqrt(M / I)
GREATEST_PENALTY = 1e4  # times the noise-free variance: w is then as good as zero
PENALTIES_PER_DECADE = 2


def adaptive_calibration(errors: np.ndarray, risks: np.ndarray) -> Calibration:
    """Calibrate as the module describes; nothing is left to set.

    Parameters
    ----------
    errors
        [M, I] of 0 and 1: whether each calibration model gets each synthetic image wrong.
    risks
        Floats [M] in [0, 1]: real risk of each calibration model over all classes.

    Returns
    -------
    Calibration
        Log-linear. Where the calibration models' risks, or their errors, are all alike, there is nothing to learn
        from them, and the result is `uncalibrated`.

    Raises
    ------
    StudyError
        See `check_calibration_models`.

    """
    check_calibration_models(errors, risks)
    errors = np.asarray(errors, dtype=np.float64)
    models, images = errors.shape
    offset = LOG_OFFSET * risks.mean()
    if np.ptp(risks) == 0 or not np.ptp(errors, axis=0).any():
        return uncalibrated(images)
    y = np.log(risks + offset)
    x = errors.mean(axis=1)
    departures = errors - x[:, None]
    mean_departure = departures.mean(axis=0)
    departures -= mean_departure
    kernel = departures @ departures.T / images
    scale = max(np.trace(kernel) / (models - 1), np.finfo(np.float64).tiny)
    least = LEAST_PENALTY * np.sqrt(models / images)
    steps = int(np.ceil(np.log10(GREATEST_PENALTY / least) * PENALTIES_PER_DECADE))
    penalties = np.geomspace(least, GREATEST_PENALTY, steps + 1)
    slope, dual = _average(kernel / scale, x - x.mean(), y - y.mean(), penalties)
    departure_weights = departures.T @ dual / (images * scale)
    intercept = y.mean() - slope * x.mean() - mean_departure @ departure_weights
    # The departures of a model add up to zero over images, and so do their weights: a_i may stand for a_i - x.
    return Calibration(departure_weights + slope / images, float(intercept), float(offset))


def _average(kernel: np.ndarray, x: np.ndarray, y: np.ndarray, penalties: np.ndarray) -> tuple[float, np.ndarray]:
    """Posterior means of s and of the dual coefficients, fp64 [M], of centred x and y, both [M].

    Everything is written along the M - 1 directions that the intercept leaves.
    """
    eigenvalues, basis = _eigen_without_mean(kernel)
    x, y = basis.T @ x, basis.T @ y
    directions = len(y)
    log_evidence, slopes, duals = [], [], []
    for penalty in penalties:
        variance = np.clip(eigenvalues, 0.0, None) + penalty
        log_volume = -0.5 * np.log(variance).sum()
        xx, xy, yy = (x * x / variance).sum(), (x * y / variance).sum(), (y * y / variance).sum()
        # s = 0, with sigma^2 integrated out under its usual scale-free prior.
        log_evidence.append(log_volume - 0.5 * directions * np.log(yy))
        slopes.append(0.0)
        if xx > 0:
            # One of `directions` parts of the data's information is the prior's: g-prior with g = directions.
            precision = xx * (1.0 + 1.0 / directions)
            mean = xy / precision
            left = max(yy - mean * xy, np.finfo(np.float64).tiny)
            deviation = np.sqrt(left / directions / precision)
            positive = log_ndtr(mean / deviation)  # the posterior's share of s > 0; the prior's is 1/2
            log_evidence.append(
                log_volume - 0.5 * np.log(1.0 + directions) - 0.5 * directions * np.log(left) + positive + np.log(2.0)
            )
            density = np.exp(-0.5 * (mean / deviation) ** 2 - positive) / np.sqrt(2.0 * np.pi)
            slopes.append(mean + deviation * density)
        duals.extend(basis @ ((y - s * x) / variance) for s in slopes[len(duals) :])
    weights = np.exp(np.array(log_evidence) - max(log_evidence))
    weights /= weights.sum()
    return float(weights @ slopes), weights @ np.array(duals)


def _eigen_without_mean(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues [M - 1] and eigenvectors [M, M - 1] of a centred kernel in the space of vectors that sum to zero."""
    models = len(kernel)
    contrasts = np.linalg.qr(np.column_stack([np.ones(models), np.eye(models)[:, 1:]]))[0][:, 1:]
    eigenvalues, vectors = np.linalg.eigh(contrasts.T @ kernel @ contrasts)
    return eigenvalues, contrasts @ vectors
