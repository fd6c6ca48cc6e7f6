import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studies import one_split_study
from tests.workflow.fork_server import ADDRESS
from tests.workflow.runs import ROOT, snakemake


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> Iterator[None]:
    """Have :func:`tests.workflow.runs.snakemake` answered by a process that has all libraries loaded."""
    with tempfile.TemporaryDirectory(prefix="fork-", dir="/tmp") as folder:  # a socket's path has to be short
        command = [sys.executable, "-m", "tests.workflow.fork_server", f"{folder}/socket"]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout.readline() == b"ready\n"
            os.environ[ADDRESS] = f"{folder}/socket"
            yield
            del os.environ[ADDRESS]
            server.stdin.close()


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A folder in which the small study has run on two cores."""
    folder = tmp_path_factory.mktemp("study")
    result = snakemake(folder, one_split_study(), "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
