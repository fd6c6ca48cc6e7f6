import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
import yaml

from understudy import plan_checks
from understudy.config import load_study, read_study
from understudy.documents import DOCUMENTS
from understudy.plan import Plan

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_generated_documents_are_up_to_date(path):
    assert (ROOT / path).read_text() == DOCUMENTS[path](), "run `make docs`"


def test_the_default_study_fits_its_schema_and_the_data():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert set(config) <= set(json.loads(DOCUMENTS[Path("docs/config.schema.json")]())["properties"])
    plan_checks.check_sizes(Plan(load_study(config)))


@pytest.mark.parametrize(
    ("part", "told"),
    [("candidates", "**1 Recommendation**"), ("ranking", "**6 Ranking**"), ("practice", "**7 Practice**")],
)
def test_the_landing_page_tells_of_the_parts_that_a_study_has(part, told):
    page = jinja2.Template((ROOT / "rules" / "captions" / "workflow.rst").read_text())
    text = page.render(snakemake=SimpleNamespace(config={part: {"a": 1}}))
    parts = ("**1 Recommendation**", "**6 Ranking**", "**7 Practice**")
    assert [name for name in parts if name in text] == [told]


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda path: path.name)
def test_every_study_is_right(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The folders that studies leave to their users.
    for folder in ("pictures", "imagenet100"):
        (tmp_path / folder).mkdir()
    plan = Plan(read_study(path))
    assert plan.batches or plan.ranking or plan.practice


def test_the_full_digits_study_differs_in_draws_seeds_and_generators_alone():
    """The demo trains fewer generators, so that it ends within minutes."""
    small, full = (yaml.safe_load((ROOT / name).read_text()) for name in ("config.yaml", "studies/digits_full.yaml"))
    assert (full.pop("study"), full.pop("draws")) == ("digits_full", 3)
    assert (full["candidates"].pop("seeds"), full["candidates"].pop("seed_block")) == (5, 5)
    del small["study"], small["draws"], small["candidates"]["seeds"], small["candidates"]["seed_block"]
    assert full["generators"].keys() == small["generators"].keys()
    for study in (small, full):
        for generator in study["generators"].values():
            generator.pop("splits", None)
        del study["selection"]["synthetic_set"]
        for key in ("seeds", "seed_block", "static", "oversampling", "sweep", "ablation"):
            study["practice"]["comparison"].pop(key, None)
        del study["practice"]["theory"]
    assert full == small


def test_the_full_digits_study_chooses_with_the_sets_of_appendix_c():
    study = read_study(ROOT / "studies/digits_full.yaml")
    chosen = [study.generators[study.synthetic_set(split)] for split in ("Train300", "Train900", "Train1500")]
    assert [entry.method for entry in chosen] == ["stylegan2"] * 3
    assert [entry.per_class for entry in chosen] == [False, True, True]


def test_the_conda_environment_has_the_locked_versions():
    locked = {line.split(";")[0].strip() for line in (ROOT / "requirements.lock").read_text().splitlines()}
    packages = yaml.safe_load((ROOT / "envs/understudy.yaml").read_text())["dependencies"][-1]["pip"]
    assert set(packages) <= locked
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=]", requirement)[0] for requirement in project["dependencies"]}
    assert {package.split("==")[0] for package in packages} == names
