"""Run a study, make its report and print what was chosen: the body of ``make demo``.

An interrupted run is taken up again: a lock that a killed Snakemake left behind is removed, and files that it left
incomplete are made anew. A second run of the same folder at the same time is refused instead.
"""

import argparse
import fcntl
import subprocess
import sys
from pathlib import Path


def run(configfile: str, cores: str) -> int:
    """Run the study of ``configfile`` on ``cores`` cores; return the exit status."""
    Path(".snakemake").mkdir(exist_ok=True)
    with Path(".snakemake/understudy.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is at work in this folder; wait for it or stop it first", file=sys.stderr)
            return 1
        snakemake = [sys.executable, "-m", "snakemake", "--configfile", configfile]
        for arguments in (
            ["--unlock", "--quiet", "all"],
            ["--cores", cores, "--rerun-incomplete", "--quiet", "rules", "host"],
        ):
            status = subprocess.run([*snakemake, *arguments]).returncode
            if status:
                return status
        # Imported late: a wrong configuration is Snakemake's to report, in one line.
        from understudy.config import results_folder
        from understudy.plan import study_of

        folder = results_folder(study_of(configfile))
        report = folder / "report.html"
        status = subprocess.run([*snakemake, "--report", str(report), "--quiet", "all"]).returncode
        if status:
            return status
        print((folder / "summary.txt").read_text())
        print(f"The report: {report}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", default="config.yaml")
    parser.add_argument("--cores", default="all")
    options = parser.parse_args()
    sys.exit(run(options.configfile, options.cores))
