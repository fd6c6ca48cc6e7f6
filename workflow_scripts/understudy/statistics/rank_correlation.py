"""Rank correlations over models, and an interval for the Spearman correlation of their true errors.

Ties get average ranks (Spearman) and Kendall's tau-b. All functions take many samples at once.
"""

import numpy as np

from understudy.errors import StudyError

Array = np.ndarray


def average_ranks(values: Array) -> Array:
    """Ranks along the last axis, 1 for the smallest, ties sharing their mean rank: float64, same shape."""
    values = np.asarray(values, dtype=float)
    n = values.shape[-1]
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    position = np.broadcast_to(np.arange(n), values.shape)
    new = np.ones(values.shape, dtype=bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(new, position, 0), axis=-1)
    # Read from the right, the last position of a run of ties is where the next value begins, less one.
    ends = np.ones(values.shape, dtype=bool)
    ends[..., :-1] = new[..., 1:]
    last = np.flip(np.minimum.accumulate(np.flip(np.where(ends, position, n), axis=-1), axis=-1), axis=-1)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=-1)
    return ranks


def spearman(first: Array, second: Array) -> Array:
    """Spearman's rank correlation along the last axis (models); NaN where one side is constant.

    Shapes [..., M], M >= 3. Raises StudyError for fewer models.
    """
    _enough_models(first)
    return _pearson(average_ranks(first), average_ranks(second))


def kendall(first: Array, second: Array) -> Array:
    """Kendall's tau-b along the last axis (models); NaN where one side is constant.

    Shapes [..., M], M >= 3. All pairs are compared at once: memory M(M-1)/2 for each sample.
    """
    _enough_models(first)
    first, second = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    i, j = np.triu_indices(first.shape[-1], k=1)
    a = np.sign(first[..., i] - first[..., j])
    b = np.sign(second[..., i] - second[..., j])
    untied = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(axis=-1) / untied


def _enough_models(values: Array) -> None:
    models = np.shape(values)[-1]
    if models < 3:
        raise StudyError(f"a rank correlation needs at least 3 models, got {models}: add architectures or seeds")


def _pearson(a: Array, b: Array) -> Array:
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
