"""Does a generator copy its training images? Nearest neighbours in train against nearest neighbours held out.

A generated image that is no copy is as likely to have its nearest neighbour among training images as among an
equally large sample of held-out ones. A generator that copies has it among the training images, and then can't rank
models that all fit those images.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from threadpoolctl import threadpool_limits

from understudy.errors import StudyError
from understudy.metrics.features import check_features, check_same_space
from understudy.seeds import numpy_generator

TIE = 1e-9  # of the mean squared distance
BLOCKS = 10
PAIRS = 16


@dataclass(frozen=True)
class ClosestPairs:
    """The generated images that lie nearest to a training image, nearest first; arrays of length k.

    Attributes
    ----------
    generated, train
        int64 indices into the two samples.
    distance
        fp64 Euclidean distances.
    distance_held_out
        fp64 distances of the same generated images to their nearest held-out image; NaN where there is none.

    """

    generated: np.ndarray
    train: np.ndarray
    distance: np.ndarray
    distance_held_out: np.ndarray


def nearest(queries: np.ndarray, references: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index, int64 [N], and Euclidean distance, fp64 [N], of the nearest of references [R, D] to queries [N, D]."""
    queries, references = check_features(queries, "query"), check_features(references, "reference")
    check_same_space(queries, references)
    # In |x|^2 - 2 x.y + |y|^2 a common offset would cancel digits.
    centre = references.mean(axis=0)
    with threadpool_limits(1):
        return pairwise_distances_argmin_min(queries - centre, references - centre)


def nearest_train_excess(generated: np.ndarray, train: np.ndarray, held_out: np.ndarray, seed: int) -> float:
    """How much more often than half a generated image is nearer to train than to held-out images, in [-1/2, 1/2].

    0: no sign of copying; 1/2: every generated image is nearer to a training image. Both references have the same
    size, that of the smaller: the larger one is shuffled and used in up to BLOCKS disjoint blocks of that size,
    whose results are averaged. Ties count one half.

    Parameters
    ----------
    generated, train, held_out
        Features, floats [N, D], [T, D] and [H, D]; real images must be of the same classes in equal shares.

    Raises
    ------
    StudyError
        See `check_features`; or D differs.

    """
    size, rng = min(len(train), len(held_out)), numpy_generator(seed)
    to_train = _nearest_in_blocks(generated, train[rng.permutation(len(train))], size)
    to_held_out = _nearest_in_blocks(generated, held_out[rng.permutation(len(held_out))], size)
    difference = to_held_out - to_train  # [N, blocks of the larger sample]
    # Where train and held-out images hold the same image, rounding alone would say which is nearer.
    difference[np.abs(difference) < TIE * to_train.mean()] = 0.0
    return float(0.5 * np.sign(difference).mean())


def nearest_train_excess_of_real(train: np.ndarray, held_out: np.ndarray, seed: int) -> float:
    """Return the control: the same figure for half of the held-out images, against train and their other half.

    Away from 0 where the features treat training images differently, as those of a network that was trained on
    them do, or by chance where there are few images.

    Raises
    ------
    StudyError
        Fewer than two held-out images; otherwise as `nearest_train_excess`.

    """
    if len(held_out) < 2:
        raise StudyError(f"memorisation control: {len(held_out)} held-out images can't be halved; give at least two")
    order = numpy_generator(seed).permutation(len(held_out))
    queries, others = held_out[order[: len(order) // 2]], held_out[order[len(order) // 2 :]]
    return nearest_train_excess(queries, train, others, seed)


def closest_pairs(generated: np.ndarray, train: np.ndarray, held_out: np.ndarray | None = None) -> ClosestPairs:
    """Find the PAIRS generated images [N, D] that lie nearest to any of the training images [T, D].

    Raises
    ------
    StudyError
        See `check_features`; or D differs.

    """
    indices, distances = nearest(generated, train)
    first = np.argsort(distances, kind="stable")[:PAIRS]
    beyond = np.full(len(first), np.nan) if held_out is None else nearest(np.asarray(generated)[first], held_out)[1]
    return ClosestPairs(first, indices[first], distances[first], beyond)


def _nearest_in_blocks(queries: np.ndarray, references: np.ndarray, size: int) -> np.ndarray:
    """Squared distance to the nearest in each block of `size` references: fp64 [N, blocks], at most BLOCKS."""
    starts = range(0, len(references) - size + 1, size)[:BLOCKS]
    return np.stack([nearest(queries, references[start : start + size])[1] ** 2 for start in starts], axis=1)
