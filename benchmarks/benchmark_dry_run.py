"""How long Snakemake plans a full-size study, before anything has run and when everything has.

    python -m benchmarks.benchmark_dry_run [STUDY.yaml ...]

A finished study is made of empty files, all of one age. Printed are jobs, and seconds of both dry runs by the clock and
of processor time, which other work on the machine changes less; the aim is fewer than 3,000 jobs and 20 s on two cores.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
STUDIES = ("cifar10", "imagenet", "imagenet100_practice")
CLASSES, IMAGES_PER_CLASS = 100, 150  # of the folder that stands in for ImageNet-100


def make_images(folder: Path, study: Path) -> None:
    """Make the image folder of a study that has one, of empty files: a plan counts the images of each class."""
    data = yaml.safe_load(study.read_text()).get("data") or {}
    if data.get("source") != "imagefolder":
        return
    for label in range(CLASSES):
        place = folder / data["root"] / f"class_{label:03d}"
        place.mkdir(parents=True)
        for image in range(IMAGES_PER_CLASS):
            (place / f"{image}.png").touch()


@dataclass(frozen=True)
class Seconds:
    """How long a process took."""

    clock: float
    processor: float

    def __str__(self):
        return f"{self.clock:.1f} s ({self.processor:.1f} s)"


def snakemake(folder: Path, study: Path, *arguments: str) -> tuple[str, Seconds]:
    """Run Snakemake in ``folder`` on a study; return what it printed and the seconds it took."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    started, used = time.perf_counter(), os.times()
    result = subprocess.run([*command, "--configfile", str(study), *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    spent = os.times()
    processor = spent.children_user + spent.children_system - used.children_user - used.children_system
    return result.stdout + result.stderr, Seconds(time.perf_counter() - started, processor)


def planned(text: str) -> int:
    """Return the number of jobs that a dry run plans."""
    total = re.search(r"^total\s+(\d+)$", text, flags=re.MULTILINE)
    assert total or "Nothing to be done" in text, text
    return int(total[1]) if total else 0


def dry_run(folder: Path, study: Path) -> tuple[int, Seconds]:
    """Return jobs and seconds of a dry run."""
    text, seconds = snakemake(folder, study, "--dry-run", "--quiet", "rules")
    return planned(text), seconds


def finish(folder: Path, study: Path) -> int:
    """Make every output of a study as an empty file or folder, all of one age; return how many."""
    text, _ = snakemake(folder, study, "--summary")
    rows = [line.split("\t")[0] for line in text.splitlines() if "\t" in line]
    outputs = [folder / row for row in rows if row != "output_file"]
    make_outputs(outputs)
    return len(outputs)


def make_outputs(outputs: Sequence[Path]) -> None:
    """Make empty files and folders, all of one age."""
    for path in outputs:
        if path.suffix:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        else:
            path.mkdir(parents=True, exist_ok=True)
    now = time.time()
    for path in outputs:
        os.utime(path, (now, now))


def main(studies: list[Path]) -> None:
    """Print the table."""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'study':24} {'jobs':>6} {'empty tree (processor)':>24} {'files':>7} {'left':>5} {'finished tree':>20}")
    for study in studies:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            make_images(folder, study)
            jobs, before = dry_run(folder, study)
            files = finish(folder, study)
            left, after = dry_run(folder, study)
        print(f"{study.stem:24} {jobs:6,} {before!s:>24} {files:7,} {left:5} {after!s:>20}", flush=True)


if __name__ == "__main__":
    given = [Path(argument).resolve() for argument in sys.argv[1:]]
    main(given or [ROOT / "studies" / f"{name}.yaml" for name in STUDIES])
