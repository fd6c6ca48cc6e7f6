import numpy as np
import pandas as pd
import pytest

from tests.generators.small import made_up_images
from understudy.errors import StudyError
from understudy.generators import scoring
from understudy.generators.sampling import load_generator
from understudy.generators.scoring import generated_distance, score_snapshots, select_snapshot

DATA = made_up_images()


def extract(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), 1, -1)[:, 0, ::9].astype(float)


@pytest.fixture
def snapshots(trained, monkeypatch):
    monkeypatch.setattr(scoring, "MIN_IMAGES", 300)
    return trained("stylegan2")


def test_the_snapshot_nearest_to_the_reference_is_selected(snapshots):
    # Its own images at other seeds are the reference: no other snapshot can be nearer.
    labels = np.arange(300) % 3
    for wanted in snapshots:
        reference = load_generator(wanted).sample(labels, 10**6 + np.arange(300))
        scores = score_snapshots(snapshots, extract, reference, labels, seed=3)
        assert select_snapshot(scores) == wanted.name
        assert scores["images_seen"].is_monotonic_increasing and scores["selected"].sum() == 1


def test_equal_distances_select_the_latest(snapshots, monkeypatch):
    monkeypatch.setattr(scoring, "frechet_distance", lambda a, b: 1.0)
    scores = score_snapshots(snapshots, extract, DATA.images, DATA.labels, seed=3)
    assert select_snapshot(scores) == snapshots[-1].name


def test_other_seeds_give_another_and_similar_distance(snapshots):
    generator, labels = load_generator(snapshots[-1]), np.arange(900) % 3
    first, again, fresh = (generated_distance(generator, extract, extract(DATA.images), labels, s) for s in (1, 1, 2))
    assert first == again != fresh
    assert fresh == pytest.approx(first, rel=0.15)


def test_nothing_to_score():
    with pytest.raises(StudyError, match="no snapshot to score"):
        score_snapshots([], extract, DATA.images, DATA.labels, seed=3)


def test_the_scores_are_the_table_that_is_written():
    scores = pd.DataFrame({"snapshot": ["a", "b"], "fid": [2.0, 1.0], "selected": [False, True]})
    assert select_snapshot(scores) == "b"
