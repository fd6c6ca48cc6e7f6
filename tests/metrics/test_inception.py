"""Inception features against torch-fidelity's own network, with random weights saved to disk."""

import numpy as np
import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from understudy.errors import StudyError
from understudy.metrics import inception
from understudy.metrics.inception import InceptionFeatures


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Write a file of random weights, made by building the network without loading any."""
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save({}, path)
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        network = FeatureExtractorInceptionV3("random", ["2048"], str(path))
    torch.save(network.state_dict(), path)
    return path


def test_features_are_those_of_the_network_and_grey_means_three_equal_channels(weights, monkeypatch):
    monkeypatch.setattr(inception, "BATCH", 1)
    grey = np.random.default_rng(0).integers(0, 256, size=(2, 1, 8, 8), dtype=np.uint8)
    colour = np.repeat(grey, 3, axis=1)
    extract = InceptionFeatures(weights)
    network = FeatureExtractorInceptionV3("peer", ["2048"], str(weights))
    features = extract(colour)
    with torch.inference_mode():
        expected = network(torch.from_numpy(colour))[0].numpy()
    assert features.shape == (2, 2048) and features.dtype == np.float32
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_array_equal(extract(grey), features)


def test_missing_or_wrong_weights_are_named(tmp_path):
    with pytest.raises(StudyError, match=r"no file .*absent\.pth"):
        InceptionFeatures(tmp_path / "absent.pth")
    wrong = tmp_path / "wrong.pth"
    torch.save({"weight": torch.zeros(3)}, wrong)
    with pytest.raises(StudyError, match="doesn't hold the weights"):
        InceptionFeatures(wrong)


def test_code_in_a_weights_file_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save({"weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(StudyError, match="doesn't hold the weights"):
        InceptionFeatures(tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()
