"""The weights of images and the choice of those to look at."""

import numpy as np

from tests.ranking.made_up import design, predictions
from understudy.ranking.weights import gallery_images, image_weights

MODELS = ["m0", "m3", "m8"]


def test_gallery_takes_extreme_and_zero_weights_of_one_class():
    weights = image_weights(predictions(5), predictions(6), MODELS, design())
    chosen = gallery_images(weights, label=2, count=3)
    of_class = weights[weights["label"] == 2].set_index("image")["weight"]
    assert of_class[chosen["highest"]].tolist() == sorted(of_class[of_class > 0], reverse=True)[:3]
    assert of_class[chosen["lowest"]].tolist() == sorted(of_class[of_class < 0])[:3]
    errors = predictions(5).of_models(MODELS).errors()
    unanimous = (errors == errors[0]).all(axis=0)
    assert len(chosen["zero"]) == 3 and unanimous[chosen["zero"]].all()


def test_images_keep_their_places_and_classes_when_a_class_is_dropped():
    synthetic, real = predictions(5), predictions(6)
    known = image_weights(synthetic, real, MODELS, design())
    rest = image_weights(synthetic, real.of_images(real.labels != 0), MODELS, design(drop_classes=True))
    expected = known[known["label"] != 0].reset_index(drop=True)
    np.testing.assert_array_equal(rest[["image", "label"]], expected[["image", "label"]])
    np.testing.assert_allclose(rest["weight"], expected["weight"])
