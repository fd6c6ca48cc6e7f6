"""The paper's calibration (equation 1): one ridge regression per class, in closed form.

For class c, A_c [n_c, M] holds which of the n_c synthetic images each of the M calibration models gets wrong, and
eps_c [M] their real risks in that class:

    w_c, b_c = argmin_{w, b} |A_c^T w + b - eps_c|^2 + lambda |w|^2

The estimate of another model's risk is the mean over classes of a_c^T w_c + b_c. (The paper speaks of correctness; the
weights are the same.) M is far below n_c, so everything happens in the M x M dual: with A~_c = A_c less each image's
mean over models and K_c = A~_c^T A~_c,

    alpha_c = (K_c + lambda I)^(-1) (eps_c - mean eps_c),    w_c = A~_c alpha_c.

One decomposition of all K_c at once serves every lambda and every left-out model. As b is not penalised, an image that
all calibration models get right, or all get wrong, has a row of zeros in A~_c: its weight is exactly zero.
"""

from dataclasses import dataclass

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.calibration import Calibration, check_calibration_models


@dataclass(frozen=True)
class RidgePath:
    """Ridge regressions of C classes for L penalties.

    Attributes
    ----------
    penalties
        fp64 [L], each lambda.
    weights
        fp64 [L, I]: for each image its weight in w_c, c being its class.
    intercepts
        fp64 [L, C]: b_c.
    leave_one_out
        fp64 [L, C, M]: the estimate of each calibration model's class risks by a fit to the other M - 1.

    """

    penalties: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray
    leave_one_out: np.ndarray

    def calibration(self, index: int) -> Calibration:
        """Return the calibration of the penalty at `index`: the mean over classes."""
        classes = self.intercepts.shape[1]
        return Calibration(self.weights[index] / classes, float(self.intercepts[index].mean()))


def ridge_path(errors: np.ndarray, labels: np.ndarray, risks: np.ndarray, penalties: list[float]) -> RidgePath:
    """Solve equation 1 for every class and penalty at once, with all leave-one-out estimates.

    Parameters
    ----------
    errors
        [M, I] of 0 and 1: whether each calibration model gets each synthetic image wrong.
    labels
        int [I] in [0, C); every class needs an image.
    risks
        Floats [M, C] in [0, 1]: real risk of each calibration model in each class.
    penalties
        L values of lambda > 0. Errors are 0 or 1, so lambda compares with numbers of images: 1 is a mild penalty.

    Raises
    ------
    StudyError
        See `check_calibration_models`; a penalty that is not positive; a class without images.

    """
    check_calibration_models(errors, risks)
    penalties = np.asarray(penalties, dtype=np.float64)
    if penalties.size == 0 or not (penalties > 0).all():
        raise StudyError(f"ridge calibration: penalties {penalties.tolist()} were given; give one or more above 0")
    places, blocks = _class_blocks(errors, labels, risks.shape[1])
    means = blocks.mean(axis=1)  # [C, n]
    blocks -= means[:, None]  # A~_c^T, [C, M, n]
    mean_risks = risks.mean(axis=0)  # [C]
    eigenvalues, vectors = np.linalg.eigh(blocks @ blocks.transpose(0, 2, 1))  # of K_c: [C, M], [C, M, M]
    along = vectors.transpose(0, 2, 1) @ (risks - mean_risks).T[:, :, None]  # [C, M, 1]
    # The eigenvalues of lambda (K_c + lambda I)^(-1), all in (0, 1]: [C, M, L].
    remaining = penalties / (np.clip(eigenvalues, 0.0, None)[..., None] + penalties)
    residuals = vectors @ (remaining * along)  # lambda alpha_c, [C, M, L]
    # A left-out model's residual is its residual in the full fit over 1 - h; the intercept's share of h is 1/M.
    slack = vectors**2 @ remaining - 1.0 / len(errors)
    leave_one_out = risks.T[:, :, None] - residuals / slack
    padded = (residuals / penalties).transpose(0, 2, 1) @ blocks  # w_c, [C, L, n]
    intercepts = mean_risks - (padded @ means[:, :, None])[..., 0].T
    return RidgePath(penalties, padded[labels, :, places].T, intercepts, leave_one_out.transpose(2, 0, 1))


def _class_blocks(errors: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Place of each image within its class, int64 [I], and errors by class, fp64 [C, M, largest n_c].

    Classes with fewer images are filled up with images that everybody gets right, which weigh nothing.
    """
    counts = check_classes(labels, classes)
    order = np.argsort(labels, kind="stable")
    places = np.empty(len(labels), dtype=np.int64)
    places[order] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    blocks = np.zeros((classes, len(errors), counts.max()))
    blocks[labels, :, places] = errors.T
    return places, blocks


def check_classes(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the number of images of each class, int64 [C].

    Raises
    ------
    StudyError
        A class without images, or labels of more classes.

    """
    counts = np.bincount(labels, minlength=classes)
    if len(counts) > classes or (counts == 0).any():
        empty = np.flatnonzero(counts[:classes] == 0).tolist()
        raise StudyError(
            f"calibration: real risks of {classes} classes were given, synthetic images of {len(counts)}; "
            f"without images: {empty}; generate images of every class, or drop those classes from both"
        )
    return counts
