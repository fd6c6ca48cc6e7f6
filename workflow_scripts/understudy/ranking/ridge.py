"""The paper's calibration (equation 1): one ridge regression per class, in closed form.

For class c, A_c [n_c, M] holds which of the n_c synthetic images each of the M calibration models gets wrong, and
eps_c [M] their real risks in that class:

    w_c, b_c = argmin_{w, b} |A_c^T w + b - eps_c|^2 + lambda |w|^2

The estimate of another model's risk is the mean over classes of a_c^T w_c + b_c, each class counting for its fraction
of the real images (alike in the paper). (The paper speaks of correctness; the weights are the same.) M is far below
n_c, so everything happens in the M x M dual: with A~_c = A_c less each image's mean over models and K_c = A~_c^T A~_c,

    alpha_c = (K_c + lambda I)^(-1) (eps_c - mean eps_c),    w_c = A~_c alpha_c.

All classes and penalties are solved at once. As b is not penalised, an image that all calibration models get right, or
all get wrong, has a row of zeros in A~_c: its weight is exactly zero.
"""

from collections.abc import Sequence

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.calibration import Calibration, CalibrationData


def ridge_calibrations(data: CalibrationData, penalties: Sequence[float]) -> list[Calibration]:
    """Solve equation 1 for every class and penalty; return the calibration of each penalty.

    Parameters
    ----------
    penalties
        L values of lambda > 0. Errors are 0 or 1, so lambda compares with numbers of images: 1 is a mild penalty.

    Raises
    ------
    StudyError
        No penalty, or one that is not positive.

    """
    weights, intercepts = ridge_weights(data, penalties)
    fractions = data.class_fractions
    return [
        Calibration(w * fractions[data.labels], float(b @ fractions)) for w, b in zip(weights, intercepts, strict=True)
    ]


def ridge_weights(data: CalibrationData, penalties: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Solve equation 1; else as `ridge_calibrations`.

    Returns the weight of each image in w_c of its class c, fp64 [L, I], and b_c, fp64 [L, C].
    """
    penalties = np.asarray(penalties, dtype=np.float64)
    if penalties.size == 0 or not (penalties > 0).all():
        raise StudyError(f"ridge calibration: penalties {penalties.tolist()} were given; give some above 0")
    positions, blocks = _class_blocks(data)
    means = blocks.mean(axis=1)  # [C, n]
    blocks -= means[:, None]  # A~_c^T, [C, M, n]
    gram = blocks @ blocks.transpose(0, 2, 1)  # K_c, [C, M, M]
    mean_risks = data.class_risks.mean(axis=0)  # [C]
    risks = (data.class_risks - mean_risks).T[:, :, None]
    identity = np.eye(len(data.errors))
    duals = [np.linalg.solve(gram + penalty * identity, risks) for penalty in penalties]  # alpha_c, [C, M, 1] each
    padded = np.concatenate(duals, axis=2).transpose(0, 2, 1) @ blocks  # w_c, [C, L, n]
    intercepts = mean_risks - (padded @ means[:, :, None])[..., 0].T
    return padded[data.labels, :, positions].T, intercepts


def _class_blocks(data: CalibrationData) -> tuple[np.ndarray, np.ndarray]:
    """Position of each image within its class, int64 [I], and errors by class, fp64 [C, M, largest n_c].

    Classes with fewer images are filled up with images that everybody gets right, which weigh nothing.
    """
    counts, labels = data.synthetic_images, data.labels
    order = np.argsort(labels, kind="stable")
    positions = np.empty(len(labels), dtype=np.int64)
    positions[order] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    blocks = np.zeros((len(counts), len(data.errors), counts.max()))
    blocks[labels, :, positions] = data.errors.T
    return positions, blocks
