"""Calibration: ridge against scikit-learn's Ridge, one adaptive fit, and the table of a study of paper's size.

    python benchmarks/benchmark_calibration.py ridge
    python benchmarks/benchmark_calibration.py adaptive
    python benchmarks/benchmark_calibration.py table [--splits 100] [--threads 2] [--folder FOLDER]

`table` writes predictions of 440 models (50 calibrate, 390 are ranked) on 6 sets of 100,000 images and on 50,000 real
ones as the study's evaluations leave them, about 1.5 GB, to a folder or a temporary one; files that are there are kept.
A fresh process then makes `calibration` of them: top-1 and top-5, three methods, over as many random splits of the
models as a study has by default. The aim is two minutes and 8 GB on two cores.
"""

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sklearn
from scipy.stats import norm
from sklearn.linear_model import Ridge

from understudy.jobs.context import JobContext
from understudy.jobs.ranking import rank_models, write_calibration_tables
from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.calibration import CalibrationData
from understudy.ranking.ridge import ridge_calibrations
from understudy.ranking.settings import RankingSettings
from understudy.tables import arrow_schema

MODELS, KNOWN, MODELS_A_FILE, CLASSES = 440, 50, 10, 1000
SIZES = {**{f"set{k}": 100_000 for k in range(6)}, "real": 50_000}
FILES = {"": ".parquet", "_csv": ".csv"}
TABLES = ("model_ranking", "calibration", "calibration_models", "calibration_penalties")


def print_ridge_speed() -> None:
    """Compare 1,000 classes x 100 images x 50 models x 10 penalties with single fits.

    Times are seconds of CPU, so that other work on the machine favours neither side.
    """
    random = np.random.default_rng(0)
    errors = (random.random((50, 100_000)) < random.uniform(0.1, 0.5, size=(50, 1))).astype(np.float64)
    labels, risks = np.arange(100_000) % 1000, random.random((50, 1000))
    data = CalibrationData(errors, labels, risks, np.ones(1000))
    penalties = np.geomspace(0.1, 100.0, 10)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        ridge_calibrations(data, penalties)
        seconds.append(time.process_time() - start)
    sampled = 300
    of_class = errors[:, labels == 0]
    start = time.process_time()
    for _ in range(sampled):
        Ridge(alpha=1.0).fit(of_class, risks[:, 0])
    fits = (time.process_time() - start) / sampled * 1000 * 10
    print(f"together {min(seconds):.2f} s of CPU; scikit-learn {fits:.0f} s (from {sampled} of 10,000 fits)")
    print(f"{fits / min(seconds):.0f} times faster")


def print_adaptive_speed() -> None:
    """Time one adaptive fit of 1,000 classes x 100 images x 50 models beside one of ridge, in seconds of CPU."""
    random = np.random.default_rng(0)
    labels, risk = np.arange(100_000) % 1000, random.uniform(0.1, 0.5, size=(50, 1))
    skill, difficulty = norm.ppf(risk) * np.sqrt(2), random.normal(size=100_000)
    errors = (skill + difficulty + random.normal(size=(50, 100_000)) > 0).astype(np.float64)
    risks = (risk + random.normal(0, 0.05, size=(50, 1000))).clip(0, 1)
    data = CalibrationData(errors, labels, risks, np.full(1000, 50))
    seconds = []
    for fit in (
        lambda: ridge_calibrations(data, [1.0]),
        lambda: adaptive_calibration(data),
    ):
        start = time.process_time()
        fit()
        seconds.append(time.process_time() - start)
    print(f"one ridge fit {seconds[0]:.2f} s of CPU, one adaptive fit {seconds[1]:.2f} s")


def write_predictions(folder: Path) -> None:
    """Write what every set's evaluations leave: tables `model_predictions` of ten models each, and true labels."""
    random = np.random.default_rng(0)
    skill = norm.ppf(random.uniform(0.1, 0.5, size=MODELS)) * np.sqrt(2)
    for name, images in SIZES.items():
        where = folder / name
        if (where / "labels.parquet").exists():
            continue
        where.mkdir(parents=True, exist_ok=True)
        labels = np.arange(images) % CLASSES
        difficulty = random.normal(size=images)
        for start in range(0, MODELS, MODELS_A_FILE):
            models = range(start, min(start + MODELS_A_FILE, MODELS))
            wrong = skill[models, None] + difficulty + random.normal(size=(len(models), images)) > 0
            # The right label is the first; where the model is wrong, a later one or none of the five.
            rank = np.where(wrong, random.integers(1, 8, wrong.shape), 0)[..., None]
            other = random.integers(10, CLASSES, (*wrong.shape, 1))
            best = np.where(np.arange(5) == rank, labels[:, None], labels[:, None] + other + np.arange(5)) % CLASSES
            schema = arrow_schema("model_predictions")
            columns = {
                "model": pa.array([f"m{model:03d}" for model in models]),
                "predicted": _lists(_lists(pa.array(best.astype(np.int16).ravel()), 5), images),
                "probability": _lists(pa.array(np.full(wrong.size, 0.5, dtype=np.float32)), images),
            }
            pq.write_table(pa.table(columns, schema=schema), where / f"{start:03d}.parquet", compression="zstd")
        pq.write_table(pa.table({"label": labels}, schema=arrow_schema("true_labels")), where / "labels.parquet")


def _lists(values: pa.Array, length: int) -> pa.ListArray:
    return pa.ListArray.from_arrays(np.arange(0, len(values) + 1, length, dtype=np.int32), values)


def make_table(folder: Path, splits: int, threads: int) -> None:
    """Make `calibration` of these files with the functions of the rules rank_models and calibration_tables."""
    start, processor = time.perf_counter(), time.process_time()
    settings = RankingSettings(
        calibration_models=KNOWN, calibration_counts=[KNOWN], penalties=[1.0], repeats=splits
    ).calibration_settings()
    files = {
        name: {
            "files": sorted(map(str, (folder / name).glob("[0-9]*.parquet"))),
            "labels": str(folder / name / "labels.parquet"),
        }
        for name in SIZES
    }
    real = {"real": files.pop("real")}
    made = {name: folder / f"{name}.parquet" for name in ("calibration_comparisons", "model_ranking", "image_weights")}
    rank_models(files, real, CLASSES, [], made, settings, JobContext(threads=threads))
    ranked = time.perf_counter() - start
    write_calibration_tables(
        [made["calibration_comparisons"]],
        [made["model_ranking"]],
        {f"{name}{key}": folder / f"table_{name}{suffix}" for name in TABLES for key, suffix in FILES.items()},
        settings,
        JobContext(),
    )
    wall, processor = time.perf_counter() - start, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"table calibration, {len(files)} sets x {splits} splits x 2 metrics, {threads} threads: {wall:.0f} s "
        f"(tables alone {wall - ranked:.1f} s), {processor:.0f} s of CPU, peak {memory:.1f} GiB"
    )


def print_table_speed(folder: Path, splits: int, threads: int) -> None:
    """Write the predictions here, and make the table in a process that holds nothing else."""
    write_predictions(folder)
    command = [sys.executable, __file__, "made", "--splits", str(splits), "--threads", str(threads)]
    subprocess.run([*command, "--folder", str(folder)], check=True)


def main() -> None:
    """Run the part that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["ridge", "adaptive", "table", "made"])
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.part == "made":
        make_table(options.folder, options.splits, options.threads)
        return
    print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, {platform.machine()}", flush=True)
    if options.part == "ridge":
        print_ridge_speed()
    elif options.part == "adaptive":
        print_adaptive_speed()
    elif options.folder:
        print_table_speed(options.folder, options.splits, options.threads)
    else:
        with tempfile.TemporaryDirectory() as folder:
            print_table_speed(Path(folder), options.splits, options.threads)


if __name__ == "__main__":
    main()
