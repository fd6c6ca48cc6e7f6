"""What each synthetic image weighs in the calibration, and which images to look at (appendix I of the paper)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from understudy.ranking.matching import common_classes, shared_classes
from understudy.ranking.predictions import Predictions
from understudy.ranking.ridge import ridge_path


def image_weights(
    synthetic: Predictions,
    calibration: Predictions,
    models: Sequence[str],
    penalty: float,
    *,
    top: int = 1,
    drop_classes: bool = False,
) -> pd.DataFrame:
    """Weigh every synthetic image by ridge on these calibration models: image (position), label, weight (in w_c).

    A positive weight means that being wrong on the image counts against a model; unanimous images have exactly 0.
    """
    sets = [synthetic.of_models(models), calibration.of_models(models)]
    images = np.flatnonzero(shared_classes(sets, drop_classes)[synthetic.labels])
    chosen, real = common_classes(sets, drop_classes)
    weights = ridge_path(chosen.errors(top), chosen.labels, real.class_risks(top), [penalty]).weights[0]
    return pd.DataFrame({"image": images, "label": synthetic.labels[images].astype(np.int64), "weight": weights})


def gallery_images(weights: pd.DataFrame, label: int, count: int) -> dict[str, list[int]]:
    """Choose images of a class from `image_weights`: `count` each of `highest` positive, `lowest` negative, `zero`."""
    ordered = weights[weights["label"] == label].sort_values(["weight", "image"], kind="stable")
    places, signs = ordered["image"], np.sign(ordered["weight"])
    return {
        "highest": places[signs > 0].tail(count).tolist()[::-1],
        "lowest": places[signs < 0].head(count).tolist(),
        "zero": places[signs == 0].head(count).tolist(),
    }
