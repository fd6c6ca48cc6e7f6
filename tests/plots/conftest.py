"""Tables of the made-up study, made once."""

import pandas as pd
import pytest

from tests.plots import made_up
from understudy.selection.choices import snapshot_errors


def errors_of(counts: pd.DataFrame) -> pd.DataFrame:
    rows = snapshot_errors(counts)
    return rows.assign(error=rows["errors"] / rows["images"])


@pytest.fixture(scope="session")
def errors() -> pd.DataFrame:
    return errors_of(made_up.counts())


@pytest.fixture(scope="session")
def two_draws() -> pd.DataFrame:
    return errors_of(made_up.counts(draws=2))
