"""One writer at a time: a job locks its outputs, and ends with the Snakemake that started it.

A Snakemake that is killed with SIGKILL cannot stop its jobs. On one machine a job sees that its Snakemake is gone and
ends itself. On a cluster the job keeps running, and the lock refuses a second run that meets it on the same outputs.
"""

import errno
import hashlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from understudy.errors import StudyError
from understudy.files import read_json, write_json

# File systems without locks say so in one of these ways.
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
# The environment variable by which a Snakemake tells its jobs which process it is.
STARTED_BY = "UNDERSTUDY_SNAKEMAKE"


@contextmanager
def locked(outputs: Sequence[str | Path], folder: str | Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold the lock of a job's outputs while the block runs.

    Parameters
    ----------
    outputs : sequence of path
        The files and folders that the job writes.
    folder : path
        Where locks lie, on the file system that all nodes share.
    timeout : float
        Seconds to wait for another holder, which may be about to be killed.

    Raises
    ------
    StudyError
        If another process still holds the lock after that time. Its message says which.
    """
    name = hashlib.blake2b("\n".join(map(str, outputs)).encode(), digest_size=16).hexdigest()
    Path(folder).mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(Path(folder) / f"{name}.lock", timeout=timeout), Path(folder) / f"{name}.json"
    try:
        lock.acquire()
    except Timeout:
        raise StudyError(f"{outputs[0]} is being written by {_describe(holder)}, left from a killed run") from None
    except (NotImplementedError, OSError) as error:
        if getattr(error, "errno", errno.ENOSYS) not in NO_LOCKS:
            raise
        print(f"{folder} is on a file system without locks: nothing keeps two writers apart", file=sys.stderr)
    try:
        write_json(holder, _identity())
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _identity() -> dict:
    return {"host": socket.gethostname(), "process": os.getpid(), "slurm_job": os.environ.get("SLURM_JOB_ID")}


def _describe(holder: Path) -> str:
    try:
        found = read_json(holder)
    except (OSError, StudyError):
        return "another process"
    if found["slurm_job"]:
        return f"SLURM job {found['slurm_job']} on {found['host']} (`scancel {found['slurm_job']}` ends it)"
    return f"process {found['process']} on {found['host']} (`kill {found['process']}` there ends it)"


def name_snakemake() -> None:
    """Say in the environment of the jobs to come that this process, a Snakemake, starts them."""
    os.environ[STARTED_BY] = json.dumps([_machine(), os.getpid()])


def end_with_snakemake(seconds: float = 1.0) -> None:
    """Kill this process, from a thread, as soon as a Snakemake above it has gone; looks every ``seconds``.

    There is nothing to tidy up: files are whole or absent, and training goes on from its checkpoints. A job that
    finds no Snakemake above it, since that went while the job was starting, ends at once, but only where the one that
    :func:`name_snakemake` named is known to have gone: run by hand or in a container, a job lives.
    """
    above = [process for process in psutil.Process().parents() if _is_snakemake(process)]
    if not above and _starter_has_gone():
        os.kill(os.getpid(), signal.SIGKILL)

    def watch() -> None:
        while all(_runs(process) for process in above):
            time.sleep(seconds)
        # What is left in between would tidy up outputs that a new run may be writing by then.
        for process in above:
            with suppress(psutil.Error):
                process.kill()
        os.kill(os.getpid(), signal.SIGKILL)

    if above:
        threading.Thread(target=watch, daemon=True, name="end with Snakemake").start()


def _machine() -> list[str]:
    """Return what must be the same for two processes to know each other by number: the host, and its name space."""
    space = Path("/proc/self/ns/pid")
    return [socket.gethostname(), str(space.readlink()) if space.is_symlink() else ""]


def _starter_has_gone() -> bool:
    """Whether the Snakemake named in the environment ran on this machine and has ended."""
    try:
        machine, number = json.loads(os.environ[STARTED_BY])
        return machine == _machine() and not _runs(psutil.Process(number))
    except psutil.NoSuchProcess:
        return True
    except (KeyError, ValueError, TypeError, OSError, psutil.Error):
        return False


def _is_snakemake(process: psutil.Process) -> bool:
    try:
        # A shell that starts Snakemake in the background may end before it: only Python's own processes count.
        is_python = process.name().lower().startswith(("python", "snakemake"))
        return is_python and any("snakemake" in part for part in process.cmdline()[:3])
    except psutil.Error:
        return False


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
