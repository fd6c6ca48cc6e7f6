from pathlib import Path

import pytest

from tests.studies import practice_study
from tests.workflow.runs import files_below, planned_jobs, snakemake
from understudy.tables import read_table

# Twenty jobs.
pytestmark = pytest.mark.slow(minutes=1)

CHANGES = {
    "seeds": 1, "seed_block": 1, "static": [20], "dynamic": False, "oversampling": [], "ablation": {"omegas": [0.1]},
}  # fmt: skip
STUDY = practice_study(**CHANGES)


def readers_of_test_images(folder: Path) -> set[str]:
    """Return the rules of a finished study that had a test file among their inputs."""
    # Columns: output file, date, rule, log, input files, command, status, plan.
    lines = snakemake(folder, STUDY, "--detailed-summary").stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    assert {"train_diffusion", "run_practice"} <= {row[2] for row in rows if len(row) > 4}
    return {row[2] for row in rows if len(row) > 4 and "test.parquet" in row[4]}


def test_omega_is_chosen_before_any_test_image_is_read(tmp_path):
    jobs = planned_jobs(tmp_path, STUDY, "practice_omega")
    assert jobs["run_practice"] == 2 and jobs["practice_omega"] == 1
    assert "evaluate_practice" not in jobs
    # A study of one strength has nothing to choose.
    single = practice_study(**CHANGES | {"ablation": None})
    assert "practice_omega" not in planned_jobs(tmp_path, single, "practice")


def test_a_folder_that_is_not_there_is_told_before_any_job(tmp_path):
    study = practice_study(**CHANGES | {"shifted": {"folders": {"v2": "nowhere"}}})
    told = "practice: practice.comparison.shifted.folders.v2 needs a folder at nowhere, which does not exist"
    planned = snakemake(tmp_path, study, "--dry-run")
    assert planned.returncode == 0 and planned.stderr.count(told) == 1
    refused = snakemake(tmp_path, study, "--cores", "1")
    assert refused.returncode != 0 and told in refused.stderr
    assert not (tmp_path / "results").exists()


def test_a_practice_study_alone_runs_from_images_to_figures(tmp_path):
    result = snakemake(tmp_path, STUDY, "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    folder = tmp_path / "results/practice"
    scaling = read_table(folder / "tables/practice_scaling.parquet", "practice_scaling")
    assert set(scaling["method"]) == {"real", "static", "practice", "dynamic"}
    assert {path.name for path in folder.glob("figures/practice_*.png")} == {
        "practice_scaling.png",
        "practice_sweep.png",
        "practice_training.png",
        "practice_hardness.png",
        "practice_guided_images.png",
    }
    omegas = read_table(folder / "tables/practice_omega.parquet", "practice_omega")
    assert omegas["omega"].tolist() == [0.1, 0.2] and omegas["chosen"].sum() == 1
    assert not (folder / "checkpoints").exists() or not list((folder / "checkpoints").rglob("*.safetensors"))
    assert planned_jobs(tmp_path, STUDY) == {}
    assert readers_of_test_images(tmp_path) == {"evaluate_practice"}
    # Another resampling makes tables and what is drawn from them again, and trains nothing.
    again = planned_jobs(tmp_path, practice_study(**CHANGES | {"n_resamples": 101}))
    assert set(again) == {"practice_tables", "plot_practice", "write_table_page"}
    # A strength of the sweep is a run of its own.
    more = planned_jobs(tmp_path, practice_study(**CHANGES | {"sweep": {"omegas": [0, 0.3, 0.6]}}))
    assert more["run_practice"] == 1 and "train_diffusion" not in more
    weights = files_below(folder, "*.safetensors")
    assert any("practice_0.2-s0-b" in name for name in weights)
