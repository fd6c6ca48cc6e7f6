"""Calibration: how well each method ranks on good and poor domains, and how fast it is.

`domains FOLDER [SPLITS]` reads cifar101_predictions.npz (30 CIFAR-10 classifiers on CIFAR-10.1 v4 and v6 and on the
CIFAR-10 test set) and prints the mean Spearman correlation of `none`, `ridge` and `adaptive` for 5, 10 and 15
calibration models. `speed` times the ridge path against scikit-learn's Ridge, and the table of a study of the paper's
size. Run: python tests/benchmarks/benchmark_calibration.py domains FOLDER; ... speed
"""

import platform
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import Ridge

from understudy.ranking.comparison import Design, compare_methods
from understudy.ranking.matching import common_classes, halves
from understudy.ranking.predictions import Predictions, read_npz
from understudy.ranking.ridge import ridge_path
from understudy.ranking.tables import summary

PENALTIES = [1.0, 10.0]


def subset(whole: Predictions, per_class: int, seed: int) -> Predictions:
    """Draw `per_class` images of every class."""
    order = np.random.default_rng(seed).permutation(len(whole.labels))
    return whole.of_images(np.concatenate([order[whole.labels[order] == c][:per_class] for c in range(whole.classes)]))


def shuffled(whole: Predictions, share: float, seed: int) -> Predictions:
    """Permute the labels of a share of the images among themselves."""
    random = np.random.default_rng(seed)
    labels = whole.labels.copy()
    chosen = random.permutation(len(labels))[: int(share * len(labels))]
    labels[chosen] = labels[random.permutation(chosen)]
    return Predictions(whole.models, whole.predicted, labels, whole.classes)


def domains(folder: Path) -> Iterator[tuple[str, Predictions, Predictions]]:
    """Yield (kind of domain, synthetic predictions, real predictions) of the same models."""
    path = folder / "cifar101_predictions.npz"
    v4, v6, real = (read_npz(path, 10, predicted=f"pred_{s}", labels=f"y_{s}") for s in ("v4", "v6", "test"))
    order = np.argsort(real.errors().mean(axis=1), kind="stable")  # the strongest first
    names = [real.models[i] for i in order]
    yield "v4", v4, real
    yield "v6", v6, real
    for count in (20, 5):
        for seed in range(5):
            yield f"v6, {count} a class", subset(v6, count, seed), real
    for whole in (v4, v6):
        yield "a fifth of labels shuffled", shuffled(whole, 0.2, 0), real
        wrong = whole.errors()[order]
        for n in (1, 3, 5):
            for words, hard in (("any of", wrong[:n].any(axis=0)), ("most of", wrong[:n].mean(axis=0) > 0.5)):
                rest = names[n:]
                yield f"{words} {n} strongest wrong", whole.of_models(rest).of_images(hard), real.of_models(rest)
        for n in (3, 5):
            rest = names[n:-n]
            any_odd = wrong[:n].any(axis=0) & ~wrong[-n:].all(axis=0)
            most_odd = (wrong[:n].mean(axis=0) > 0.5) & (wrong[-n:].mean(axis=0) < 0.5)
            for words, odd in (("any of", any_odd), ("most of", most_odd)):
                name = f"{words} {n} strong wrong, weak right"
                yield name, whole.of_models(rest).of_images(odd), real.of_models(rest)


def print_domains(folder: Path, splits: int) -> None:
    """Print the table of correlations; `!` marks where adaptive is 0.003 below the better of none and ridge."""
    tables = []
    for kind, synthetic, real in domains(folder):
        synthetic, real = common_classes([synthetic, real], drop=True)
        known, judged = halves(real, seed=0)
        for count in (5, 10, 15):
            design = Design(count, (), PENALTIES[0], tuple(PENALTIES), splits, seed=0)
            table = summary(compare_methods(synthetic, known, judged, design).assign(draw=0, split="", set=kind))
            tables.append(table[table["models"] >= 5])
    table = pd.concat(tables)
    table["method"] += table["penalty"].map(lambda p: "" if np.isnan(p) else f" {p:g}")
    wide = table.pivot_table(
        index=["set", "calibration_models"], columns="method", values=["spearman", "mean_absolute_error"], sort=False
    )
    found = wide["spearman"]
    found = found.assign(short=found["adaptive"] < found[["none", "ridge 1"]].max(axis=1) - 0.003)
    found["short"] = found["short"].map({True: "!", False: ""})
    print(f"mean Spearman correlation over {splits} splits of the models for each set of a kind")
    print(found.round(4).to_string())
    print("mean absolute error of the estimated risks")
    print(wide["mean_absolute_error"].groupby(level="calibration_models").mean().round(4).to_string())


def print_ridge_speed() -> None:
    """Compare 1,000 classes x 100 images x 50 models x 10 penalties, leave-one-out included, with refits.

    Times are seconds of CPU, so that other work on the machine favours neither side.
    """
    random = np.random.default_rng(0)
    errors = (random.random((50, 100_000)) < random.uniform(0.1, 0.5, size=(50, 1))).astype(np.float64)
    labels, risks = np.arange(100_000) % 1000, random.random((50, 1000))
    penalties = np.geomspace(0.1, 100.0, 10)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        ridge_path(errors, labels, risks, penalties)
        seconds.append(time.process_time() - start)
    sampled = 300
    of_class = errors[:, labels == 0]
    start = time.process_time()
    for i in range(sampled):
        others = np.arange(50) != i % 50
        Ridge(alpha=1.0).fit(of_class[others], risks[others, 0]).predict(of_class[~others])
    refits = (time.process_time() - start) / sampled * 1000 * 10 * 51
    print(f"ridge path {min(seconds):.2f} s of CPU; scikit-learn {refits:.0f} s (from {sampled} of 510,000 fits)")
    print(f"{refits / min(seconds):.0f} times faster")


def print_table_speed() -> None:
    """Time table `calibration` for 440 models, 50 of them for calibration, on 6 sets of 100,000 images."""
    random = np.random.default_rng(0)
    models, labels = tuple(f"m{i}" for i in range(440)), np.arange(100_000, dtype=np.int16) % 1000
    risk = random.uniform(0.1, 0.5, size=(440, 1))
    sets = {}
    for name in ("one", "two", "three", "four", "five", "six"):
        wrong = random.random((440, 100_000), dtype=np.float32) < risk
        predicted = np.where(wrong, (labels + 1) % 1000, labels).astype(np.int16)
        sets[name] = Predictions(models, predicted[:, :, None], labels, 1000)
    real = sets["one"].of_images(np.arange(0, 100_000, 2)), sets["one"].of_images(np.arange(1, 100_000, 2))
    real = [Predictions(models, r.predicted, labels[:50_000], 1000) for r in real]
    start, processor = time.perf_counter(), time.process_time()
    for synthetic in sets.values():
        compare_methods(synthetic, *real, Design(50, (), 1.0, (), repeats=20, seed=0))
    wall, processor = time.perf_counter() - start, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"table calibration, 6 sets x 20 splits: {wall:.0f} s ({processor:.0f} s of CPU), peak {memory:.1f} GiB")


def main(arguments: list[str]) -> None:
    """Run the part that the command line names."""
    print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, {platform.machine()}")
    if arguments[:1] == ["speed"]:
        print_ridge_speed()
        print_table_speed()
    elif arguments[:1] == ["domains"] and len(arguments) in (2, 3):
        print_domains(Path(arguments[1]), int(arguments[2]) if len(arguments) == 3 else 100)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
