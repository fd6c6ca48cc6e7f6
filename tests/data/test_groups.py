import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import copies
from understudy.data.duplicates import digest, thumbnail
from understudy.data.groups import conflicting, find_relations, in_other_part


def relations_of(images, groups=None, search_near=True, labels=None):
    labels = np.zeros(len(images), np.int64) if labels is None else labels
    thumbnails = np.stack([thumbnail(image) for image in images])
    return find_relations([digest(image) for image in images], thumbnails, labels, groups, search_near)


def as_sets(ids):
    return {frozenset(np.flatnonzero(ids == one).tolist()) for one in set(ids.tolist())}


def test_equal_images_near_duplicates_and_groups_join():
    images = copies.photographs(8)
    images[3] = images[0]
    images[4] = copies.encoded_again(images[0])
    groups = np.array(["a", "b", "", "", "b", "", "c", "c"])
    found = relations_of(images, groups)
    assert found.equal.tolist() == [0, 1, 2, 0, 4, 5, 6, 7]
    assert as_sets(found.copies) == {frozenset(x) for x in ([0, 3, 4], [1], [2], [5], [6], [7])}
    # Image 4, a copy of 0, is of patient b: so is all that is like it. An empty name joins nothing.
    assert as_sets(found.groups) == {frozenset(x) for x in ([0, 1, 3, 4], [2], [5], [6, 7])}
    assert [images.tolist() for images in found.sets(found.copies)] == [[0, 3, 4]]
    ignored = relations_of(images, None, search_near=False)
    assert as_sets(ignored.groups) == {frozenset(x) for x in ([0, 3], [1], [2], [4], [5], [6], [7])}


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=30))
def test_conflicts_are_sets_of_equal_images_with_several_labels(images):
    values, labels = (np.array(column) for column in zip(*images, strict=True))
    equal = np.array([values.tolist().index(value) for value in values])
    oracle = [len(set(labels[values == value].tolist())) > 1 for value in values]
    assert conflicting(equal, labels).tolist() == oracle


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["train", "validation", "test"])), min_size=1, max_size=30)
)
def test_sets_over_several_parts(images):
    ids, parts = (np.array(column) for column in zip(*images, strict=True))
    order = ["train", "validation", "test"]
    of_set = [{order.index(part) for part in parts[ids == one]} for one in ids]
    elsewhere, earlier = in_other_part(ids, parts)
    assert elsewhere.tolist() == [len(found) > 1 for found in of_set]
    assert earlier.tolist() == [order.index(part) < max(found) for part, found in zip(parts, of_set, strict=True)]
