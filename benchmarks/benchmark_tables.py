"""Time and memory of all selection tables at full size: 17 architectures x 10 runs, 40 snapshots, made-up predictions.

    python benchmarks/benchmark_tables.py

Writes counts and predictions of full and subtrain runs on five synthetic sets of 100,000 images, a test set of 50,000
and a validation part of 2,500 to a temporary folder, then reads them in a fresh process, computes every table with
10,000 resamples, and prints seconds and peak memory. The aim is 60 s and 4 GB on two cores. The same images
resampled the plain way, for one set and one hundredth of the resamples, stand beside it as the ratio.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.selection.choices import best_snapshots
from understudy.selection.comparison import protocol_comparison, protocol_differences
from understudy.selection.gain import selection_gain
from understudy.selection.rank_certificates import (
    ClusteredErrors,
    certificate_summary,
    disagreement_variation,
    rank_certificates,
)
from understudy.selection.rank_preservation import rank_preservation
from understudy.selection.split_errors import StudyErrors
from understudy.selection.subsets import protocol_subsets
from understudy.statistics.sampling_covariance import error_covariance, wrong_images
from understudy.tables import read_table, write_table

ARCHITECTURES, SEEDS, EPOCHS, CLASSES = 17, 10, 40, 10
GENERATORS = [f"gan{k}" for k in range(5)]
SIZES = {"test": 50_000, "validation": 2_500, **dict.fromkeys(GENERATORS, 100_000)}
SETS = {"full": ["test", *GENERATORS], "subtrain": ["test", "validation"]}


def runs_of(regime: str) -> pd.DataFrame:
    """One row per run."""
    architecture = np.repeat([f"net{a:02d}" for a in range(ARCHITECTURES)], SEEDS)
    frame = pd.DataFrame({"draw": 0, "split": "Train10K", "regime": regime, "family": "standard"}, index=range(170))
    frame["architecture"], frame["seed"] = architecture, np.tile(np.arange(SEEDS), ARCHITECTURES)
    return frame.assign(run=frame["architecture"] + "-s" + frame["seed"].astype(str))


def make_counts(regime: str, name: str, true: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Counts [run, epoch, class, half] drawn around the true errors, [runs, epochs]."""
    cells = 2 * CLASSES
    size = SIZES[name] // cells
    frame = runs_of(regime).loc[lambda f: f.index.repeat(EPOCHS * cells)].reset_index(drop=True)
    frame["set"] = name
    frame["epoch"] = np.tile(np.repeat(np.arange(1, EPOCHS + 1), cells), len(true))
    frame["label"] = np.tile(np.repeat(np.arange(CLASSES), 2), len(true) * EPOCHS)
    frame["half"] = np.tile([0, 1], len(true) * EPOCHS * CLASSES)
    frame["images"] = size
    frame["errors"] = rng.binomial(size, np.repeat(true[..., None], cells, axis=2).ravel())
    return frame


def write_predictions(folder: Path, name: str, kept: pd.DataFrame, true: dict, rng: np.random.Generator) -> None:
    """Made-up predictions of the kept snapshots on one set, images hard and easy alike for all."""
    labels = np.arange(SIZES[name]) % CLASSES
    hard = rng.random(SIZES[name], dtype=np.float32)
    rows = []
    for row in kept.itertuples():
        error = true[row.regime][row.number, row.epoch - 1]
        wrong = 0.5 * hard + 0.5 * rng.random(SIZES[name], dtype=np.float32) < np.sqrt(error / 2)
        rows.append(((labels + wrong) % CLASSES).astype(np.int16))
    frame = kept.drop(columns="number").assign(set=name, chosen_by=[[] for _ in rows], predicted=rows)
    write_table("predictions", frame, folder / f"predictions-{name}.parquet")


def make(folder: Path) -> None:
    """Write the made-up study."""
    rng = np.random.default_rng(0)
    base = np.repeat(np.linspace(0.04, 0.15, ARCHITECTURES), SEEDS)[:, None] + rng.normal(0, 0.003, (170, 1))
    learnt = 0.2 * np.exp(-np.arange(EPOCHS) / 6) + rng.normal(0, 0.001, (170, EPOCHS))
    true = {"full": np.clip(base + learnt, 0.01, 0.5), "subtrain": np.clip(base + learnt + 0.02, 0.01, 0.5)}
    counts = pd.concat(
        [make_counts(regime, name, true[regime], rng) for regime, names in SETS.items() for name in names]
    )
    write_table("counts", counts, folder / "counts.parquet")
    best = best_snapshots(counts[counts["set"] != "test"])
    kept = pd.concat([best, best.assign(epoch=EPOCHS)])[[*runs_of("full").columns, "epoch"]].drop_duplicates()
    kept["is_last"] = kept["epoch"] == EPOCHS
    kept["number"] = kept["architecture"].str[3:].astype(int) * SEEDS + kept["seed"]
    for name in SIZES:
        regimes = [regime for regime, names in SETS.items() if name in names]
        write_predictions(folder, name, kept[kept["regime"].isin(regimes)], true, rng)


def compute(folder: Path, n_resamples: int) -> None:
    """Compute every table, timing each."""
    start = time.perf_counter()
    counts = read_table(folder / "counts.parquet")
    covariances, clustered = {}, {}
    for name, size in SIZES.items():
        rows = read_table(folder / f"predictions-{name}.parquet")
        rows, labels = rows if name == "test" else rows[rows["is_last"]].reset_index(drop=True), np.arange(size) % 10
        covariances[0, "Train10K", name] = error_covariance(rows, labels)
        for generator in GENERATORS if name == "test" else {name} & set(GENERATORS):
            # Ten clusterings into 20; which image is in which makes no difference to the time.
            clusters = np.random.default_rng(size).integers(20, size=(10, size), dtype=np.int16)
            clustered[generator, name] = ClusteredErrors.of(rows, labels, clusters)
        print(f"  {len(rows):5} rows of predictions on {name:10} read and reduced {passed(start)}", flush=True)
        del rows
    places = {name: (0, "Train10K", name) for name in GENERATORS}
    restricted = {
        place: disagreement_variation(clustered[name, "test"], clustered[name, name]) for name, place in places.items()
    }
    certificates = rank_certificates(StudyErrors(counts, covariances), dict.fromkeys(places.values(), 0.03), restricted)
    made = {"rank_certificates": certificates, "certificate_summary": certificate_summary(certificates)}
    print(f"  certificates {passed(start)}", flush=True)
    for name, build in {
        "selection_gain": lambda: selection_gain(StudyErrors(counts, covariances), seed=0, n_resamples=n_resamples),
        "protocol_comparison": lambda: protocol_comparison(
            StudyErrors(counts, covariances), seed=0, n_resamples=n_resamples
        ),
        "protocol_differences": lambda: protocol_differences(
            StudyErrors(counts, covariances), seed=0, n_resamples=n_resamples
        ),
        "protocol_subsets": lambda: protocol_subsets(StudyErrors(counts, covariances), seed=0),
        "rank_preservation": lambda: rank_preservation(
            StudyErrors(counts, covariances), seed=0, n_resamples=n_resamples
        ),
    }.items():
        made[name] = build()
        print(f"  {name} {passed(start)}", flush=True)
    seconds = time.perf_counter() - start
    rows = sum(map(len, made.values()))
    print(f"all tables, {rows} rows: {seconds:.1f} s (aim 60), {time.process_time():.1f} s of processor time, ", end="")
    print(f"{peak():.2f} GB at peak (aim 4)")
    wrong = wrong_images(read_table(folder / "predictions-gan0.parquet").query("is_last"), np.arange(100_000) % 10)
    start = time.perf_counter()
    for _ in range(n_resamples // 100):
        weights = np.bincount(np.random.default_rng(0).integers(100_000, size=100_000), minlength=100_000)
        wrong @ weights
    plain = (time.perf_counter() - start) * 100
    print(f"resampling one set's 170 models {n_resamples} times: {plain:.0f} s, {plain / seconds:.1f} times as long")


def passed(start: float) -> str:
    """Seconds since `start` and peak memory."""
    return f"{time.perf_counter() - start:6.1f} s {peak():5.2f} GB"


def peak() -> float:
    """Peak memory of this process in GB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e9 if sys.platform == "darwin" else 1e6)


def main() -> None:
    """Make the study, then compute in a fresh process so that its peak memory is the tables' own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-resamples", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="compute from a study made before, in this folder")
    options = parser.parse_args()
    if options.folder:
        compute(options.folder, options.n_resamples)
        return
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        print("made up; computing", flush=True)
        command = [sys.executable, __file__, "--folder", folder, "--n-resamples", str(options.n_resamples)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
