"""The small study through `snakemake --profile slurm` on a real SLURM, brought up for the test.

A job costs two more starts of Snakemake than on one machine, so the study takes four minutes and, on a busy machine,
many more: it runs where the environment variable UNDERSTUDY_SLURM is set.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.studies import one_split_study
from tests.workflow.runs import ROOT, TABLES, clone, files_below, write_config
from tests.workflow.slurm import PACKAGES, Cluster, missing_programs
from understudy.costs.estimate import gpu_rules

missing = missing_programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("UNDERSTUDY_SLURM" not in os.environ, reason="UNDERSTUDY_SLURM=1 asks for the study on a SLURM"),
    pytest.mark.skipif(
        bool(missing),
        reason=f"no SLURM here (missing: {', '.join(missing)}); on Debian: apt-get install {PACKAGES}",
    ),
]

GPU_RULES = gpu_rules(ROOT / "rules")


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        yield running


def start(cluster: Cluster, folder: Path, study: dict, *arguments: str) -> subprocess.Popen:
    """Start Snakemake with the profile in ``folder``, which becomes a clone of the project."""
    if not (folder / "Snakefile").exists():
        clone(folder)
    config = write_config(folder, study)
    command = [sys.executable, "-m", "tests.workflow.fast_polling", "--profile", "slurm", "--configfile", config.name]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env=cluster.environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def accounted_jobs(cluster: Cluster, *columns: str) -> list[list[str]]:
    """Return the cluster's jobs from its accounting, a row each."""
    text = cluster.client("sacct", "--allocations", "--noheader", "--parsable2", "--format", ",".join(columns))
    return [line.split("|") for line in text.splitlines()]


@pytest.fixture(scope="module")
def outcome(cluster, tmp_path_factory) -> tuple[Path, str]:
    """The study, with a job cancelled and the controller away for a while; the folder and Snakemake's output."""
    folder = tmp_path_factory.mktemp("slurm")
    # On this machine the GPUs are pretended: `auto` asks for one, and then finds none.
    process = start(cluster, folder, one_split_study(device="auto"))
    try:
        cluster.client("scancel", _running_job(cluster, process, "rule_train_candidates"))
        cluster.stop("slurmctld")
        time.sleep(5)
        cluster.start_controller()
        output, _ = process.communicate(timeout=900)
    finally:
        process.kill()
    assert process.returncode == 0, output
    return folder, output


def _running_job(cluster: Cluster, process: subprocess.Popen, comment: str) -> str:
    """Wait for a job whose comment begins so, until it is past its two starts of Snakemake; return its number."""
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        running = cluster.client("squeue", "-h", "-t", "R", "-o", "%i %k").splitlines()
        found = [line.split()[0] for line in running if line.split()[1].startswith(comment)]
        if found:
            time.sleep(4)
            return found[0]
        time.sleep(0.5)
    raise AssertionError(f"no job {comment}: {process.communicate()[0]}")


def test_a_cancelled_job_and_an_absent_controller_change_no_table(outcome, finished):
    folder, _ = outcome
    local = files_below(finished / "results" / "small", *TABLES)
    remote = files_below(folder / "results" / "small", *TABLES)
    assert local.keys() == remote.keys()
    assert [name for name in local if local[name] != remote[name]] == []


def test_each_job_asks_for_what_its_rule_needs(outcome, cluster):
    rows = accounted_jobs(cluster, "comment", "partition", "state", "reqtres", "timelimit")
    ended = Counter(state for _, _, state, _, _ in rows)
    assert ended["COMPLETED"] == len(rows) - 1, rows  # the one that was cancelled was repeated
    rules = set()
    for comment, partition, _, asked, limit in rows:
        rule = re.sub(r"^rule_|_wildcards_.*", "", comment)
        rules.add(rule)
        assert (partition, "gres/gpu=1" in asked) == (("gpu", True) if rule in GPU_RULES else ("main", False)), comment
        assert re.search(r"mem=\d+M", asked), comment
        assert limit not in ("UNLIMITED", ""), comment
    assert rules >= {"train_extractor", "train_generator", "select_snapshot", "sample", "train_candidates", "evaluate"}
    assert rules >= {"prepare", "split", "selection_table", "rank_certificates", "select_model", "summary"}
    # Figures and pages share one job.
    assert not any(rule.startswith(("plot_", "write_")) for rule in rules)


def test_a_partition_that_does_not_exist_is_told_with_the_file_to_change(cluster, tmp_path):
    partitions = tmp_path / "partitions.yaml"
    partitions.write_text("partitions:\n  bigmem: {}\n")
    process = start(cluster, tmp_path, one_split_study(), "--slurm-partition-config", str(partitions), "--retries", "0")
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "slurm/partitions.yaml" in output
    assert "sinfo" in output
