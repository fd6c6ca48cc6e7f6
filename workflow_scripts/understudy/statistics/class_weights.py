"""What an image of each class counts for, so that a set's classes count for given shares and not for their images.

A synthetic set has as many images of each class, real images have classes of their own sizes. An error for target
shares t_c is the sum over classes of t_c x (error in class c): its confusion matrix is normalised by rows, and row c is
multiplied by t_c. That is a mean over images in which an image of class c counts for w_c = t_c N / n_c instead of 1, so
that sampling covariances and cluster masses follow by the same weights: the variance of the weighted error is the sum
over classes of t_c^2 x (variance in class c) / n_c.
"""

import numpy as np

Array = np.ndarray

SAME = 1e-9
"""Weights that differ from 1 by less come from rounded shares alone and count as 1: plain means stay what they are."""


def class_weights(images: Array, shares: Array) -> Array:
    """Return what an image of each class counts for, float64 [C], 1 on average over all images.

    Parameters
    ----------
    images
        Int [C]: images of each class, of which one must have some.
    shares
        Floats [C], not negative: what each class is to count for. Classes without images count for nothing, and the
        others for the more.
    """
    present = np.asarray(images) > 0
    wanted = np.where(present, shares, 0.0)
    weights = np.zeros(len(present))
    weights[present] = wanted[present] / wanted.sum() * np.sum(images) / np.asarray(images)[present]
    return np.ones(len(present)) if np.allclose(weights[present], 1.0, rtol=0, atol=SAME) else weights


def effective_images(images: Array, weights: Array) -> float:
    """How many images of equal weight tell as much as these, by Kish: (sum of weights)^2 / sum of their squares."""
    return float((images * weights).sum() ** 2 / (images * weights**2).sum())
