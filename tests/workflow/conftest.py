from pathlib import Path

import pytest

from tests.studies import one_split_study
from tests.workflow.runs import snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A folder in which the small study has run on two cores."""
    folder = tmp_path_factory.mktemp("study")
    result = snakemake(folder, one_split_study(), "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
