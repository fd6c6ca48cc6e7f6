"""Checkpoints of what a study no longer has: listed, and deleted on request, below its results alone."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from clean_checkpoints import clean
from tests.studies import practice_study, small_study
from understudy.config import load_study
from understudy.errors import StudyError
from understudy.leftovers import checkpoint_folders, left_checkpoints
from understudy.plan import Plan

ROOT = Path(__file__).parents[1]
DROPPED = (
    "candidates/draw0/Train200/full/dropped-block0/ab12",
    "generators/draw0/Train200/old/ab12",
    "ranking/a/block9",
)


@pytest.fixture
def plan(tmp_path, monkeypatch) -> Plan:
    """A study with checkpoints of each of its jobs, and of some that it no longer has."""
    monkeypatch.chdir(tmp_path)
    plan = Plan(load_study(small_study()))
    for place in (*checkpoint_folders(plan), *(plan.root / "checkpoints" / name for name in DROPPED)):
        (place / "ab").mkdir(parents=True)
        (place / "ab" / "step-000000001.safetensors").write_bytes(b"0" * 1000)
    return plan


def test_what_no_job_takes_up_is_left(plan):
    found = [path.relative_to(plan.root / "checkpoints").as_posix() for path in left_checkpoints(plan)]
    assert found == ["candidates/draw0/Train200/full/dropped-block0", "generators/draw0/Train200/old", "ranking"]
    assert left_checkpoints(Plan(load_study(small_study(study="other")))) == []


def test_each_rules_checkpoints_have_their_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = checkpoint_folders(Plan(load_study(small_study()))) | checkpoint_folders(
        Plan(load_study(practice_study()))
    )
    rules = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    kinds = {part.split("/checkpoints/")[1].split("/{")[0].split("/draw")[0].split("/seed")[0]
             for part in rules.split('"') if "/checkpoints/" in part}  # fmt: skip
    found = {"/".join(place.parts[3:]) for place in places}
    assert all(any(name.startswith(kind) for name in found) for kind in kinds - {"ranking"})


def test_they_are_listed_and_deleted_on_request_alone(plan, tmp_path, capsys):
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump(small_study()))
    (tmp_path / "results" / "elsewhere").mkdir()
    (plan.root / "checkpoints" / "link").symlink_to(tmp_path / "results" / "elsewhere")
    before = len(left_checkpoints(plan))

    clean(study, delete=False)
    listed = capsys.readouterr().out
    assert "dropped-block0" in listed and "would be deleted" in listed
    assert len(left_checkpoints(plan)) == before == 4
    (tmp_path / ".snakemake" / "locks").mkdir(parents=True)
    (tmp_path / ".snakemake" / "locks" / "0.input.lock").touch()
    with pytest.raises(StudyError, match="a run is at work"):
        clean(study, delete=True)
    assert len(left_checkpoints(plan)) == before
    (tmp_path / ".snakemake" / "locks" / "0.input.lock").unlink()
    clean(study, delete=True)
    assert "4 places deleted" in capsys.readouterr().out
    assert left_checkpoints(plan) == [] and all(folder.is_dir() for folder in checkpoint_folders(plan))
    assert (tmp_path / "results" / "elsewhere").is_dir()


@pytest.mark.slow
def test_the_command_lists_and_ends_with_one_line_where_it_cannot(plan, tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(small_study()))
    command = [sys.executable, ROOT / "workflow_scripts" / "clean_checkpoints.py", "--configfile"]
    listed = subprocess.run([*command, "study.yaml"], capture_output=True, text=True)
    assert listed.returncode == 0 and "would be deleted" in listed.stdout
    missing = subprocess.run([*command, "none.yaml"], capture_output=True, text=True)
    assert missing.returncode == 1 and missing.stderr.count("\n") == 1 and "none.yaml" in missing.stderr


def test_a_link_is_not_followed(plan, tmp_path):
    (plan.root / "checkpoints").rename(tmp_path / "away")
    (plan.root / "checkpoints").symlink_to(tmp_path / "away")
    with pytest.raises(StudyError, match="is a link to"):
        left_checkpoints(plan)
