"""The rows of table `generator_quality`: every figure of a generator, over all classes and for each.

A report, never a means of choice: snapshots are selected by Frechet distance to training images alone, and the
held-out images that these figures use, of calibration and test, must choose nothing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.metrics.features import stratified_sample
from understudy.metrics.frechet import frechet_distance
from understudy.metrics.memorisation import nearest_train_excess, nearest_train_excess_of_real
from understudy.metrics.prd import CLUSTERS, real_against_real, sampled_total_variation
from understudy.seeds import numpy_generator, seed_for

NUMBERS_OF_CLUSTERS = (5, 10, 20, 50, 100)
TOTAL_VARIATION = ("total_variation", "total_variation_ci_low", "total_variation_ci_high", "total_variation_null")
MEMORISATION = ("total_variation_train", "nearest_train_excess", "nearest_train_excess_null")
FIGURES = ("fid", "fid_equal_n", *TOTAL_VARIATION, *MEMORISATION)


@dataclass(frozen=True)
class Sample:
    """Features of images, floats [N, D], with their labels, int64 [N]."""

    features: np.ndarray
    labels: np.ndarray

    def of_class(self, label: int) -> "Sample":
        """Return the images of one class."""
        chosen = np.asarray(self.labels) == label
        return Sample(self.features[chosen], self.labels[chosen])


def generator_quality(
    synthetic: Sample,
    train: Sample,
    held_out: Sample | None,
    seed: int,
    equal_n: int,
) -> pd.DataFrame:
    """One row for all classes (`label` = "all") and one per class that `train` has.

    Parameters
    ----------
    synthetic
        Images from seeds that took no part in selecting the generator's snapshot.
    train
        The split's training images, on which the generator was trained.
    held_out
        Real images that trained nothing and choose nothing, or None: the figures that need them are then NaN.
    equal_n
        Size of the reference of `fid_equal_n`, the same for every split: that of the smallest split's train.

    Returns
    -------
    pandas.DataFrame
        label, images, and FIGURES, each NaN where there are too few images: fewer
        than two for a Frechet distance, fewer than CLUSTERS in either sample for a total variation.

    """
    # One sample for all rows: a class's reference is its part of the whole reference.
    chosen = stratified_sample(train.labels, equal_n, numpy_generator(seed_for(seed, "equal n")))
    equal = Sample(train.features[chosen], train.labels[chosen])
    rows = []
    for label in ("all", *np.unique(train.labels).tolist()):
        parts = [s if label == "all" or s is None else s.of_class(label) for s in (synthetic, train, held_out, equal)]
        figures = _figures(*parts, seed_for(seed, label))
        rows.append({"label": str(label), "images": len(parts[0].labels), **figures})
    return pd.DataFrame(rows).astype(dict.fromkeys(FIGURES, np.float64))


def total_variation_by_clusters(
    generated: np.ndarray,
    held_out: np.ndarray,
    train: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """How the total variation depends on the number of clusters, with its control beside it.

    Takes features, floats [N, D]. One row per number of clusters that the samples can form: clusters, images,
    total_variation, total_variation_ci_low, total_variation_ci_high, total_variation_null.
    """
    size = min(len(generated), len(held_out), len(train))
    rows = []
    for count in NUMBERS_OF_CLUSTERS:
        if size < count:
            continue
        figures = _total_variation(generated, held_out, train, seed_for(seed, "clusters", count), count)
        rows.append({"clusters": count, "images": size, **figures})
    return pd.DataFrame(rows, columns=["clusters", "images", *TOTAL_VARIATION])


def _figures(synthetic: Sample, train: Sample, held_out: Sample | None, equal: Sample, seed: int) -> dict[str, float]:
    figures = dict.fromkeys(FIGURES, np.nan)
    generated = synthetic.features
    for name, reference in (("fid", train), ("fid_equal_n", equal)):
        if min(len(generated), len(reference.features)) >= 2:
            figures[name] = frechet_distance(generated, reference.features)
    if held_out is None or len(generated) == 0:
        return figures
    size = min(len(generated), len(held_out.features), len(train.features))
    if size >= CLUSTERS:
        figures |= _total_variation(generated, held_out.features, train.features, seed)
        # Of the same size as the held-out sample: a larger one has a lower floor.
        against_train = sampled_total_variation(train.features, generated, seed_for(seed, "train"), size)
        figures["total_variation_train"] = against_train.mean
    if len(held_out.features) >= 2:
        neighbours = train.features, held_out.features, seed_for(seed, "neighbours")
        figures["nearest_train_excess"] = nearest_train_excess(generated, *neighbours)
        figures["nearest_train_excess_null"] = nearest_train_excess_of_real(*neighbours)
    return figures


def _total_variation(
    generated: np.ndarray, held_out: np.ndarray, train: np.ndarray, seed: int, clusters: int = CLUSTERS
) -> dict[str, float]:
    """TV against held-out images and its control, all at the size of the smallest of the three samples.

    The control's two samples are halves of one mixture of real images, held-out and training ones alike: that
    allows samples as large as the held-out one, and a feature extractor that was trained on some of the training
    images treats both halves the same way.
    """
    size = min(len(generated), len(held_out), len(train))
    against = sampled_total_variation(held_out, generated, seed_for(seed, "held out"), size, clusters)
    chosen = [
        numpy_generator(seed_for(seed, "mixture", i)).permutation(len(s))[:size]
        for i, s in enumerate((held_out, train))
    ]
    mixture = np.concatenate([held_out[chosen[0]], train[chosen[1]]])
    control = real_against_real(mixture, seed_for(seed, "real"), clusters)
    return dict(zip(TOTAL_VARIATION, (*against, control), strict=True))
