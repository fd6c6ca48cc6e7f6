"""What scheduling costs: wall time of the small study's jobs over the sum of their working time.

    python -m benchmarks.benchmark_overhead            # on this machine's cores
    python -m benchmarks.benchmark_overhead slurm      # on a test cluster of this machine, by three profiles

Working time is what the jobs' benchmark files say: from the start of a script to its end, imports included. On the
cluster the profile `slurm` as it is stands beside one without its groups and its early first look at jobs (the
plugin's defaults), and beside itself with looks every second, as the tests run it: what is left then is not waiting.
"""

import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.cluster.slurm import Cluster
from tests.studies import one_split_study
from tests.workflow.runs import ROOT, clone, snakemake_command, write_config

TUNED = ("groups", "group-components", "slurm-init-seconds-before-status-checks")


def untuned_profile(folder: Path) -> Path:
    """Write the profile without what was tuned into ``folder``."""
    profile = folder / "untuned"
    profile.mkdir()
    keys = yaml.safe_load((ROOT / "slurm" / "config.yaml").read_text())
    (profile / "config.yaml").write_text(yaml.safe_dump({k: v for k, v in keys.items() if k not in TUNED}))
    (profile / "partitions.yaml").write_text((ROOT / "slurm" / "partitions.yaml").read_text())
    return profile


def working_times(folder: Path) -> list[float]:
    """Return the seconds of each job of a finished study."""
    rows = []
    for path in folder.glob("results/*/benchmarks/**/*.tsv"):
        with path.open() as file:
            rows += [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    return rows


def timed(name: str, command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run the study and return a line of the table."""
    start = time.monotonic()
    with (folder / "session.log").open("w") as log:
        subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, check=True)
    wall, work = time.monotonic() - start, working_times(folder)
    return f"{name:34} {len(work):5} {wall:8.0f} {sum(work):8.0f} {wall / sum(work):7.2f}"


def local(folder: Path) -> None:
    """Run the study on all cores."""
    config = write_config(folder, one_split_study())
    command = snakemake_command("--directory", str(folder), "--configfile", str(config), "--cores", "all")
    print(timed(f"--cores all ({os.cpu_count()})", command, folder, dict(os.environ)), flush=True)


def remote(cluster: Cluster, folder: Path, name: str, module: str, profile: str) -> None:
    """Run the study through a profile, and add what the cluster accounts for."""
    config = write_config(folder, one_split_study(device="auto"))
    command = [sys.executable, "-m", module, "--profile", profile, "--configfile", config.name]
    environment = cluster.environment | {"PYTHONPATH": str(ROOT)}
    before = accounted_seconds(cluster)
    line = timed(name, command, folder, environment)
    elapsed = accounted_seconds(cluster)[len(before) :]
    print(f"{line}   {len(elapsed)} jobs of the cluster, {sum(elapsed):.0f} s", flush=True)


def accounted_seconds(cluster: Cluster) -> list[int]:
    """Return the seconds of each of the cluster's jobs so far, in order of submission."""
    told = cluster.client("sacct", "--allocations", "--noheader", "--parsable2", "--format", "elapsedraw")
    return [int(line) for line in told.split()]


def main(slurm: bool) -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.processor() or platform.machine()}, n = 1")
    print(f"{'':34} {'jobs':>5} {'wall, s':>8} {'work, s':>8} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("tuned", "untuned", "second")]
        for folder in folders:
            folder.mkdir()
            clone(folder)
        if not slurm:
            local(folders[0])
            return
        with Cluster() as cluster:
            untuned = str(untuned_profile(folders[1]))
            remote(cluster, folders[0], "--profile slurm", "snakemake", "slurm")
            remote(cluster, folders[1], "without groups and early look", "snakemake", untuned)
            remote(cluster, folders[2], "--profile slurm, looks each second", "tests.cluster.fast_polling", "slurm")


if __name__ == "__main__":
    main("slurm" in sys.argv[1:])
