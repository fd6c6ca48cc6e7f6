"""A calibration that repairs poor synthetic domains and leaves good ones alone.

The paper's ridge regression (see `ridge`) shrinks the weights of the images toward zero. With few calibration models it
therefore forgets what a good domain offers for nothing, the plain synthetic risk, and some images get negative weights
by chance: a model would gain by being wrong on them. For each class c, with A_c [M, n_c] the errors of the M
calibration models and eps_c [M] their real class risks, this calibration solves instead

    w_c, b_c = argmin_{w >= 0, b} sum_m (A_c w + b - eps_c)_m^2 / (lambda v_m + u_cm) + |w - s / n_c|^2

and estimates the risk of a model by the mean over classes, as the ridge method does. Four things differ:

1. *No weight is negative*: to be wrong is no merit on any image. It is this constraint that allows a mild penalty on
   good and poor domains alike: it lets few models choose among many images, and still keeps the sum of the errors.
2. *Shrinkage toward s times uniform weights*: what the calibration models don't tell is filled up with the plain risk.
   s is the slope of real on synthetic risk, the mean of two least-squares estimates: over all classes and models, each
   class less its mean; and over the models' total risks. The first has more data, the second less noise in its
   regressor. Negative slopes count as 0: a domain on which errors are a merit as such is an artefact of few models.
3. *Noise v that grows with the risk*, as that of counts does: v_m is the model's total risk and a tenth of the mean
   risk, so that two weak models don't outvote ten good ones.
4. *Noise u of the real risks themselves*, where the numbers of real images are given: u_cm is the variance of a share
   counted on so many images of the class, over that of a weight, whose deviation from s / n_c is expected to be of the
   order of 3 / n_c. Risks counted on half a dozen images a class are mostly noise, and leave the weights uniform.

Neither s nor lambda is chosen. Weights for s = 0, for s as above, each with every lambda of a grid, and uniform weights
(the limit of great lambda) are averaged, in shares proportional to SSE^(-M/2), the likelihood of M Gaussian residuals
of unknown variance: SSE is the sum over calibration models of e_m^2 / v_m, and e_m the error of the estimate of model
m's total risk by a fit to the others. The three kinds have equal shares beforehand. A fit to the others keeps s, and
which weights are zero, so that one solution gives all e_m, as in ridge regression. lambda is a multiple of the mean
over classes and models of the noise-weighted sum of squares of centred errors: the grid fits any number of images.

More than 20 classes are taken together in 20 groups of neighbouring numbers: the risks of single classes out of many
are mostly noise, and a thousand small problems take much longer than 20 large ones.

What it can't do: ten residuals often don't tell a good domain from a middling one. Mean Spearman correlations over 100
splits in `tests/ranking/study_domains.py`, with 10 calibration models: more than 0.003 below the better of the two
plain methods on 6 of 24 domains of CIFAR-10.1, by 0.026 at most (sets of images chosen for being hard), and on 9 of 27
synthetic sets of a digits study, by 0.012 at most (real risks counted on 59 images); with 5 calibration models on half
of these domains, by up to 0.036. On a zoo of simple classifiers of digits it fell short on 15 of 39 domains; where the
plain risk says nothing or the opposite, and like errors alone tell like models (strongly distorted digits), ridge was
better by up to 0.25. A domain that says nothing stays useless.
"""

import numpy as np

from understudy.ranking.calibration import Calibration, check_calibration_models, uncalibrated
from understudy.ranking.ridge import check_classes

MOST_GROUPS = 20
RELATIVE_PENALTIES = (12.5, 2.5, 0.5, 0.1)  # descending: each solution starts from the one before
RISK_OFFSET = 0.1  # of the mean risk, in the noise's variance
WEIGHT_DEVIATION = 3.0  # expected of a weight, in uniform weights
NEWTON_STEPS = 50  # a guard: three or four are usual
LINE_SEARCH_STEPS = 20


def adaptive_calibration(
    errors: np.ndarray, labels: np.ndarray, risks: np.ndarray, real_images: np.ndarray | None = None
) -> Calibration:
    """Calibrate as the module describes; nothing is left to set.

    Parameters
    ----------
    errors
        [M, I] of 0 and 1: whether each calibration model gets each synthetic image wrong.
    labels
        int [I] in [0, C); every class needs an image.
    risks
        Floats [M, C] in [0, 1]: real risk of each calibration model in each class.
    real_images
        int [C], on how many images of each class the risks were counted; None takes them as exact.

    Returns
    -------
    Calibration
        Where the calibration models' risks, or their errors, are all alike, there is nothing to learn from them, and
        the result is `uncalibrated`.

    Raises
    ------
    StudyError
        See `check_calibration_models`; a class without images.

    """
    check_calibration_models(errors, risks)
    check_classes(labels, risks.shape[1])
    errors = np.asarray(errors, dtype=np.float64)
    models, images = errors.shape
    total = risks.mean(axis=1)
    if np.ptp(total) == 0 or not np.ptp(errors, axis=0).any():
        return uncalibrated(images)
    noise = (total + RISK_OFFSET * total.mean()) / ((1.0 + RISK_OFFSET) * total.mean())  # v, about 1
    group_of_class = _groups(risks.shape[1])
    group = group_of_class[labels]
    shares = np.bincount(group_of_class) / len(group_of_class)
    group_risks = np.array([risks[:, group_of_class == g].mean(axis=1) for g in range(len(shares))])  # [G, M]
    places = [np.flatnonzero(group == g) for g in range(len(shares))]
    sampling = np.zeros((len(shares), models))  # variance of the groups' risks
    if real_images is not None:
        counts = np.bincount(group_of_class, weights=real_images)
        sampling = (total * (1.0 - total) + RISK_OFFSET * total.mean()) / counts[:, None]
    parts = [errors[:, place] for place in places]  # [M, n] each
    plain = errors.mean(axis=1)
    plain_slope = _slope(plain[None], total[None], noise)
    slope = 0.5 * (plain_slope + _slope(np.array([part.mean(axis=1) for part in parts]), group_risks, noise))
    for part in parts:
        part -= part.mean(axis=0)
    scale = np.mean([(part**2).sum(axis=1) / noise for part in parts])

    fits = [np.full(images, plain_slope / images)]
    residuals = [_plain_residuals(plain, total, noise)]
    for s in (0.0, slope):
        duals = np.zeros((len(parts), models))
        for penalty in RELATIVE_PENALTIES:
            weights, errors_left_out = np.empty(images), np.zeros(models)
            for g, (part, place) in enumerate(zip(parts, places, strict=True)):
                variance = penalty * scale * noise + sampling[g] * (len(place) / WEIGHT_DEVIATION) ** 2
                duals[g], solution, left_out = _solve(part, group_risks[g], s / len(place), variance, duals[g])
                weights[place] = shares[g] * solution
                errors_left_out += shares[g] * left_out
            fits.append(weights)
            residuals.append(errors_left_out)
    losses = np.log((np.array(residuals) ** 2 / noise).sum(axis=1) + np.finfo(np.float64).tiny)
    evidence = -0.5 * models * losses
    evidence[0] += np.log(len(RELATIVE_PENALTIES))  # as much, beforehand, as all of one s
    evidence = np.exp(evidence - evidence.max())
    weights = evidence / evidence.sum() @ np.array(fits)
    return Calibration(weights, float(np.average(total - errors @ weights, weights=1.0 / noise)))


def _groups(classes: int) -> np.ndarray:
    """Take classes together: the group of each, int [C]."""
    return np.arange(classes) * min(classes, MOST_GROUPS) // classes


def _solve(
    centred: np.ndarray, risks: np.ndarray, towards: float, noise: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve one class; return dual coefficients alpha [M], weights [n] and leave-one-out residuals [M].

    With m = `towards`, A' = `centred` and D = diag(`noise`), w = max(0, m + A'^T alpha), where alpha minimises the
    strictly convex, piecewise quadratic

        alpha^T D alpha / 2 + |max(0, m + A'^T alpha)|^2 / 2 - eps^T alpha    subject to    sum alpha = 0.

    Newton's method with a line search ends after finitely many steps. With A'_+ the images of positive weight, the
    solution is alpha = P (eps - A'_+ m), P the inverse of A'_+ A'_+^T + D bordered by the intercept, and the residual
    of a model by a fit to the others with the same images is alpha_m / P_mm.

    Parameters
    ----------
    centred
        fp64 [M, n], less each image's mean.
    risks
        fp64 [M], eps.
    towards
        The weight shrunk to, s / n.
    noise
        fp64 [M], lambda v + u.
    start
        fp64 [M] of sum 0, a guess of alpha.

    """

    def objective(alpha: np.ndarray) -> tuple[float, np.ndarray]:
        weights = np.maximum(towards + alpha @ centred, 0.0)
        return 0.5 * (alpha**2 @ noise + weights @ weights) - risks @ alpha, weights

    alpha = start
    value, weights = objective(alpha)
    bordered = np.ones((len(risks) + 1, len(risks) + 1))
    bordered[-1, -1] = 0.0
    gradient = np.zeros(len(risks) + 1)
    for _ in range(NEWTON_STEPS):
        positive = centred[:, weights > 0]
        bordered[:-1, :-1] = positive @ positive.T + np.diag(noise)
        gradient[:-1] = alpha * noise + centred @ weights - risks
        step = -np.linalg.solve(bordered, gradient)[:-1]
        decrease = -gradient[:-1] @ step
        if decrease <= 1e-12 * abs(value):
            break
        length = 1.0
        for _ in range(LINE_SEARCH_STEPS):
            new_value, new_weights = objective(alpha + length * step)
            if new_value <= value - 1e-4 * length * decrease:
                break
            length *= 0.5
        alpha, value, weights = alpha + length * step, new_value, new_weights
    return alpha, weights, alpha / np.diag(np.linalg.inv(bordered))[:-1]


def _slope(x: np.ndarray, y: np.ndarray, noise: np.ndarray) -> float:
    """Least-squares slope of y on x, both [C, M], with an intercept for each row; 0 where it is negative or unknown."""
    x, y = (values - np.average(values, axis=1, weights=1.0 / noise)[:, None] for values in (x, y))
    spread = (x**2 / noise).sum()
    return max(0.0, float((x * y / noise).sum() / spread)) if spread > 1e-12 else 0.0


def _plain_residuals(plain: np.ndarray, total: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Error [M] of each model's total risk as estimated by the other models' line on the plain risk."""
    residuals = np.empty_like(total)
    for m in range(len(total)):
        others = np.arange(len(total)) != m
        slope = _slope(plain[None, others], total[None, others], noise[others])
        line = total - slope * plain
        residuals[m] = line[m] - np.average(line[others], weights=1.0 / noise[others])
    return residuals
