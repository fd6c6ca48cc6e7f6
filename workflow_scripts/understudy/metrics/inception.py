"""Inception features for a FID that compares with published ones; the only metric here that needs torch.

The weights are a file that the user names (torch-fidelity's conversion of the 2015-12-05 network, the one that
published figures use); nothing is fetched.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch
from torchmetrics.image.fid import FrechetInceptionDistance

from understudy.errors import StudyError
from understudy.inference import predict

FEATURE_EXTRACTOR = "inception-2015-12-05"
BATCH = 64


class InceptionFeatures:
    """The 2,048 pooled features of the Inception network that `FrechetInceptionDistance` uses.

    Args:
        weights: the weights' file, a state dictionary as torch-fidelity distributes it.
        device: where the network runs.

    Raises:
        StudyError: the file is missing, or holds anything but this network's weights.

    """

    def __init__(self, weights: str | Path, device: torch.device | str = "cpu") -> None:
        weights = Path(weights)
        if not weights.is_file():
            raise StudyError(
                f"Inception weights: no file {weights}; name the file of torch-fidelity's Inception weights, "
                "or use the study's own feature extractor"
            )
        try:
            # torch-fidelity unpickles whatever it is given, code included: refuse all but tensors before it.
            torch.load(weights, map_location="cpu", weights_only=True)
            # Without antialiasing the images are resized as TensorFlow did for the published figures.
            metric = FrechetInceptionDistance(feature_extractor_weights_path=str(weights), antialias=False)
        except (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError, TypeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise StudyError(
                f"Inception weights: {weights} doesn't hold the weights of this network: {reason}"
            ) from error
        self.network = metric.inception.to(device)
        self.device = torch.device(device)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features, fp32 [N, 2048], of images, uint8 [N, C, H, W] with one or three channels."""
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
            raise StudyError(
                f"Inception features: images of {images.dtype} {images.shape} given; uint8 [N, 1 or 3, H, W] needed"
            )
        return predict(lambda batch: self.network(batch.expand(-1, 3, -1, -1)), images, self.device, BATCH).numpy()
