"""Run a study, make its report and print what was chosen: the body of ``make demo``.

A run that was killed is taken up again: the lock that it left behind is removed, and files that it left incomplete are
made anew. While another run is at work in the folder, this one is refused.
"""

import argparse
import fcntl
import subprocess
import sys
from pathlib import Path

from understudy.config import read_study, results_folder
from understudy.errors import StudyError

STATE = Path(".snakemake")


def run(configfile: str, cores: str) -> int:
    """Run the study of ``configfile`` on ``cores`` cores; return the exit status."""
    folder = results_folder(read_study(configfile))
    STATE.mkdir(exist_ok=True)
    with (STATE / "understudy.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is at work in this folder; wait for it or stop it first", file=sys.stderr)
            return 1
        return _run_locked(["--configfile", configfile], cores, folder)


def _run_locked(study: list[str], cores: str, folder: Path) -> int:
    snakemake = [sys.executable, "-m", "snakemake", *study]
    # Left behind by a run of this script that was killed: then Snakemake's lock is nobody's. Any other lock is kept.
    killed = STATE / "understudy.running"
    steps = [["--unlock", "--quiet", "all"]] if killed.exists() else []
    steps.append(["--cores", cores, "--rerun-incomplete", "--quiet", "rules", "host"])
    report = folder / "report.html"
    steps.append(["--report", str(report), "--quiet", "all"])
    killed.touch()
    for arguments in steps:
        status = _wait_for(subprocess.Popen([*snakemake, *arguments]))
        if status:
            killed.unlink()
            return status
    killed.unlink()
    summary = folder / "summary.txt"
    if summary.exists():
        print(summary.read_text())
    print(f"The report: {report}")
    return 0


def _wait_for(snakemake: subprocess.Popen) -> int:
    """Return the exit status of a Snakemake; Ctrl-C reaches it too, and it takes a moment to stop its jobs."""
    stopped = False
    while True:
        try:
            status = snakemake.wait()
        except KeyboardInterrupt:
            stopped = True
            continue
        if stopped:
            print("Stopped: the same command goes on from here.", file=sys.stderr)
            return 130
        return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", default="config.yaml")
    parser.add_argument("--cores", default="all")
    options = parser.parse_args()
    try:
        sys.exit(run(options.configfile, options.cores))
    except StudyError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped: the same command goes on from here.")
