"""The handwritten digits that scikit-learn brings along."""

from typing import TYPE_CHECKING

import numpy as np

from understudy.data.source_images import SourceImages, with_classes

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings


def read(settings: "DataSettings") -> SourceImages:
    """Return the 1,797 digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits  # imported here: it takes a second that no other source needs

    digits = load_digits()
    # Ink is a count of dark pixels out of 16.
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]  # [1797, 1, 8, 8]
    names = [f"digit {number}" for number in range(len(images))]
    return with_classes(SourceImages(images, digits.target.astype(np.int64), names, list("0123456789")), settings)
