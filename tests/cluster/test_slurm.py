"""The small study through `snakemake --profile slurm` on a real SLURM, brought up for the test; and its refusals.

A job costs two more starts of Snakemake than on one machine, so the study takes some six minutes on two cores.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from tests.cluster.cluster_faults import Disturbance, start
from tests.cluster.slurm import PACKAGES, Cluster, missing_programs
from tests.studies import one_split_study
from tests.workflow.runs import ROOT, tables_below
from understudy.resources import RESOURCES

missing = missing_programs()
pytestmark = [
    pytest.mark.skipif(
        bool(missing),
        reason=f"no SLURM here (missing: {', '.join(missing)}); on Debian: apt-get install {PACKAGES}",
    ),
]

GPU_RULES = {rule for rule, request in RESOURCES.items() if request.gpu}
# Submitted by themselves; tables and figures share two jobs.
RULES = {
    *("prepare", "draw_train", "carve_train", "divide_held_out", "train_extractor"),
    *("train_generator", "select_snapshot", "sample", "evaluate_generator"),
    *("draw_graphs", "train_candidates", "evaluate", "evaluate_calibration", "rank_candidates", "calibration_tables"),
    *("practice_theory", "train_diffusion", "sample_plain_images", "run_practice", "evaluate_practice"),
    *("practice_tables", "practice_omega", "tables", "report"),
}

FAULTS = {
    "train_generator": ["SIGKILL of Snakemake"],
    "train_candidates": ["scancel"],
    "evaluate": ["node lost"],
    "run_practice": ["controller away"],
}


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        yield running


@dataclass(frozen=True)
class Job:
    """A job in the cluster's accounting: its rule, what it asked for, and how, where and when it ended."""

    rule: str
    partition: str
    resources: str
    limit: str
    state: str
    node: str
    ended: float


def accounted_jobs(cluster: Cluster) -> list[Job]:
    """Return the study's jobs from the cluster's accounting."""
    columns = "comment,partition,reqtres,timelimit,state,nodelist,end"
    text = cluster.client("sacct", "--allocations", "--noheader", "--parsable2", "--format", columns)
    jobs = []
    for line in text.splitlines():
        comment, partition, resources, limit, state, node, end = line.split("|")
        ended = datetime.fromisoformat(end).timestamp()
        jobs.append(Job(rule_of(comment), partition, resources, limit, state.split()[0], node, ended))
    return jobs


def rule_of(comment: str) -> str:
    """Return the rule of a job's comment, or the group, whose name is followed by those of its rules."""
    name = re.sub(r"^rule_|_wildcards_.*", "", comment)
    return re.sub(r"^(tables|report)_.*", r"\1", name)


@pytest.fixture(scope="module")
def outcome(cluster, tmp_path_factory) -> tuple[Disturbance, list[Job]]:
    """The study, with much that goes wrong on a cluster, and the cluster's list of jobs."""
    folder = tmp_path_factory.mktemp("slurm")
    # On this machine the GPUs are pretended: `auto` asks for one, and then finds none.
    disturbance = Disturbance(cluster, folder, one_split_study(device="auto"), FAULTS)
    disturbance.run(seconds=3600)
    assert len(disturbance.faults) == len(FAULTS)
    return disturbance, accounted_jobs(cluster)


def test_killed_lost_and_cancelled_jobs_and_an_absent_controller_change_no_table(outcome, finished):
    local, remote = (tables_below(folder / "results" / "small") for folder in (finished, outcome[0].folder))
    assert local.keys() == remote.keys()
    assert [name for name in local if local[name] != remote[name]] == []


def test_each_job_asks_for_what_its_rule_needs(outcome):
    disturbance, jobs = outcome
    print(*jobs, sep="\n")
    assert {job.rule for job in jobs} == RULES
    for job in jobs:
        partition = "gpu" if job.rule in GPU_RULES else "main"
        assert (job.partition, "gres/gpu=1" in job.resources) == (partition, job.rule in GPU_RULES), job
        assert re.search(r"mem=\d+[MG]", job.resources), job
        assert job.limit not in ("UNLIMITED", ""), job
    completed = Counter(job.rule for job in jobs if job.state == "COMPLETED")
    assert set(completed) == RULES
    assert completed["tables"] == completed["report"] == 1
    # The others were cancelled, one by the test and what ran when Snakemake was killed, or were lost with a node: if
    # they met their end before its daemon did, SLURM tells them as failed.
    ((node, lost, back),) = disturbance.outages
    for job in jobs:
        died_with_node = job.state == "FAILED" and job.node == node and lost - 1 <= job.ended <= back + 1
        assert job.state in ("COMPLETED", "CANCELLED") or died_with_node, job


@pytest.mark.short
def test_the_first_jobs_run_where_their_rules_say(cluster, tmp_path):
    target = "results/small/splits/draw0/Train200/train.parquet"
    process = start(cluster, tmp_path, one_split_study(device="auto"), target)
    try:
        assert process.wait(600) == 0, (tmp_path / "session.log").read_text()
    finally:
        process.kill()
    folder, jobs = tmp_path / target, [job for job in accounted_jobs(cluster) if job.rule in ("prepare", "draw_train")]
    assert folder.is_file()
    assert {(job.rule, job.partition) for job in jobs if job.state == "COMPLETED"} == {
        ("prepare", "main"),
        ("draw_train", "main"),
    }


@pytest.mark.short
def test_daemons_end_with_the_process_that_started_them():
    command = [sys.executable, "-m", "tests.cluster.slurm"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        told = re.match("export SLURM_CONF=(.*)/slurm.conf", process.stdout.readline())
        daemons = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
    assert {"munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd"} <= {daemon.name() for daemon in daemons}
    assert psutil.wait_procs(daemons, timeout=60)[1] == []
    shutil.rmtree(told[1])


# ---------------------------------------------------------------------- refusals: what to change in which file


def refused(cluster: Cluster, folder: Path, study: dict, *arguments: str) -> str:
    """Run a study that cannot go on; return what is said."""
    process = start(cluster, folder, study, "--retries", "0", *arguments)
    try:
        status = process.wait(600)
    finally:
        process.kill()
    output = (folder / "session.log").read_text()
    assert status != 0, output
    return "\n".join(line for line in output.splitlines() if line.startswith("Understudy: "))


@pytest.mark.short
def test_a_partition_that_does_not_exist_is_told_with_the_file_to_change(cluster, tmp_path):
    partitions = tmp_path / "partitions.yaml"
    partitions.write_text("partitions:\n  bigmem: {}\n")
    told = refused(cluster, tmp_path, one_split_study(), "--slurm-partition-config", str(partitions))
    assert "slurm/partitions.yaml" in told and "sinfo -s" in told


@pytest.mark.short
@pytest.mark.parametrize("asked", [("gpu=1", "gpu_model=h900"), ("gres=gpu:h900:1",)])
def test_a_gpu_that_does_not_exist_is_told_with_the_file_to_change(cluster, tmp_path, asked):
    told = refused(
        cluster, tmp_path, one_split_study(), "--set-resources", *(f"prepare:{resource}" for resource in asked)
    )
    assert "slurm/config.yaml" in told and "%G" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may hide a folder from a node")
def test_a_node_without_the_environment_is_told(cluster, tmp_path):
    cluster.stop("main0")
    cluster.start_node("main0", hidden=Path(sys.prefix))
    cluster.wait("node", lambda: cluster.client("sinfo", "-h", "-n", "main0", "-o", "%t").split() == ["idle"])
    try:
        told = refused(cluster, tmp_path, one_split_study())
    finally:
        cluster.stop("main0")
        cluster.start_node("main0")
    assert "make install" in told and "a node lacks the environment" in told


def test_a_node_without_a_gpu_is_told(cluster, finished, tmp_path):
    for part in ("results", ".snakemake"):
        shutil.copytree(finished / part, tmp_path / part)
    (extractor,) = tmp_path.glob("results/small/extractor/**/extractor.safetensors")
    told = refused(cluster, tmp_path, one_split_study(device="cuda"), str(extractor.relative_to(tmp_path)))
    assert "slurm/config.yaml" in told and "device: cpu" in told
