"""The paper's calibration (equation 1): one ridge regression per class, in closed form.

For class c, A_c [n_c, M] holds which of the n_c synthetic images each of the M calibration models gets wrong, and
eps_c [M] their real risks in that class:

    w_c, b_c = argmin_{w, b} |A_c^T w + b - eps_c|^2 + lambda |w|^2

The estimate of another model's risk is the mean over classes of a_c^T w_c + b_c, each class counting for its share of
the real images (alike in the paper). (The paper speaks of correctness; the weights are the same.) M is far below n_c,
so everything happens in the M x M dual: with A~_c = A_c less each image's mean over models and K_c = A~_c^T A~_c,

    alpha_c = (K_c + lambda I)^(-1) (eps_c - mean eps_c),    w_c = A~_c alpha_c.

One decomposition of all K_c at once serves every lambda and every left-out model (`ridge_path`). As b is not
penalised, an image that all calibration models get right, or all get wrong, has a row of zeros in A~_c: its weight is
exactly zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.calibration import Calibration, check_calibration_models, class_shares


@dataclass(frozen=True)
class RidgePath:
    """Ridge regressions of C classes for L penalties.

    Attributes
    ----------
    penalties
        fp64 [L], each lambda.
    labels
        int [I]: c, the class of each image.
    weights
        fp64 [L, I]: for each image its weight in w_c.
    intercepts
        fp64 [L, C]: b_c.
    leave_one_out
        fp64 [L, C, M]: the estimate of each calibration model's class risks by a fit to the other M - 1.

    """

    penalties: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray
    leave_one_out: np.ndarray

    def calibration(self, index: int, real_images: np.ndarray | None = None) -> Calibration:
        """Return the calibration of the penalty at `index`: the mean over classes, see `class_shares`."""
        shares = class_shares(real_images, self.intercepts.shape[1])
        return Calibration(self.weights[index] * shares[self.labels], float(self.intercepts[index] @ shares))


def ridge_path(errors: np.ndarray, labels: np.ndarray, risks: np.ndarray, penalties: Sequence[float]) -> RidgePath:
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
    problem = _Problem(errors, labels, risks, penalties)
    eigenvalues, vectors = np.linalg.eigh(problem.gram)  # [C, M], [C, M, M]
    along = vectors.transpose(0, 2, 1) @ problem.risks  # [C, M, 1]
    # The eigenvalues of lambda (K_c + lambda I)^(-1), all in (0, 1]: [C, M, L].
    remaining = problem.penalties / (np.clip(eigenvalues, 0.0, None)[..., None] + problem.penalties)
    residuals = vectors @ (remaining * along)  # lambda alpha_c, [C, M, L]
    # A left-out model's residual is its residual in the full fit over 1 - h; the intercept's share of h is 1/M.
    slack = vectors**2 @ remaining - 1.0 / len(errors)
    leave_one_out = risks.T[:, :, None] - residuals / slack
    weights, intercepts = problem.weights(residuals / problem.penalties)
    return RidgePath(problem.penalties, labels, weights, intercepts, leave_one_out.transpose(2, 0, 1))


def ridge_calibrations(
    errors: np.ndarray,
    labels: np.ndarray,
    risks: np.ndarray,
    penalties: Sequence[float],
    real_images: np.ndarray | None = None,
) -> list[Calibration]:
    """Solve equation 1 for every class and a few penalties, without leave-one-out estimates; else as `ridge_path`.

    Returns the calibration of each penalty, with classes that count as in `class_shares(real_images)`. Linear systems
    are solved in place of the decomposition, which takes as long as ten of them.
    """
    problem = _Problem(errors, labels, risks, penalties)
    identity = np.eye(len(errors))
    duals = [np.linalg.solve(problem.gram + penalty * identity, problem.risks) for penalty in problem.penalties]
    weights, intercepts = problem.weights(np.concatenate(duals, axis=2))
    shares = class_shares(real_images, risks.shape[1])
    return [Calibration(w * shares[labels], float(b @ shares)) for w, b in zip(weights, intercepts, strict=True)]


class _Problem:
    """Equation 1 for all classes in the dual.

    Attributes
    ----------
    penalties
        fp64 [L].
    gram
        fp64 [C, M, M]: K_c.
    risks
        fp64 [C, M, 1]: eps_c less its mean.

    """

    def __init__(self, errors: np.ndarray, labels: np.ndarray, risks: np.ndarray, penalties: Sequence[float]):
        check_calibration_models(errors, risks)
        self.penalties = np.asarray(penalties, dtype=np.float64)
        if self.penalties.size == 0 or not (self.penalties > 0).all():
            raise StudyError(f"ridge calibration: penalties {self.penalties.tolist()} were given; give some above 0")
        self._labels = labels
        self._places, self._blocks = _class_blocks(errors, labels, risks.shape[1])
        self._means = self._blocks.mean(axis=1)  # [C, n]
        self._blocks -= self._means[:, None]  # A~_c^T, [C, M, n]
        self._mean_risks = risks.mean(axis=0)  # [C]
        self.gram = self._blocks @ self._blocks.transpose(0, 2, 1)
        self.risks = (risks - self._mean_risks).T[:, :, None]

    def weights(self, duals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return w_c of each image, fp64 [L, I], and b_c, fp64 [L, C], for alpha_c, fp64 [C, M, L]."""
        padded = duals.transpose(0, 2, 1) @ self._blocks  # w_c, [C, L, n]
        intercepts = self._mean_risks - (padded @ self._means[:, :, None])[..., 0].T
        return padded[self._labels, :, self._places].T, intercepts


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
