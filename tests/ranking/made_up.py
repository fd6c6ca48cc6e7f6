"""Made-up predictions for the tests."""

import numpy as np

from understudy.ranking.comparison import Design
from understudy.ranking.predictions import Predictions, make_predictions


def predictions(seed: int, images: int = 60, models: int = 9) -> Predictions:
    """Three classes; model m is right with a chance that grows with m."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % 3
    right = random.random((models, images)) < np.linspace(0.3, 0.9, models)[:, None]
    predicted = np.where(right, labels, (labels + 1) % 3)
    return make_predictions([f"m{i}" for i in range(models)], predicted, labels, 3)


def design(**changes) -> Design:
    settings = {
        "calibration_models": 4,
        "calibration_counts": [4],
        "penalty": 1.0,
        "penalties": [10.0],
        "repeats": 3,
        "drop_classes": False,
        "seed": 0,
    }
    return Design(**settings | changes)
