import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from understudy.errors import StudyError
from understudy.job_lock import STARTED_BY, locked

HOLD = """
import sys, time
from understudy.job_lock import locked
with locked(["results/weights"], sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_writer_is_refused_and_told_who_the_first_is(tmp_path, holder):
    with (
        pytest.raises(StudyError, match=rf"results/weights is being written by process {holder.pid} on .*kill"),
        locked(["results/weights"], tmp_path, timeout=0.3),
    ):
        pass


def test_a_job_on_the_cluster_is_named_by_its_number(tmp_path, holder):
    (path,) = tmp_path.glob("*.json")
    path.write_text(json.dumps({"host": "node7", "process": 1, "slurm_job": "4711"}))
    with pytest.raises(StudyError, match="scancel 4711"), locked(["results/weights"], tmp_path, timeout=0.3):
        pass


def test_other_outputs_are_free(tmp_path, holder):
    with locked(["results/other"], tmp_path, timeout=0):
        pass


def test_a_killed_writer_holds_nothing(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(["results/weights"], tmp_path, timeout=1):
        pass
    assert list(tmp_path.glob("*.json")) == []


def test_writers_that_take_turns_never_overlap(tmp_path):
    """Many short locks from several processes."""
    program = """
import os, sys, time
from pathlib import Path
from understudy.job_lock import locked
folder, marker = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(40):
    with locked(["same"], folder, timeout=30):
        descriptor = os.open(marker, os.O_CREAT | os.O_EXCL)  # fails if another is inside
        os.close(descriptor)
        marker.unlink()
"""
    command = [sys.executable, "-c", program, str(tmp_path / "locks"), str(tmp_path / "inside")]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


def test_a_job_ends_with_the_snakemake_above_it(tmp_path):
    """The chain of a local run: Snakemake, a shell, the job; Snakemake alone is killed."""
    job = (
        "import time; from understudy.job_lock import end_with_snakemake; end_with_snakemake(0.1); "
        "print('up', flush=True); time.sleep(60)"
    )
    top = tmp_path / "snakemake"
    top.write_text(
        f"import subprocess\nsubprocess.run(['sh', '-c', '\"$@\"; true', 'sh', {sys.executable!r}, '-c', {job!r}])\n"
    )
    process = subprocess.Popen([sys.executable, str(top)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    below = psutil.Process(process.pid).children(recursive=True)
    (script,) = [child for child in below if "end_with_snakemake" in " ".join(child.cmdline()) and child.name() != "sh"]
    time.sleep(0.5)
    assert script.is_running()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    gone, _ = psutil.wait_procs([script], timeout=10)
    assert gone == [script]


@pytest.mark.parametrize("named", ["as it is", "elsewhere", "not at all"])
def test_a_job_whose_snakemake_went_as_the_job_started_ends_at_once(tmp_path, named):
    """The shell that starts the job is left without its Snakemake before the job looks for it.

    Where that Snakemake can't be known by its number, as in a container's name space, the job lives.
    """
    change = {
        "as it is": "",
        "elsewhere": f"os.environ[{STARTED_BY!r}] = json.dumps([['another host', ''], os.getpid()])",
        "not at all": f"del os.environ[{STARTED_BY!r}]",
    }[named]
    job = "from understudy.job_lock import end_with_snakemake as end; end(); print('alive')"
    shell = f'echo up; read go; {sys.executable} -c "$0"; echo "status $?"'
    top = tmp_path / "snakemake"
    top.write_text(
        "import json, os, subprocess, time\nfrom understudy.job_lock import name_snakemake\n"
        f"name_snakemake()\n{change}\nsubprocess.Popen(['sh', '-c', {shell!r}, {job!r}])\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, str(top)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    process.kill()
    process.wait()
    said, _ = process.communicate("go\n", timeout=60)
    assert said == ("status 137\n" if named == "as it is" else "alive\nstatus 0\n")


def test_a_script_without_snakemake_above_it_lives(tmp_path):
    program = (
        "from understudy.job_lock import end_with_snakemake as e; import time; e(0.05); time.sleep(0.5); print('done')"
    )
    script = Path(tmp_path / "program.py")
    script.write_text(program)
    assert subprocess.run([sys.executable, script], capture_output=True, text=True).stdout == "done\n"
