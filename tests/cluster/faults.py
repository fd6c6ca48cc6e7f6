"""A fault campaign: run the small study while its jobs are killed, its disk fills and its files are cut short.

    python -m tests.cluster.faults --faults 50 --seed 0 --reference FOLDER    # where the study ran undisturbed

Which jobs are hit, how and when is drawn from the seed (when exactly a kill meets a job is up to the machine). In the
end every table must be, byte for byte, what an undisturbed run gives, and no output of a finished job may have been
made twice. Where the study ends before all faults have happened, it begins again from nothing; a campaign of more
faults than there are long steps hits each of them. The list of faults with what followed is printed.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.studies import one_split_study
from tests.workflow.observed import finished_outputs, newest_checkpoints, running_scripts
from tests.workflow.runs import clone, tables_below, write_config
from understudy.costs.measured import read_benchmarks

LONG_STEPS = (
    "train_extractor",
    "train_generator",
    "select_snapshot",
    "sample",
    "evaluate_generator",
    "train_candidates",
    "evaluate",
    "evaluate_calibration",
    "rank_candidates",
    "train_diffusion",
    "sample_plain_images",
    "run_practice",
    "evaluate_practice",
)
# Where the long steps that train keep their checkpoints.
CHECKPOINTS = {
    "train_generator": "generators",
    "train_candidates": "candidates",
    "train_diffusion": "practice/diffusion",
    "run_practice": "practice/runs",
}
TARGETS = (
    *("selection_gain", "rank_preservation", "protocol_comparison", "generator_quality", "rank_certificates"),
    *("calibration", "practice_scaling"),
)
# How a job is hit. A time limit sends SIGTERM, then SIGKILL.
CHECKPOINT_CUT = "SIGKILL, newest checkpoint cut"
KINDS = ("SIGKILL", "time limit", CHECKPOINT_CUT, "SIGKILL of Snakemake", "full disk", "parquet cut")
LIVES_ON, NOT_NOTICED = "THE JOB LIVES ON", "NOT NOTICED"


@dataclass
class Fault:
    """One fault and what followed."""

    kind: str
    rule: str
    seconds: float
    followed: str = ""


class Campaign:
    """Sessions of Snakemake on one folder, disturbed until ``faults`` have happened, then left to finish.

    Parameters
    ----------
    reference : a folder in which the study has run undisturbed
    disk : bytes of a small file system to mount as the study's results, for the full disk; None leaves that fault out
    """

    def __init__(self, folder: Path, reference: Path, faults: int, seed: int, disk: int | None = None):
        self.folder, self.reference, self.wanted = folder, reference, faults
        self.random = random.Random(seed)
        self.results = folder / "results" / "small"
        self.faults: list[Fault] = []
        self.hits: Counter[str] = Counter()
        self.rounds = self.compared = 0
        self.different: list[str] = []
        self.made_once: dict[str, tuple[int, int]] = {}
        self.made_twice: list[str] = []
        self.cut: str | None = None
        self.cut_fault: Fault | None = None
        self.rebuilding = False
        self.lengths: dict[str, float] = defaultdict(float)
        for (rule, _), seconds in read_benchmarks(reference / "results" / "small", "gpu").items():  # by the clock
            self.lengths[rule] = max(self.lengths[rule], seconds)
        self.disk = disk
        clone(folder)
        self.config = write_config(folder, one_split_study())
        if disk:
            (folder / "results").mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk}", "tmpfs", folder / "results"], check=True)

    @property
    def unanswered(self) -> list[Fault]:
        """The faults that were not dealt with: a job that outlived its Snakemake, a cut file that nobody noticed."""
        return [fault for fault in self.faults if fault.followed in (LIVES_ON, NOT_NOTICED)]

    def close(self) -> None:
        """Unmount the small disk."""
        if self.disk:
            subprocess.run(["umount", "--lazy", self.folder / "results"], check=True)

    def run(self) -> None:
        """Disturb the study until all faults have happened, and let it finish; compare its tables."""
        for _ in range(4 * self.wanted + 10):
            self._sabotage_file()
            ended = self._session()
            self._record_finished()
            self.rebuilding = False
            if ended == 0:
                self.rounds += 1
                first, second = (tables_below(place / "results" / "small") for place in (self.reference, self.folder))
                self.compared += len(second)
                self.different += [name for name in second if second[name] != first.get(name)]
                if len(self.faults) >= self.wanted:
                    return
                self._begin_again()
        raise AssertionError(f"the study did not come to an end; last output:\n{self.output.read_text()[-3000:]}")

    def _begin_again(self) -> None:
        for place in (self.results, self.folder / ".snakemake"):
            shutil.rmtree(place)
        self.made_once.clear()

    # ------------------------------------------------------------------ one session

    def _session(self) -> int:
        """Run Snakemake once, disturbing its jobs; return its exit status."""
        self.output = self.folder / "session.log"
        targets = [f"results/small/tables/{name}.parquet" for name in TARGETS]
        common = [sys.executable, "-m", "snakemake", "--configfile", self.config.name]
        # Nobody else is at work here: a lock is that of a session that was killed.
        if any((self.folder / ".snakemake" / "locks").glob("*")):
            subprocess.run([*common, "--unlock", "--quiet", "all"], cwd=self.folder, capture_output=True, check=True)
        run = [*common, "--cores", "2", "--rerun-incomplete", "--keep-going", "--retries", "6", *targets]
        environment = os.environ | {"UNDERSTUDY_CHECKPOINT_SECONDS": "0", "OMP_NUM_THREADS": "1"}
        with self.output.open("w") as output:
            main = psutil.Popen(run, cwd=self.folder, stdout=output, stderr=output, env=environment)
        due: dict[int, float] = {}
        try:
            while main.poll() is None:
                time.sleep(0.2)
                self._record_finished()
                for script, rule in running_scripts(main, LONG_STEPS):
                    if not self._may_hit(rule) or self.hits[rule] >= 2 + self.wanted // 10:
                        continue
                    age = time.time() - script.create_time()
                    if script.pid not in due:
                        # Some attempts are left alone, so that the study gets on; a step that was never hit is not.
                        hit = not self.hits[rule] or self.random.random() < 0.6
                        due[script.pid] = self.random.uniform(0, 1.2 * self.lengths[rule]) if hit else 1e9
                    if age >= due[script.pid]:
                        due[script.pid] = 1e9
                        self._hit(main, script, rule, age)
            return main.wait()
        finally:
            if main.poll() is None:
                main.kill()

    def _may_hit(self, rule: str = "") -> bool:
        """Whether there is a fault left for a rule; a long campaign keeps one for each step that none has hit yet."""
        kept = [step for step in LONG_STEPS if not self.hits[step]] if self.wanted > len(LONG_STEPS) else []
        return self.wanted - len(self.faults) > (0 if rule in kept else len(kept))

    def _hit(self, main: psutil.Popen, script: psutil.Process, rule: str, age: float) -> None:
        impossible = {"parquet cut"} | (set() if self.disk else {"full disk"})
        impossible |= set() if rule in CHECKPOINTS else {CHECKPOINT_CUT}
        kind = self.random.choice([kind for kind in KINDS if kind not in impossible])
        fault = Fault(kind, rule, age)
        try:
            if kind == "SIGKILL of Snakemake":
                main.kill()
                gone, left = psutil.wait_procs([script], timeout=20)
                fault.followed = "its job ended itself" if gone else LIVES_ON
                for process in left:
                    process.kill()
            elif kind == "full disk":
                fault.followed = self._fill_disk(script)
            elif kind == CHECKPOINT_CUT:
                fault.followed = self._cut_checkpoint(script, self.results / "checkpoints" / CHECKPOINTS[rule])
                fault.seconds = time.time() - script.create_time()
            else:
                if kind == "time limit":
                    script.terminate()
                    time.sleep(0.1)
                script.kill()
                fault.followed = "repeated"
        except psutil.NoSuchProcess:
            return  # it had just ended
        self.hits[rule] += 1
        self.faults.append(fault)

    def _fill_disk(self, script: psutil.Process) -> str:
        ballast = self.folder / "results" / "ballast"
        # Without a buffer: closing the file would write what is left in one, and fail.
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
        psutil.wait_procs([script], timeout=60)
        log = self.output.read_text()
        ballast.unlink()
        return "told: no space left" if "No space left" in log or "Disk quota" in log else "nothing to write just then"

    @staticmethod
    def _cut_checkpoint(script: psutil.Process, folder: Path) -> str:
        """Kill a job once it has a checkpoint, and cut the newest short, as a machine does that loses its power."""
        while not (found := newest_checkpoints(folder, since=script.create_time())):
            if not script.is_running():
                raise psutil.NoSuchProcess(script.pid)
            time.sleep(0.01)
        script.kill()
        psutil.wait_procs([script], timeout=5)
        # A job of the same rule that runs beside this one may lose its newest too.
        found = newest_checkpoints(folder, since=script.create_time()) or found
        for path in found:
            with suppress(FileNotFoundError):
                os.truncate(path, path.stat().st_size // 2)
        alone = [path for path in found if len(list(path.parent.glob("step-*.safetensors"))) == 1]
        return "began anew: it was the only one" if alone else "went on from the checkpoint before"

    def _sabotage_file(self) -> None:
        """Before a session: cut a finished file that a table reads, its time unchanged; or mend the last one."""
        if self.cut:
            told = f"{self.cut} is not a readable parquet file" in self.output.read_text()
            if told:
                (self.folder / self.cut).unlink()  # what the message says to do
                self.cut_fault.followed = "named by the next reader; removed, made anew"
                self.cut, self.rebuilding = None, True
            return
        read_later = ("counts.parquet", "predictions.parquet", "quality.parquet", "runs.parquet", "evaluation.parquet")
        finished = sorted(path for path in finished_outputs(self.folder) if path.endswith(read_later))
        if not self._may_hit() or not finished or self.random.random() < 0.5:
            return
        self.cut = self.random.choice(finished)
        file = self.folder / self.cut
        status = file.stat()
        os.truncate(file, status.st_size // 2)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.cut_fault = Fault("parquet cut", file.name, 0.0, NOT_NOTICED)
        self.faults.append(self.cut_fault)

    # ------------------------------------------------------------------ what was finished

    def _record_finished(self) -> None:
        """Note outputs of finished jobs, and those that were made a second time."""
        if self.cut or self.rebuilding:
            self.made_once.clear()  # a file that is made anew may well repeat what follows from it
            return
        for path in finished_outputs(self.folder):
            status = (self.folder / path).stat()
            now = (status.st_ino, status.st_mtime_ns)
            if self.made_once.setdefault(path, now) != now:
                self.made_twice.append(path)
                self.made_once[path] = now


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference", type=Path, required=True)
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="faults-"))
    disk = 200_000_000 if os.geteuid() == 0 else None
    campaign = Campaign(place, options.reference, options.faults, options.seed, disk)
    try:
        campaign.run()
    finally:
        for fault in campaign.faults:
            print(f"{fault.kind:32} {fault.rule:24} after {fault.seconds:5.1f} s: {fault.followed}")
        print(f"{len(campaign.faults)} faults in {campaign.rounds} finished runs of the study")
        print(f"{campaign.compared} files compared with the undisturbed run's, different: {campaign.different}")
        print(f"outputs of finished jobs made twice: {campaign.made_twice}")
        campaign.close()
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(bool(campaign.different or campaign.made_twice or campaign.unanswered))
