"""Calibration: the ridge path against scikit-learn's Ridge, one adaptive fit, and the table of a study of paper's size.

Run: python tests/benchmarks/benchmark_calibration.py ridge | adaptive | table
"""

import platform
import resource
import sys
import time

import numpy as np
import sklearn
from scipy.stats import norm
from sklearn.linear_model import Ridge

from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.comparison import Design, compare_methods
from understudy.ranking.predictions import Predictions
from understudy.ranking.ridge import ridge_path


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


def print_adaptive_speed() -> None:
    """Time one adaptive fit of 1,000 classes x 100 images x 50 models beside one of ridge, in seconds of CPU."""
    random = np.random.default_rng(0)
    labels, risk = np.arange(100_000) % 1000, random.uniform(0.1, 0.5, size=(50, 1))
    skill, difficulty = norm.ppf(risk) * np.sqrt(2), random.normal(size=100_000)
    errors = (skill + difficulty + random.normal(size=(50, 100_000)) > 0).astype(np.float64)
    risks = (risk + random.normal(0, 0.05, size=(50, 1000))).clip(0, 1)
    seconds = []
    for fit in (lambda: ridge_path(errors, labels, risks, [1.0]), lambda: adaptive_calibration(errors, labels, risks)):
        start = time.process_time()
        fit()
        seconds.append(time.process_time() - start)
    print(f"one ridge fit {seconds[0]:.2f} s of CPU, one adaptive fit {seconds[1]:.2f} s")


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
    parts = {"ridge": print_ridge_speed, "adaptive": print_adaptive_speed, "table": print_table_speed}
    if len(arguments) != 1 or arguments[0] not in parts:
        sys.exit(__doc__)
    print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, {platform.machine()}")
    parts[arguments[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])
