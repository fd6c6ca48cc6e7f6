"""Spearman correlations of `none`, `ridge` and `adaptive` on many domains, good and poor: a study, not a test.

Three kinds of zoos:

- published: 30 CIFAR-10 classifiers on CIFAR-10.1 v4 and v6 (cifar101_predictions.npz in the folder UNDERSTUDY_DATA);
- digits: 48 simple classifiers of scikit-learn, on distorted digits and on samples of simple models of each class;
- study: the candidates of a finished digits study on each of its synthetic sets.

Real images are halved, one half gives the calibration models' risks, the other judges; a study has parts for both.
Of the first two kinds: the set itself, few images per class, a fifth of the labels shuffled, the images that the
strongest models get wrong (those left out), and those that strong ones get wrong and weak ones right (both left out).

    python benchmarks/study_domains.py [--zoo published digits:SEED:IMAGES study:results/digits_full ...]
        [--splits 100] [--counts 5 10 15]

The method was chosen among some sixty on the published domains and the study of digits, with a look at digits:2:120,
digits:7:200, digits:11:150 and digits:23:250, by the splits that are drawn here: their figures are somewhat optimistic.
Other zoos are independent.
"""

import argparse
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, rotate, shift
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from understudy.data.shards import read_labels
from understudy.ranking.candidates import candidate_predictions
from understudy.ranking.comparison import Design, compare_methods
from understudy.ranking.matching import common_classes, halves
from understudy.ranking.predictions import Predictions, make_predictions, read_npz
from understudy.tables import read_tables

PENALTY = 1.0  # of ridge, the default of a study
AIM = 0.003  # adaptive may be this far below the better of the two others
MIN_IMAGES = 15
Domain = tuple[str, Predictions, Predictions, Predictions | None]  # name; synthetic, real and, if not halved, judging


def published(folder: Path) -> Iterator[Domain]:
    """Yield the domains of CIFAR-10.1."""
    path = folder / "cifar101_predictions.npz"
    v4, v6, real = (read_npz(path, 10, predicted=f"pred_{s}", labels=f"y_{s}") for s in ("v4", "v6", "test"))
    for name, whole in (("v4", v4), ("v6", v6)):
        yield from variants(name, whole, real)


def study(folder: Path) -> Iterator[Domain]:
    """Yield every draw, split and generator of a finished study."""
    for place in sorted(folder.glob("synthetic/*/*/*")):
        where = Path(*place.parts[-3:-1])
        parts = folder / "splits" / where

        def predictions(files: Iterator[Path], images: Path) -> Predictions:
            return candidate_predictions(read_tables(sorted(files), "predictions"), read_labels(images), 10)

        evaluated = folder / "evaluations" / where / "full"
        calibration = [folder / "ranking" / where / "calibration_predictions.parquet"]
        yield (
            f"{where} {place.name}",
            predictions(evaluated.glob(f"*/{place.name}/predictions.parquet"), place),
            predictions(calibration, parts / "calibration.parquet"),
            predictions(evaluated.glob("*/test/predictions.parquet"), parts / "test.parquet"),
        )


def variants(name: str, whole: Predictions, real: Predictions) -> Iterator[Domain]:
    """Yield a set and the domains that are drawn from it."""
    yield name, whole, real, None
    for count in (20, 5):
        if np.bincount(whole.labels).min() > count:
            for seed in range(3):
                yield f"{name}, {count} a class", per_class(whole, count, seed), real, None
    yield f"{name}, a fifth of labels shuffled", shuffled(whole, 0.2, 0), real, None
    order = np.argsort(real.errors().mean(axis=1), kind="stable")  # the strongest first
    names = [real.models[i] for i in order]
    wrong = whole.errors()[order]
    for n in (3, 5):
        for words, least in (("any", 1 / n), ("most", 0.5 + 1 / (2 * n))):
            hard = wrong[:n].mean(axis=0) >= least - 1e-9
            odd = hard & (wrong[-n:].mean(axis=0) <= 1 - least + 1e-9)
            for kind, images, rest in (("strong wrong", hard, names[n:]), ("and weak right", odd, names[n:-n])):
                if images.sum() >= MIN_IMAGES:
                    yield (
                        f"{name}, {words} of {n} {kind}",
                        whole.of_models(rest).of_images(images),
                        real.of_models(rest),
                        None,
                    )


def per_class(whole: Predictions, count: int, seed: int) -> Predictions:
    """Draw `count` images of every class."""
    order = np.random.default_rng(seed).permutation(len(whole.labels))
    return whole.of_images(np.concatenate([order[whole.labels[order] == c][:count] for c in range(whole.classes)]))


def shuffled(whole: Predictions, share: float, seed: int) -> Predictions:
    """Permute the labels of a share of the images among themselves."""
    random = np.random.default_rng(seed)
    labels = whole.labels.copy()
    chosen = random.permutation(len(labels))[: int(share * len(labels))]
    labels[chosen] = labels[random.permutation(chosen)]
    return Predictions(whole.models, whole.predicted, labels, whole.classes)


def digits(seed: int, images: int) -> Iterator[Domain]:
    """Train the classifiers on `images` digits (a few on half of them) and yield their domains."""
    random = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    order = random.permutation(len(y))
    train, source, held_out = np.split(order, [images, images + 450])
    models = classifiers(seed)
    for model in models.values():
        part = random.permutation(train)[: images // random.choice([1, 1, 1, 2])]
        model.fit(x[part], y[part])

    def predictions(features: np.ndarray, labels: np.ndarray) -> Predictions:
        return make_predictions(list(models), [m.predict(features) for m in models.values()], labels, 10)

    real = predictions(x[held_out], y[held_out])
    usable = [name for name, risk in zip(real.models, real.errors().mean(axis=1), strict=True) if risk < 0.7]
    real = real.of_models(usable)
    sets = {name: (change(x[source], random), y[source]) for name, change in distortions().items()}
    for name, sample in samplers().items():
        drawn = [sample(x[train][y[train] == c], random).clip(0, 16) for c in range(10)]
        sets[name] = np.concatenate(drawn), np.repeat(np.arange(10), [len(part) for part in drawn])
    for name, (features, labels) in sets.items():
        whole = predictions(features, labels).of_models(usable)
        some = variants(name, whole, real) if name in ("as they are", "one Gaussian", "noise of 6") else None
        yield from some or [(name, whole, real, None)]


def distortions() -> dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]]:
    """Distortions of real digits [N, 64] with values of 0 to 16."""

    def each(change: Callable) -> Callable:
        return lambda x, random: np.stack([change(a, random) for a in x.reshape(-1, 8, 8)]).reshape(-1, 64)

    def covered(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
        row, column = random.integers(0, 5, 2)
        image = image.copy()
        image[row : row + 4, column : column + 4] = 0
        return image

    def noisy(deviation: float) -> Callable:
        return lambda x, random: (x + random.normal(0, deviation, x.shape)).clip(0, 16)

    return {
        "as they are": lambda x, random: x,
        **{f"noise of {deviation}": noisy(deviation) for deviation in (3, 6, 10)},
        "blurred": each(lambda a, random: gaussian_filter(a, 0.7)),
        "much blurred": each(lambda a, random: gaussian_filter(a, 1.2)),
        "inverted": lambda x, random: 16 - x,
        "shifted": each(lambda a, random: shift(a, (0, 1))),
        "turned": each(lambda a, random: rotate(a, random.uniform(-35, 35), reshape=False, order=1)),
        "partly covered": each(covered),
        "dim": lambda x, random: 0.4 * x,
        "two values": lambda x, random: 16.0 * (x > 8),
    }


def samplers(count: int = 60) -> dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]]:
    """Models of one class's digits [n, 64]: functions that draw `count` images."""

    def mixture(components: int, kind: str) -> Callable:
        def draw(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
            seed = int(random.integers(2**31))
            fitted = GaussianMixture(components, covariance_type=kind, reg_covar=0.5, random_state=seed).fit(x)
            return fitted.sample(count)[0]

        return draw

    def components(number: int) -> Callable:
        def draw(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
            fitted = PCA(number).fit(x)
            return fitted.inverse_transform(random.normal(size=(count, number)) * np.sqrt(fitted.explained_variance_))

        return draw

    return {
        "one Gaussian": mixture(1, "full"),
        "independent pixels": mixture(1, "diag"),
        "three clusters": mixture(3, "diag"),
        "four components": components(4),
        "one component": components(1),
        "noisy copies": lambda x, random: random.choice(x, count) + random.normal(0, 2, (count, 64)),
        "pairs blended": lambda x, random: (random.choice(x, count) + random.choice(x, count)) / 2,
    }


def classifiers(seed: int) -> dict:
    """Weak to strong classifiers of 64 features."""

    def scaled(model) -> object:
        return make_pipeline(StandardScaler(), model)

    def quadratic(shrinkage: float) -> object:
        return QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage)

    kernels = ((0.1, 1e-3), (1, 1e-3), (10, 1e-3), (1, 1e-4), (1, 5e-3), (0.05, 0.01))
    forests = ((3, None), (10, None), (100, None), (30, 4), (100, 6))
    return {
        **{f"logistic {c}": scaled(LogisticRegression(C=c, max_iter=300)) for c in (1e-4, 1e-3, 0.01, 0.1, 10)},
        **{f"neighbours {k}": KNeighborsClassifier(k) for k in (1, 3, 9, 25, 60)},
        **{f"kernel {c} {gamma}": SVC(C=c, gamma=gamma) for c, gamma in kernels},
        **{f"tree {depth}": DecisionTreeClassifier(max_depth=depth, random_state=seed) for depth in (3, 5, 8, None)},
        **{f"forest {n} {d}": RandomForestClassifier(n, max_depth=d, random_state=seed) for n, d in forests},
        **{f"random trees {n}": ExtraTreesClassifier(n, random_state=seed) for n in (5, 50)},
        **{f"linear {s}": LinearDiscriminantAnalysis(solver="lsqr", shrinkage=s) for s in ("auto", 0.9)},
        **{f"quadratic {s}": quadratic(s) for s in (0.01, 0.1, 0.5, 0.9)},
        **{f"kernel of {n}": make_pipeline(PCA(n, random_state=seed), SVC()) for n in (2, 4, 8, 16)},
        **{f"quadratic of {n}": make_pipeline(PCA(n, random_state=seed), quadratic(0.05)) for n in (3, 6)},
        **{f"network {n}": scaled(MLPClassifier((n,), max_iter=150, random_state=seed)) for n in (4, 8, 16, 64)},
        "Gaussian": GaussianNB(var_smoothing=1e-2),
        "Bernoulli": BernoulliNB(binarize=8.0),
        "centroids": NearestCentroid(),
        "least squares": RidgeClassifier(),
        "perceptron": Perceptron(random_state=seed),
    }


def compare(domains: Iterator[Domain], counts: list[int], splits: int) -> pd.DataFrame:
    """One row per domain name, number of calibration models and random split (drawn sets of one name follow on)."""
    tables = []
    for name, synthetic, real, judging in domains:
        known, judged = (real, judging) if judging else halves(real, seed=0)
        synthetic, known, judged = common_classes([synthetic, known, judged], drop=True)
        possible = [count for count in counts if len(known.models) - count >= 5]
        design = Design(possible[0], tuple(possible[1:]), PENALTY, (), splits, seed=0)
        table = compare_methods(synthetic, known, judged, design)
        index = ["calibration_models", "repeat"]
        tables.append(
            table.pivot_table(index=index, columns="method", values="spearman").reset_index().assign(set=name)
        )
    return pd.concat(tables)


def report(found: pd.DataFrame) -> None:
    """Print means over splits; `!` marks a shortfall beyond the aim."""
    groups = found.groupby(["set", "calibration_models"], sort=False)
    table = groups[["none", "ridge", "adaptive"]].mean()
    best = table[["none", "ridge"]].idxmax(axis=1)
    table["difference"] = table["adaptive"] - table[["none", "ridge"]].max(axis=1)
    table["error"] = [(part["adaptive"] - part[best[key]]).sem() for key, part in groups]
    table["splits"] = groups.size()
    table["short"] = np.where(table["difference"] < -AIM, "!", "")
    print(table.round(4).to_string())
    for count, part in table.groupby(level="calibration_models"):
        low = part["difference"]
        print(
            f"{count} calibration models: {(low < -AIM).sum()} of {len(low)} domains short; "
            f"difference to the better: mean {low.mean():+.4f}, median {low.median():+.4f}, least {low.min():+.4f}"
        )


def main() -> None:
    """Run the study of the zoos that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--zoo", nargs="+", default=["published", "digits:2:120"])
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--counts", type=int, nargs="+", default=[5, 10, 15])
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # classifiers that are meant to be poor warn of it
    for zoo in options.zoo:
        if zoo == "published":
            domains = published(Path(os.environ["UNDERSTUDY_DATA"]))
        elif zoo.startswith("study:"):
            domains = study(Path(zoo.removeprefix("study:")))
        else:
            domains = digits(*map(int, zoo.split(":")[1:]))
        print(f"\n{zoo}: mean Spearman correlation over {options.splits} splits of the models", flush=True)
        report(compare(domains, options.counts, options.splits))


if __name__ == "__main__":
    main()
