"""Which images belong together: equal ones, near duplicates, and those of one patient or object."""

from dataclasses import dataclass

import numpy as np

from understudy.data.duplicates import NONE_SEARCHED, NearDuplicates, components, first_equal, near_duplicates
from understudy.data.source_images import PARTS


@dataclass(frozen=True)
class Relations:
    """How the images of a data set belong together.

    Attributes
    ----------
    equal : int64 [N]
        For each image the first one that equals it.
    near : NearDuplicates
        Pairs of near duplicates, of equal images the first one each.
    copies : int64 [N]
        Sets of equal images and near duplicates, numbered from 0.
    groups : int64 [N]
        The same joined with the groups that the source gives: what no split divides.

    """

    equal: np.ndarray
    near: NearDuplicates
    copies: np.ndarray
    groups: np.ndarray

    def sets(self, ids: np.ndarray) -> list[np.ndarray]:
        """Return the images of each set of two or more that have one id, in their order."""
        order = np.argsort(ids, kind="stable")
        pieces = np.split(order, np.flatnonzero(np.diff(ids[order])) + 1)
        return sorted((piece for piece in pieces if len(piece) > 1), key=lambda piece: int(piece[0]))


def find_relations(
    digests: list[bytes], thumbnails: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, search_near: bool
) -> Relations:
    """Find out which images belong together.

    Parameters
    ----------
    digests
        Of each image's pixels.
    thumbnails
        As :func:`understudy.data.duplicates.near_duplicates` takes them.
    labels : int64 [N]
    groups : text [N] or None
        What the source says of images that belong together; an empty text says nothing.
    search_near : bool
        Whether near duplicates are looked for.
    """
    count, equal = len(digests), first_equal(digests)
    near = NONE_SEARCHED
    if search_near:
        different = np.unique(equal)
        found = near_duplicates(thumbnails[different], labels[different])
        near = NearDuplicates(different[found.first], different[found.second], found.similarity, found.least)
    first, second = np.concatenate([np.arange(count), near.first]), np.concatenate([equal, near.second])
    copies = components(count, first, second)
    if groups is None:
        return Relations(equal, near, copies, copies)
    _, first_member, member = np.unique(groups, return_index=True, return_inverse=True)
    of_source = np.where(groups == "", np.arange(count), first_member[member])
    joined = components(count, np.concatenate([first, np.arange(count)]), np.concatenate([second, of_source]))
    return Relations(equal, near, copies, joined)


def conflicting(equal: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return whether an image equals one with another label, bool [N]."""
    differs = labels != labels[equal]
    return np.isin(equal, equal[differs])


def in_other_part(ids: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each image whether its set has images of another part, and of a later one, bool [N] each.

    Training is the first part, then validation, then test.
    """
    rank = np.array([PARTS.index(part) for part in parts.tolist()], dtype=np.int64)
    least, most = np.full(ids.max() + 1, len(PARTS)), np.full(ids.max() + 1, -1)
    np.minimum.at(least, ids, rank)
    np.maximum.at(most, ids, rank)
    return least[ids] != most[ids], rank < most[ids]
