import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from understudy.classifiers.extractor import ExtractorNetwork, load_extractor, train_extractor
from understudy.classifiers.layers import Shape
from understudy.errors import StudyError

pytestmark = pytest.mark.slow(minutes=0.3)  # a training

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    loaded = load_digits()
    order = np.random.default_rng(0).permutation(len(loaded.target))
    return np.round(loaded.images * 255 / 16).astype(np.uint8)[order, None], loaded.target[order]


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    path = tmp_path_factory.mktemp("extractor") / "extractor.safetensors"
    images, labels = digits
    return path, train_extractor(images[:300], labels[:300], 10, 5, path, CPU)


def test_it_recognises_digits_it_has_not_seen(digits, trained):
    images, labels = digits
    with torch.no_grad():
        logits = trained[1].network(torch.from_numpy(images[300:]))
    assert np.mean(logits.argmax(1).numpy() != labels[300:]) < 0.08


def test_features_separate_classes_and_are_saved_exactly(digits, trained):
    images, labels = digits
    path, extractor = trained
    features = extractor.features(images[300:])
    assert features.shape == (len(images) - 300, 64)
    assert features.dtype == np.float64
    means = np.stack([features[labels[300:] == k].mean(0) for k in range(10)])
    nearest = ((features[:, None] - means) ** 2).sum(2).argmin(1)
    assert np.mean(nearest != labels[300:]) < 0.1
    assert np.array_equal(load_extractor(path).features(images[300:]), features)


@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 9), (1, 28), (3, 64)])
def test_it_takes_any_size_from_8_to_64(size, channels):
    network = ExtractorNetwork(Shape(channels, size, 4))
    images = torch.zeros(2, channels, size, size, dtype=torch.uint8)
    assert network.features(images).shape == (2, 64)
    assert network(images).shape == (2, 4)


def test_other_images_are_refused(trained, tmp_path):
    with pytest.raises(StudyError, match="trained on 1x8x8 images, given 1x9x9"):
        trained[1].features(np.zeros((2, 1, 9, 9), np.uint8))
    with pytest.raises(StudyError, match="8 to 64 pixels"):
        train_extractor(np.zeros((2, 1, 4, 4), np.uint8), np.zeros(2, int), 2, 0, tmp_path / "e", CPU)
    (tmp_path / "bad.safetensors").write_bytes(b"x")
    with pytest.raises(StudyError, match="not a feature extractor"):
        load_extractor(tmp_path / "bad.safetensors")
