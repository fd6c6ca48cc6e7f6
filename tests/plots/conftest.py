"""Tables of the made-up study, made once."""

import pandas as pd
import pytest

from tests.plots import made_up
from understudy.selection.choices import snapshot_errors


@pytest.fixture(scope="session")
def errors() -> pd.DataFrame:
    rows = snapshot_errors(made_up.counts())
    return rows.assign(error=rows["errors"] / rows["images"])


@pytest.fixture(scope="session")
def two_draws() -> pd.DataFrame:
    rows = snapshot_errors(made_up.counts(draws=2))
    return rows.assign(error=rows["errors"] / rows["images"])
