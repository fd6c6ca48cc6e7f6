"""What a change makes Snakemake run again. Nothing runs here: empty files stand for the outputs of a finished study."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.studies import one_split_study
from tests.workflow.runs import ROOT, write_config

pytestmark = pytest.mark.slow(minutes=1)  # each dry run of a changed tree starts a Snakemake of its own
BEFORE = Path(__file__).with_name("version_0_1_0.json")
FIGURES_AND_PAGES = ("plot_", "write_")


class Checkout:
    """A copy of the tree in which the small study counts as finished."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("Snakefile", "rules", "workflow_scripts", "envs", "profiles"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        write_config(folder, one_split_study())

    def snakemake(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", *arguments]
        environment = os.environ | {"PYTHONPATH": str(self.folder / "workflow_scripts")}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self) -> dict[str, int]:
        """Return how many jobs of each rule a dry run plans."""
        rows = re.findall(r"^(\w+) +(\d+)$", self.snakemake("--dry-run", "--quiet", "rules"), flags=re.MULTILINE)
        return {rule: int(count) for rule, count in rows if rule not in ("all", "total")}

    def create(self, outputs: list[str]) -> None:
        for path in (self.folder / output for output in outputs):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch() if path.suffix else path.mkdir(exist_ok=True)
        (self.folder / "results" / "small" / "data" / "classes.json").write_text('{"classes": ["0", "1"]}')

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text of the package; the file is then newer than every output."""
        path = self.folder / "workflow_scripts" / "understudy" / file
        text = path.read_text()
        assert text.count(old) >= 1, f"{file} has no {old!r}"
        time.sleep(0.01)
        path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    # A line for each file: its path, and what Snakemake knows of it.
    checkout.create(re.findall(r"^(results/\S+)\t", checkout.snakemake("--summary"), flags=re.MULTILINE))
    checkout.snakemake("--touch", "--cores", "1")
    return checkout


@pytest.fixture
def changed(finished, tmp_path):
    """A function that edits a file, returns what is planned then, and puts the file back as it was."""
    files = []

    def change(file: str, old: str, new: str) -> dict[str, int]:
        path = finished.folder / "workflow_scripts" / "understudy" / file
        kept = tmp_path / "kept.py"
        shutil.copy2(path, kept)
        files.append((kept, path))
        finished.edit(file, old, new)
        return finished.planned()

    yield change
    for kept, path in files:
        shutil.copy2(kept, path)


def test_a_finished_study_has_nothing_to_run(finished):
    assert finished.planned() == {}


def test_a_changed_preset_retrains_the_generators_that_have_it(changed):
    planned = changed("generators/presets.py", "mapping_rate=0.3", "mapping_rate=0.2")
    assert planned["train_generator"] == planned["sample"] == 1  # of two generators
    assert "evaluate" in planned and "selection_table" in planned
    assert not {"train_candidates", "train_extractor", "draw_train", "train_diffusion"} & set(planned)


def test_a_changed_recipe_retrains_the_candidates_alone(changed):
    planned = changed("classifiers/recipes.py", "momentum: float = Field(0.9", "momentum: float = Field(0.8")
    assert planned["train_candidates"] == 4  # two batches in two regimes
    assert not {"train_generator", "sample", "draw_graphs", "train_diffusion"} & set(planned)


def test_a_changed_default_of_the_calibration_ranks_again(changed):
    planned = changed("ranking/settings.py", "penalty: Penalty = Field(1.0", "penalty: Penalty = Field(2.0")
    ranking = {"rank_candidates", "calibration_tables"}
    assert ranking <= set(planned)
    assert all(rule.startswith(FIGURES_AND_PAGES) for rule in set(planned) - ranking)


def test_a_changed_tie_rule_selects_again_and_trains_nothing(changed):
    planned = changed("statistics/tie_breaking.py", 'Tie("seed", True', 'Tie("seed", False')
    assert {"selection_table", "choose_snapshots"} <= set(planned)
    assert not {rule for rule in planned if rule.startswith(("train_", "sample"))}


def test_a_changed_figure_is_drawn_again_alone(changed):
    assert changed("plots/random_graphs.py", "def random_graphs_figure", "LIMIT = 1\n\n\ndef random_graphs_figure") == {
        "plot_random_graphs": 1
    }


def test_an_upgrade_from_version_0_1_0_plans_what_the_changelog_lists(tmp_path):
    checkout = Checkout(tmp_path)
    jobs = json.loads(BEFORE.read_text())
    checkout.create([output for job in jobs for output in job["output"]])
    fixed = {
        **{"record_format_version": 6, "shellcmd": None, "conda_env": None, "container_img_url": None},
        **{"software_stack_hash": "d41d8cd98f00b204e9800998ecf8427e", "incomplete": False, "input_checksums": {}},
        **{"job_hash": 0, "starttime": 0.0, "endtime": 0.0, "external_jobid": None},
    }
    metadata = tmp_path / ".snakemake" / "metadata"
    metadata.mkdir(parents=True)
    for job in jobs:
        for output in job["output"]:
            name = base64.b64encode(output.encode()).decode()
            (metadata / name).write_text(
                json.dumps(fixed | {key: job[key] for key in ("rule", "input", "log", "params", "code")})
            )
    text = (ROOT / "CHANGELOG.md").read_text()
    section = text.split("### What runs again after the upgrade")[1].split("\n#")[0]
    listed = set(re.findall(r"`(\w+)`", section))
    planned = set(checkout.planned())
    assert "train_generator" in planned
    assert planned <= listed, f"not in CHANGELOG.md: {sorted(planned - listed)}"
