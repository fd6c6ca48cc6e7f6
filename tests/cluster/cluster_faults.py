"""Faults on a cluster: run the small study through the SLURM profile while its jobs, nodes and controller are hit.

    python -m tests.cluster.cluster_faults --seed 0 --reference FOLDER    # where the study ran undisturbed

Each long step is hit as it runs, in a way drawn from the seed. In the end every table must be, byte for byte, what the
undisturbed run gives.
"""

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.cluster.faults import LONG_STEPS, Fault
from tests.cluster.slurm import Cluster
from tests.studies import one_split_study
from tests.workflow.runs import ROOT, clone, tables_below, write_config

KINDS = ("scancel", "node lost", "controller away", "SIGKILL of Snakemake", "time limit")


def start(cluster: Cluster, folder: Path, study: dict, *arguments: str) -> subprocess.Popen:
    """Start Snakemake with the profile in ``folder``, which becomes a clone of the project; output to session.log."""
    if not (folder / "Snakefile").exists():
        clone(folder)
    config = write_config(folder, study)
    command = [sys.executable, "-m", "tests.cluster.fast_polling", "--profile", "slurm"]
    with (folder / "session.log").open("w") as log:
        return subprocess.Popen(
            # --configfile takes all paths that follow it.
            [*command, *arguments, "--configfile", config.name],
            cwd=folder,
            env=cluster.environment | {"PYTHONPATH": str(ROOT), "UNDERSTUDY_CHECKPOINT_SECONDS": "1"},
            stdout=log,
            stderr=log,
        )


def orphans_recipe() -> str:
    """Return what README says to do after Snakemake was killed, for the study of these tests."""
    lines = [line.strip() for line in (ROOT / "README.md").read_text().splitlines()]
    first = next(place for place, line in enumerate(lines) if line.startswith("squeue --me"))
    unlock = lines[first + 1].replace(".venv/bin/snakemake", f"{sys.executable} -m snakemake")
    return f"{lines[first]} && {unlock.replace('studies/cifar10.yaml', 'study.yaml')}"


class Disturbance:
    """The study on a cluster, its steps hit as they run.

    Parameters
    ----------
    faults : of each rule the kinds of faults that hit its jobs, one after the other
    """

    def __init__(self, cluster: Cluster, folder: Path, study: dict, faults: dict[str, list[str]]):
        self.cluster, self.folder, self.study = cluster, folder, study
        self.left = {rule: list(kinds) for rule, kinds in faults.items()}
        self.hit: set[str] = set()
        self.faults: list[Fault] = []
        self.outages: list[tuple[str, float, float]] = []  # node, and seconds since 1970 from its loss to its return

    def run(self, seconds: float) -> None:
        """Run the study to its end, hitting its jobs; raise an AssertionError with what it said if it fails."""
        process = start(self.cluster, self.folder, self.study)
        deadline = time.monotonic() + seconds
        try:
            while process.poll() is None:
                assert time.monotonic() < deadline, self._output()
                for script, job, rule in self._scripts():
                    if job not in self.hit and self.left.get(rule):
                        self.hit.add(job)
                        kind = self.left[rule].pop(0)
                        fault = Fault(kind, rule, time.time() - script.create_time())
                        process = self._hit(kind, script, job, process)
                        self.faults.append(fault)
                        break
                time.sleep(0.3)
        finally:
            process.kill()
        assert process.returncode == 0, self._output()

    def _output(self) -> str:
        return (self.folder / "session.log").read_text()

    def _scripts(self) -> list[tuple[psutil.Process, str, str]]:
        """Return the running scripts with their jobs' numbers and rules."""
        found = []
        for process in psutil.process_iter():
            try:
                match = re.search(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py", " ".join(process.cmdline()[:3]))
                if match and process.name().startswith("python") and process.cwd() == str(self.folder):
                    found.append((process, process.environ()["SLURM_JOB_ID"], match[1]))
            except (psutil.Error, KeyError):
                pass
        return found

    def _hit(self, kind: str, script: psutil.Process, job: str, snakemake: subprocess.Popen) -> subprocess.Popen:
        """Let a fault happen to a job; return the process of the Snakemake that goes on."""
        cluster = self.cluster
        if kind == "scancel":
            cluster.client("scancel", job)
        elif kind == "node lost":
            node = cluster.client("squeue", "-h", "-j", job, "-o", "%N").strip()
            began = time.time()
            lost = cluster.crash_node(node)
            time.sleep(12)  # the controller allows a job so long to begin before it misses it
            cluster.start_node(node)
            self.outages.append((node, began, time.time()))
            # SLURM would wait for two minutes before it starts them again.
            cluster.wait("lost jobs", lambda: all(cluster.starts_again(job) for job in lost))
        elif kind == "controller away":
            cluster.stop("slurmctld")
            time.sleep(30)
            cluster.start_controller()
        elif kind == "SIGKILL of Snakemake":
            snakemake.send_signal(signal.SIGKILL)
            snakemake.wait()
            subprocess.run(orphans_recipe(), shell=True, cwd=self.folder, env=cluster.environment, check=True)
            return start(cluster, self.folder, self.study)
        else:  # a job that hangs; limits are whole minutes
            script.suspend()
            cluster.client("scontrol", "update", f"JobId={job}", "TimeLimit=1")
        return snakemake


def draw_faults(seed: int) -> dict[str, list[str]]:
    """Return two faults for every long step, drawn from the seed; only two of the slow time limits."""
    chosen = random.Random(seed)
    hit = {rule: [chosen.choice(KINDS[:4]) for _ in range(2)] for rule in LONG_STEPS}
    for rule in chosen.sample(("train_generator", "train_candidates", "run_practice"), 2):
        hit[rule][1] = "time limit"
    return hit


def main(seed: int, reference: Path, report: Callable[[str], None] = print) -> bool:
    """Run the campaign and report; return whether all tables are as they should be."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    with Cluster() as cluster:
        # The GPUs are pretended: `auto` asks for one, and then finds none.
        disturbance = Disturbance(cluster, folder, one_split_study(device="auto"), draw_faults(seed))
        try:
            disturbance.run(3600)
        finally:
            for fault in disturbance.faults:
                report(f"{fault.kind:24} {fault.rule:24} after {fault.seconds:5.1f} s")
    first, second = (tables_below(place / "results" / "small") for place in (reference, folder))
    different = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    report(f"{len(disturbance.faults)} faults; {len(second)} files compared, different: {different}")
    shutil.rmtree(folder, ignore_errors=True)
    return not different


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference", type=Path, required=True)
    options = parser.parse_args()
    sys.exit(not main(options.seed, options.reference))
