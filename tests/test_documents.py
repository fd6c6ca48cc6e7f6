import json
from pathlib import Path

import pytest
import yaml

from understudy.config import load_study
from understudy.documents import DOCUMENTS
from understudy.plan import Plan, study_of

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_generated_documents_are_up_to_date(path):
    assert (ROOT / path).read_text() == DOCUMENTS[path](), "run `make docs`"


def test_the_default_study_fits_its_schema_and_the_data():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert set(config) <= set(json.loads(DOCUMENTS[Path("docs/config.schema.json")]())["properties"])
    Plan(load_study(config)).check_sizes()


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda path: path.name)
def test_every_study_is_right(path, monkeypatch):
    # A study may point at a folder that its user has yet to fill.
    monkeypatch.setattr(Path, "exists", lambda self: True)
    assert Plan(study_of(path)).batches
