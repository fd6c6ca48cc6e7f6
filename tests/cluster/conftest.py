import subprocess
from pathlib import Path

import pytest

from tests.studies import one_split_study
from tests.workflow.runs import snakemake_command, write_config


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A folder in which the small study has run undisturbed, each job as long as where it is disturbed."""
    folder = tmp_path_factory.mktemp("study")
    config = write_config(folder, one_split_study())
    command = snakemake_command("--directory", str(folder), "--configfile", str(config), "--cores", "2")
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
