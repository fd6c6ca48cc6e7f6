"""A study on one core that is killed and continued has the tables of one that ran undisturbed. It takes ten minutes."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.studies import one_split_study
from tests.workflow.runs import clone, snakemake_command, tables_below, write_config


@pytest.mark.short
def test_one_core_and_an_interruption_change_no_table(finished, tmp_path):
    """Met by a second Snakemake, killed with SIGKILL, taken up again as `make demo` does: the same bytes."""
    config = write_config(tmp_path, one_split_study())
    clone(tmp_path)
    command = [sys.executable, "workflow_scripts/run_study.py", "--configfile", config.name, "--cores", "1"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    wanted = tmp_path / "results" / "small" / "benchmarks" / "train_candidates"
    deadline = time.monotonic() + 300
    while not wanted.exists() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert wanted.exists()
    # A second Snakemake on the same study is refused, and changes nothing. Told to make incomplete files anew, as the
    # interrupted study will be: a file that the running job has just put in place would be its first complaint.
    another = snakemake_command(
        "--directory", str(tmp_path), "--configfile", str(config), "--cores", "1", "--rerun-incomplete"
    )
    second = subprocess.run(another, capture_output=True, text=True)
    assert second.returncode != 0
    assert "cannot be locked" in second.stdout + second.stderr
    time.sleep(random.Random(0).uniform(0, 6))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "results" / "small" / "summary.txt").exists()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "report.html" in again.stdout
    assert "Spearman" in again.stdout
    first = tables_below(finished / "results" / "small")
    second = tables_below(tmp_path / "results" / "small")
    assert first.keys() == second.keys()
    different = [name for name in first if first[name] != second[name]]
    assert different == []
