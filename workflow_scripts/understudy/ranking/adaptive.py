"""A calibration that repairs poor synthetic domains and leaves good ones alone.

The paper's ridge regression (see `ridge`) shrinks the weights of the images toward zero, class by class. With few
calibration models it therefore forgets what a good domain offers for nothing, the plain synthetic risk; some images get
negative weights by chance, as if a model gained by being wrong on them; and the risks of single classes, counted on few
real images, are noisy. With A [M, I] the errors of the M calibration models, p [M] their plain risks (means of A) and
eps [M] their real risks, this calibration solves instead, for all classes at once,

    w, b = argmin_{w >= 0, b} sum_m (A w + b - eps)_m^2 / (lambda v_m + u_m) + |w - s / I|^2

and estimates the risk of a model with errors a as a^T w + b. Five things differ:

1. *The total risk is fitted*, not each class's: it is what ranks the models, and it has the least noise.
2. *No weight is negative*: to be wrong is no merit on any image. It is this constraint that allows a mild penalty on
   good and poor domains alike: it lets few models choose among many images, and still keeps the sum of the errors.
3. *Shrinkage toward s times uniform weights* (or those by which classes count for their shares): what the calibration
   models don't tell is filled up with the plain risk. s is the slope of eps on p. Its least-squares estimate from
   five models whose risks are alike is mostly noise, and often 0 on good domains, so s is a posterior mean (see
   `slope`). The prior is normal with mean 0.7 and deviation 0.4: synthetic images are made to behave as real ones,
   and a regressor counted on few images attenuates. It is updated by the slope over the risks of single classes, then
   by the total risks. Below 0, s counts as 0.
4. *Noise v that grows with the risk*, as that of counts does: v_m is the model's real risk and a tenth of the mean
   risk, so that two weak models don't outvote ten good ones.
5. *Noise u of the real risks themselves*: the variance of a fraction counted on the number of real images, over that of
   a weight, whose deviation from s / I is expected to be of the order of 3 / I.

Neither the kind of weights nor lambda is chosen: uniform weights s / I (the limit of great lambda), weights for s as
above and weights for s = 0 (a domain whose plain risk says nothing), the latter two with every lambda of a grid, are
averaged. Their weights are proportional to SSE^(-M/2), the likelihood of M Gaussian residuals of unknown variance: SSE
is the sum over calibration models of e_m^2 / v_m, and e_m the error of the estimate of model m by a fit to the others,
the slope over total risks included (that over classes is one prior for all). The three kinds have equal weights
beforehand. A fit to the others keeps which weights are zero, so that one solution gives all e_m, as in ridge
regression. lambda is a multiple of the mean over models of the noise-weighted sum of squares of centred errors: the
grid fits any number of images.

What it can't do: ten residuals often don't tell a good domain from a middling one. Mean Spearman correlations over 100
splits in `benchmarks/study_domains.py`: with 5, 10 and 15 calibration models it is more than 0.003 below the better
of the two plain methods on 6, 5 and 6 of 24 domains of CIFAR-10.1 (few images a class, and images chosen for being
hard), by 0.013, 0.014 and 0.022 at most, and on 5, 0 and 0 of 27 synthetic sets of a digits study, by 0.007. On zoos of
dozens of simple classifiers of digits it falls short on a quarter of the domains with 5 and on two fifths with 10, and
by up to 0.3 where the plain risk says nothing or the opposite (inverted digits), so that only weights of both signs
help, or where single classes tell more than their mean (digits partly covered or turned). A domain that says nothing
stays useless.
"""

import numpy as np

from understudy.ranking.calibration import Calibration, CalibrationData, uncalibrated
from understudy.ranking.slope import slope_over_classes, slope_over_models

RELATIVE_PENALTIES = (12.5, 2.5, 0.5, 0.1)  # descending: each solution starts from the one before
RISK_OFFSET = 0.1  # of the mean risk, in the noise's variance
WEIGHT_DEVIATION = 3.0  # expected of a weight, in uniform weights
NEWTON_STEPS = 50  # a guard: three or four are usual
LINE_SEARCH_STEPS = 20


def adaptive_calibration(data: CalibrationData) -> Calibration:
    """Calibrate as the module describes; nothing is left to set.

    Where the calibration models' risks, or their errors, are all alike, there is nothing to learn from them, and the
    result is `uncalibrated`.
    """
    errors = np.asarray(data.errors, dtype=np.float64)
    models, images = errors.shape
    base = data.image_weights
    total, plain = data.class_risks @ data.class_fractions, (errors * base).mean(axis=1)
    problem = _Problem(errors, total, base)
    if np.ptp(total) == 0 or problem.squares.max() < 0.1:  # an image on which two models differ adds 1/4 or more
        return uncalibrated(base)
    noise = (total + RISK_OFFSET * total.mean()) / ((1.0 + RISK_OFFSET) * total.mean())  # v, about 1
    # u, the variance of the real risks
    sampling = (total * (1.0 - total) + RISK_OFFSET * total.mean()) / data.effective_images
    told = slope_over_classes(data, 1.0 / noise)
    slope = slope_over_models(plain, total, 1.0 / noise, *told)
    slopes_left_out = slope_over_models(plain, total, (1.0 - np.eye(models)) / noise, *told)

    scale = np.mean(problem.squares / noise)
    fits = [base * (slope / images)]
    residuals = [_plain_residuals(plain, total, slopes_left_out, noise)]
    for s, left_out in ((slope, slopes_left_out), (0.0, np.zeros(models))):
        dual = None
        for penalty in RELATIVE_PENALTIES:
            variance = penalty * scale * noise + sampling * (images / WEIGHT_DEVIATION) ** 2
            if dual is None:  # nearly the solution of a great penalty
                dual = (total - s * plain - np.average(total - s * plain, weights=1.0 / variance)) / variance
            dual, weights = problem.solve(s / images, variance, dual)
            fits.append(weights)
            residuals.append(problem.residuals(left_out / images, variance))
    losses = np.log((np.array(residuals) ** 2 / noise).sum(axis=1) + np.finfo(np.float64).tiny)
    evidence = -0.5 * models * losses
    evidence[0] += np.log(len(RELATIVE_PENALTIES))  # as much, beforehand, as all of one s
    evidence = np.exp(evidence - evidence.max())
    weights = evidence / evidence.sum() @ np.array(fits)
    return Calibration(weights, float(np.average(total - errors @ weights, weights=1.0 / noise)))


class _Problem:
    """The constrained problem on given errors [M, I] and risks [M], solved for one s and lambda after the other.

    With m = s / I, times what each image counts for (1, unless classes count for shares of their own), and D =
    diag(lambda v + u), w = max(0, m + A^T alpha), where alpha [M] minimises the strictly convex, piecewise
    quadratic

        alpha^T D alpha / 2 + |max(0, m + A^T alpha)|^2 / 2 - eps^T alpha    subject to    sum alpha = 0.

    Newton's method with a line search ends after finitely many steps. With A_+ the images of positive weight and P the
    inverse of A_+ A_+^T + D bordered by the intercept, the solution is alpha = P (eps - A_+ m), and the residual of a
    model by a fit to the others with the same images is alpha_m / P_mm.

    Attributes
    ----------
    squares
        fp64 [M]: each model's sum of squares of errors, less each image's mean.

    """

    def __init__(self, errors: np.ndarray, risks: np.ndarray, base: np.ndarray | None = None):
        base = np.ones(errors.shape[1]) if base is None else base
        self.errors, self.risks, self.base = errors, risks, base
        # An image a row. Sums of fewer than 2^24 ones are exact in fp32, so that A_+ A_+^T can be kept up to date.
        self.images = np.ascontiguousarray(errors.T, dtype=np.float32)
        self.positive = np.ones(len(self.images), dtype=bool)
        self.gram = (self.images.T @ self.images).astype(np.float64)  # A_+ A_+^T
        self.counted = (
            errors @ base
        )  # A_+ times what images count for: with 1 for all exactly the diagonal of the above
        means = self.gram.mean(axis=0)
        self.squares = np.diag(self.gram) - 2.0 * means + means.mean()

    def solve(self, towards: float, noise: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Solve for m = `towards` and D = diag(`noise`), fp64 [M]; return alpha and w.

        `start`, fp64 [M] of sum 0, is a guess of alpha.
        """

        def objective(alpha: np.ndarray) -> tuple[float, np.ndarray]:
            weights = np.maximum(towards * self.base + alpha @ self.errors, 0.0)
            return 0.5 * (alpha**2 @ noise + weights @ weights) - self.risks @ alpha, weights

        alpha = start
        value, weights = objective(alpha)
        for _ in range(NEWTON_STEPS):
            positive = weights > 0
            self._take(positive)
            # A w = A_+ (m + A_+^T alpha)
            gradient = alpha * noise + towards * self.counted + self.gram @ alpha - self.risks
            step = -np.linalg.solve(self._bordered(noise), np.append(gradient, 0.0))[:-1]
            decrease = -gradient @ step
            if decrease <= 1e-12 * abs(value):
                break
            length = 1.0
            for _ in range(LINE_SEARCH_STEPS):
                new_value, new_weights = objective(alpha + length * step)
                if new_value <= value - 1e-4 * length * decrease:
                    break
                length *= 0.5
            alpha, value, weights = alpha + length * step, new_value, new_weights
            if length == 1.0 and ((weights > 0) == positive).all():
                break  # the objective is quadratic between the two, and the step its exact solution
        return alpha, weights

    def residuals(self, towards: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Return each model's residual, fp64 [M], by a fit to the others with their own m, `towards` [M].

        The images of positive weight are those of the last solution.
        """
        inverse = np.linalg.inv(self._bordered(noise))[:-1, :-1]
        return (inverse @ self.risks - towards * (inverse @ self.counted)) / np.diag(inverse)

    def _take(self, positive: np.ndarray) -> None:
        """Change A_+ to these images, bool [I]."""
        changed = np.flatnonzero(positive != self.positive)
        rows = self.images[changed]
        signs = np.where(positive[changed], np.float32(1), np.float32(-1))
        self.gram += (rows * signs[:, None]).T @ rows
        self.positive = positive
        self.counted = self.errors @ (self.base * positive)

    def _bordered(self, noise: np.ndarray) -> np.ndarray:
        bordered = np.ones((len(noise) + 1, len(noise) + 1))
        bordered[:-1, :-1] = self.gram + np.diag(noise)
        bordered[-1, -1] = 0.0
        return bordered


def _plain_residuals(plain: np.ndarray, total: np.ndarray, slopes: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Error [M] of each model's total risk as estimated by the other models' line of slope `slopes` [M]."""
    line = total - slopes[:, None] * plain  # [left out, model]
    others = (1.0 - np.eye(len(total))) / noise
    return np.diag(line) - (others * line).sum(axis=1) / others.sum(axis=1)
