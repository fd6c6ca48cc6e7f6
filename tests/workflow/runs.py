"""Run the workflow in a folder of its own, as a user would from a clone."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from tests.workflow.fork_server import ForkedProcess

ROOT = Path(__file__).parents[2]
# What must not depend on how a study was scheduled, but for measured times.
TABLES = (
    "tables/*",
    "counts.parquet",
    "predictions.parquet",
    "history.parquet",
    "snapshot_scores.parquet",
    "runs.parquet",
    "additions.parquet",
    "hardness.parquet",
    "evaluation.parquet",
    "card.json",
)
MEASURED = r"seconds|^ratio_ci"
# The files with the output of a Snakemake that a fork of the server runs.
OUTPUTS = ("snakemake.stdout", "snakemake.stderr")


def clone(folder: Path) -> None:
    """Make ``folder`` look like a fresh clone."""
    for name in ("Snakefile", "config.yaml", "rules", "workflow_scripts", "envs", "slurm", "profiles"):
        (folder / name).symlink_to(ROOT / name)


def snakemake_command(*arguments: str) -> list[str]:
    """Return the command line of Snakemake on this clone's workflow."""
    return [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *arguments]


def write_config(folder: Path, study: dict) -> Path:
    """Write a study's configuration into ``folder``."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path


def start_snakemake(folder: Path, study: dict, *arguments: str) -> ForkedProcess:
    """Start Snakemake in ``folder`` on a study in a fork of the server; what it prints goes to files there."""
    config = write_config(folder, study)
    outputs = [folder / name for name in OUTPUTS]
    for path in outputs:
        path.unlink(missing_ok=True)
    common = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--configfile", str(config)]
    return ForkedProcess([*common, *arguments], folder, outputs)


def snakemake(folder: Path, study: dict, *arguments: str) -> subprocess.CompletedProcess:
    """Run Snakemake in ``folder`` on a study and return what it printed."""
    status = start_snakemake(folder, study, *arguments).wait()
    return subprocess.CompletedProcess(arguments, status, *((folder / name).read_text() for name in OUTPUTS))


def planned_jobs(folder: Path, study: dict, *arguments: str) -> dict[str, int]:
    """Return how many jobs of each rule a dry run plans, the targets left out."""
    result = snakemake(folder, study, "--dry-run", *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    text = result.stdout + result.stderr
    rows = re.findall(r"^(\w+)\s+(\d+)$", text.split("Job stats:")[-1].split("total")[0], flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule not in ("all", "selection", "count")}


def files_below(folder: Path, *patterns: str) -> dict[str, bytes]:
    """Return the content of the files below ``folder`` that match a pattern, by relative name."""
    found = {path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()}
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def tables_below(folder: Path) -> dict[str, bytes]:
    """Return the content of a study's tables by name; of those that hold measured times the other columns, as text."""
    found = files_below(folder, *TABLES)
    for name in found:
        if name.endswith((".parquet", ".csv")):
            table = (pd.read_parquet if name.endswith("parquet") else pd.read_csv)(folder / name)
            measured = table.filter(regex=MEASURED).columns
            if len(measured):
                found[name] = table.drop(columns=measured).to_csv(index=False).encode()
    return found
