"""Bringing predictions on different sets together: the same models, the same classes, disjoint images."""

from collections.abc import Sequence

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.names import lookalikes
from understudy.ranking.predictions import Predictions
from understudy.seeds import numpy_generator
from understudy.text import some


def split_halves(predictions: Predictions, seed: int) -> tuple[Predictions, Predictions]:
    """Split one real set into two of disjoint images, stratified: for the calibration's risks, and for the ranking."""
    order = numpy_generator(seed).permutation(len(predictions.labels))
    order = order[np.argsort(predictions.labels[order], kind="stable")]
    return predictions.of_images(np.sort(order[::2])), predictions.of_images(np.sort(order[1::2]))


def union(sets: Sequence[Predictions]) -> Predictions:
    """Put the images of several sets together, for the models of the first; all need these.

    Where the sets hold different numbers of labels per image, as many best ones are kept as all of them have.
    """
    labels_kept = min(one.predicted.shape[2] for one in sets)
    parts = [one.of_models(sets[0].models) for one in sets]
    return Predictions(
        sets[0].models,
        np.concatenate([part.predicted[:, :, :labels_kept] for part in parts], axis=1),
        np.concatenate([part.labels for part in parts]),
        sets[0].classes,
    )


def check_same_models(synthetic: Predictions, real: Predictions) -> None:
    """Raise a StudyError unless both have the same models, in whatever order, and the same number of classes."""
    only = sorted(set(synthetic.models) - set(real.models)), sorted(set(real.models) - set(synthetic.models))
    if any(only):
        alike = [f"{name!r} and {other!r}" for name, other in lookalikes(*only)]
        if alike:
            raise StudyError(
                f"models of the synthetic and of the real predictions differ by blanks in their names: {some(alike)}; "
                "give a model one name in all files"
            )
        raise StudyError(
            f"models with synthetic predictions only: {some(only[0])}; with real ones only: {some(only[1])}; "
            "give both for every model, or leave those models out"
        )
    if synthetic.classes != real.classes:
        raise StudyError(f"{synthetic.classes} classes in the synthetic predictions, {real.classes} in the real ones")


def shared_classes(sets: Sequence[Predictions], drop: bool) -> np.ndarray:
    """Return which classes have images in every set, bool [C].

    Raises
    ------
    StudyError
        One has none in some set and `drop` is false, or no class is shared.

    """
    present = np.all([np.bincount(one.labels, minlength=one.classes) > 0 for one in sets], axis=0)
    if present.all():
        return present
    empty = np.flatnonzero(~present).tolist()
    if not drop:
        raise StudyError(
            f"classes {some(empty)} have no images in some synthetic or real set; add images, or set "
            "`ranking.drop_classes: true` to leave these classes out"
        )
    if not present.any():
        raise StudyError("no class has images in every synthetic and real set; check that their labels agree")
    return present


def common_classes(sets: Sequence[Predictions], drop: bool) -> list[Predictions]:
    """Leave out the classes that a set has no images of, and number the rest anew.

    Predictions of a class that is left out become -1, which is wrong for every image. Raises as `shared_classes`.
    """
    present = shared_classes(sets, drop)
    if present.all():
        return list(sets)
    number = np.where(present, np.cumsum(present) - 1, -1)
    kept = [one.of_images(present[one.labels]) for one in sets]
    return [
        Predictions(
            one.models, number[one.predicted].astype(one.predicted.dtype), number[one.labels], int(present.sum())
        )
        for one in kept
    ]
