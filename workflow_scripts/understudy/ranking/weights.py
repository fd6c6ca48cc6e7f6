"""What each synthetic image weighs in the calibration, and which images to look at (appendix I of the paper)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from understudy.ranking.calibration import CalibrationData
from understudy.ranking.comparison import Design
from understudy.ranking.matching import common_classes, shared_classes
from understudy.ranking.predictions import Predictions
from understudy.ranking.ridge import ridge_weights


def image_weights(
    synthetic: Predictions, calibration: Predictions, models: Sequence[str], design: Design
) -> pd.DataFrame:
    """Weigh every synthetic image by ridge on these calibration models: image (position), label, weight (in w_c).

    By top-1 errors. A positive weight means that being wrong on the image counts against a model; unanimous images have
    exactly 0.
    """
    sets = [synthetic.of_models(models), calibration.of_models(models)]
    images = np.flatnonzero(shared_classes(sets, design.drop_classes)[synthetic.labels])
    chosen, real = common_classes(sets, design.drop_classes)
    data = CalibrationData(chosen.errors(), chosen.labels, real.class_risks(), real.class_counts())
    weights, _ = ridge_weights(data, [design.penalty])
    return pd.DataFrame({"image": images, "label": synthetic.labels[images].astype(np.int64), "weight": weights[0]})


def gallery_images(weights: pd.DataFrame, label: int, count: int) -> dict[str, list[int]]:
    """Choose images of a class from `image_weights`: `count` each of `highest` positive, `lowest` negative, `zero`."""
    ordered = weights[weights["label"] == label].sort_values(["weight", "image"], kind="stable")
    images, signs = ordered["image"], np.sign(ordered["weight"])
    return {
        "highest": images[signs > 0].tail(count).tolist()[::-1],
        "lowest": images[signs < 0].head(count).tolist(),
        "zero": images[signs == 0].head(count).tolist(),
    }
