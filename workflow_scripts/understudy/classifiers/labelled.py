"""Images with their classes, as training and evaluation take them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelledImages:
    """Images uint8 [N, C, H, W] with labels, integers [N] in 0..classes-1."""

    images: np.ndarray
    labels: np.ndarray
    classes: int
