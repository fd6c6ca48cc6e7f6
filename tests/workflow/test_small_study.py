"""The smallest study that has every part, from images to the product. Some 84 jobs: that is why it is slow."""

import copy
import json
import runpy
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from tests.studies import one_split_study
from tests.workflow.runs import (
    files_below,
    planned_jobs,
    snakemake,
    snakemake_command,
    write_config,
)
from understudy.classifiers.weights import WeightsFile, load_network
from understudy.config import load_study
from understudy.costs.measured import read_benchmarks
from understudy.costs.work import Work
from understudy.data.shards import read_images
from understudy.data.splits import image_halves
from understudy.plan import Plan
from understudy.tables import read_table, read_tables

pytestmark = pytest.mark.slow(minutes=4)


@pytest.fixture
def results(finished) -> Path:
    return finished / "results" / "small"


def test_nothing_is_left_to_do(finished):
    assert planned_jobs(finished, one_split_study()) == {}


def test_the_number_of_resamples_concerns_tables_figures_and_cards_only(finished):
    study = one_split_study(selection={"n_resamples": 300})
    jobs = set(planned_jobs(finished, study))
    assert "selection_table" in jobs
    expensive = {
        "prepare",
        "draw_train",
        "carve_train",
        "divide_held_out",
        "train_extractor",
        "train_generator",
        "select_snapshot",
        "sample",
        "evaluate_generator",
    }
    assert not jobs & (expensive | {"draw_graphs", "train_candidates", "evaluate", "generator_quality"})


def test_a_deleted_table_alone_is_rebuilt(finished, results):
    path = results / "tables" / "selection_gain.parquet"
    before = path.read_bytes()
    path.unlink()
    target = str(path.relative_to(finished))
    assert planned_jobs(finished, one_split_study(), target) == {"selection_table": 1}
    result = snakemake(finished, one_split_study(), "--cores", "1", target)
    assert result.returncode == 0, result.stderr
    assert path.read_bytes() == before


def test_a_new_generator_trains_itself_alone_and_more_seeds_train_new_blocks_only(finished):
    study = one_split_study()
    study["generators"]["another"] = {"method": "stylegan2", "splits": ["Train200"], "kimg": 2}
    study["candidates"]["seeds"] = 4
    jobs = planned_jobs(finished, study)
    assert jobs["train_generator"] == 1
    # Two batches, two regimes: the block of seeds 2 and 3 is new, that of 0 and 1 stays.
    assert jobs["train_candidates"] == 2 * 2


def test_the_selected_model_loads_wherever_it_is_and_errs_as_the_card_says(results, tmp_path):
    folder = shutil.copytree(results / "selected" / "Train200", tmp_path / "copy")
    card = json.loads((folder / "card.json").read_text())
    test = read_images(results / "splits" / "draw0" / "Train200" / "test.parquet")
    offered = runpy.run_path(folder / "load.py")
    wrong = offered["classify"](torch.from_numpy(test.images)).numpy() != test.labels
    assert wrong.mean() == pytest.approx(card["test_error"]["error"], abs=1e-12)
    low, high = card["test_error"]["interval_95"]
    assert low <= card["test_error"]["error"] <= high


def test_counts_agree_with_predictions(results):
    folder = results / "evaluations" / "draw0" / "Train200" / "full" / "tiny-block0" / "test"
    counts, predictions = (read_table(folder / f"{name}.parquet", name) for name in ("counts", "predictions"))
    test = read_images(results / "splits" / "draw0" / "Train200" / "test.parquet")
    for _, row in predictions.iterrows():
        wrong = np.asarray(row["predicted"]) != test.labels
        for half in (0, 1):
            mine = counts[(counts["run"] == row["run"]) & (counts["epoch"] == row["epoch"]) & (counts["half"] == half)]
            assert mine["errors"].sum() == wrong[image_halves(test.labels) == half].sum()


def test_unchosen_snapshots_are_removed_on_request_and_nothing_is_made_anew(finished, tmp_path):
    # As deep as the other: the workflow's code is an input of tables, by its path from the folder.
    folder = tmp_path
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    root = folder / "results" / "small"
    files = {path.relative_to(root): path for path in (root / "candidates").rglob("*.safetensors")}
    trained = {place: WeightsFile(path).epochs for place, path in files.items()}
    before = sum(path.stat().st_size for path in files.values())
    result = snakemake(folder, one_split_study(), "--cores", "1", "clean_snapshots")
    assert result.returncode == 0, result.stderr
    table = read_table(root / "tables" / "removed_snapshots.parquet", "removed_snapshots")
    assert len(table) == len(files)
    # Twenty steps are three epochs of all images, all of them kept, and five of the subtrain images, four of them kept.
    assert {(place.parts[3], *epochs) for place, epochs in trained.items()} == {
        ("full", 1, 2, 3),
        ("subtrain", 1, 2, 4, 5),
    }
    evaluated = read_tables(sorted(root.rglob("evaluations/**/predictions.parquet")), "predictions")
    chosen = evaluated.groupby(["draw", "split", "regime", "run"])["epoch"].apply(set)
    for _, row in table.iterrows():
        (place,) = (place for place in files if place.parts[3] == row["regime"] and place.stem == row["run"])
        assert sorted([*row["kept"], *row["removed"]]) == trained[place]
        assert set(row["kept"]) == chosen[row["draw"], row["split"], row["regime"], row["run"]]
        assert WeightsFile(files[place]).epochs == list(row["kept"])
    assert table["removed"].map(len).sum() > 0
    after = sum(path.stat().st_size for path in files.values())
    assert before - after == pytest.approx(table["bytes_removed"].sum(), rel=0.05)
    assert planned_jobs(folder, one_split_study()) == {}
    # What is handed out can still be made from what is left, and loads.
    shutil.rmtree(root / "selected")
    assert set(planned_jobs(folder, one_split_study())) <= {"select_model", "summary"}
    result = snakemake(folder, one_split_study(), "--cores", "1", "results/small/selected/Train200")
    assert result.returncode == 0, result.stderr
    again, first = (
        load_network(place / "results" / "small" / "selected" / "Train200" / "weights.safetensors").state_dict()
        for place in (folder, finished)
    )
    assert all(torch.equal(again[name], first[name]) for name in first)


def test_no_step_but_evaluations_reads_test_images(finished):
    """The provenance that Snakemake itself recorded says which outputs were made from which inputs."""
    result = snakemake(finished, one_split_study(), "--detailed-summary")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    head = next(index for index, row in enumerate(rows) if row and row[0] == "output_file")
    columns = {name: place for place, name in enumerate(rows[head])}
    readers = {
        row[columns["rule"]]
        for row in rows[head + 1 :]
        if len(row) > columns["input-file(s)"] and "/test.parquet" in row[columns["input-file(s)"]]
    }
    # The tables read the labels in the file, never the images; figures may show errors on it.
    tables = {"selection_table", "rank_certificates", "rank_candidates", "class_errors"}
    assert readers <= {"evaluate", "evaluate_generator", "evaluate_practice"} | tables, readers
    assert "evaluate" in readers


def test_a_job_that_is_still_starting_ends_with_its_snakemake(tmp_path):
    """Held before it can look for the Snakemake above it, which is killed in the meantime."""
    config, target = write_config(tmp_path, one_split_study()), "results/small/data/images.parquet"
    command = snakemake_command("--directory", str(tmp_path), "--configfile", str(config), "--cores", "1", target)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    main, job = psutil.Process(process.pid), None
    while job is None and process.poll() is None:
        for child in main.children(recursive=True):
            with suppress(psutil.Error):
                if child.name().startswith("python") and any(".snakemake/scripts/" in part for part in child.cmdline()):
                    child.suspend()
                    job = child
        time.sleep(0.01)
    assert job
    process.kill()
    process.wait()
    job.resume()
    gone, _ = psutil.wait_procs([job], timeout=60)
    assert gone == [job]
    assert not (tmp_path / target).exists()


def test_every_declared_figure_exists(results):
    figures = files_below(results / "figures", "*.png", "*.html")
    assert figures
    assert all(len(content) > 1000 for content in figures.values())


def test_a_wrong_key_is_one_line_and_starts_no_job(tmp_path):
    study = copy.deepcopy(one_split_study())
    study["candidates"]["sedes"] = 3
    result = snakemake(tmp_path, study, "--cores", "1")
    assert result.returncode != 0
    lines = [line for line in (result.stdout + result.stderr).splitlines() if "sedes" in line]
    assert len(lines) == 1
    assert "did you mean seeds?" in lines[0]
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "results").exists()


def test_a_wrong_size_later_on_starts_no_job_and_loses_no_file(finished, results):
    before = files_below(results, "*.parquet")
    study = one_split_study(splits={"Train200": {"train": 5000, "validation": 50}})
    result = snakemake(finished, study, "--cores", "1")
    assert result.returncode != 0
    assert "splits.Train200.train: 5000 images, but the data has 1797" in result.stdout + result.stderr
    assert files_below(results, "*.parquet").keys() == before.keys()


def test_an_unreadable_image_is_named(tmp_path):
    folder = tmp_path / "pictures"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        (folder / name / "0.png").write_bytes(b"not an image")
    study = one_split_study(
        data={"source": "imagefolder", "root": str(folder)},
        splits={"All": {"train": "all", "validation": 1}},
        ranking=None,
        practice=None,
        generators={"stylegan2_cond": {"method": "stylegan2"}},
    )
    result = snakemake(tmp_path, study, "--cores", "1")
    assert result.returncode != 0
    # Known before any job: two images cannot give subtrain and validation one of each class.
    assert "the subtrain part (1 images) has none of class" in result.stdout + result.stderr
    assert not (tmp_path / "results").exists()
    for name in ("cat", "dog"):
        for place in range(1, 9):
            (folder / name / f"{place}.png").write_bytes(b"not an image")
    study["splits"] = {"All": {"train": "all", "validation": 4}}
    result = snakemake(tmp_path, study, "--cores", "1")
    assert result.returncode != 0
    assert "cat/0.png is not a readable image" in result.stdout + result.stderr


def test_the_plan_and_the_configuration_agree_on_the_example(finished):
    plan = Plan(load_study(one_split_study()))
    assert all((finished / path).exists() for path in plan.evaluations("counts.parquet"))


def test_the_estimate_of_costs_knows_every_expensive_job(finished, monkeypatch):
    """The places of estimated jobs are those of the benchmark files; sizes on disk are those of the files."""
    monkeypatch.chdir(finished)
    plan = Plan(load_study(one_split_study()))
    benchmarks = read_benchmarks(plan.root, "cpu")
    jobs = list(Work(plan).jobs())
    assert {(job.rule, job.path) for job in jobs} == {key for key in benchmarks if key[0] in {job.rule for job in jobs}}
    weights = sum(path.stat().st_size for path in (plan.root / "candidates").rglob("weights/*"))
    assert sum(job.disk for job in jobs if job.rule == "train_candidates") == pytest.approx(weights, rel=0.05)
    snapshots = sum(path.stat().st_size for path in (plan.root / "generators").rglob("snapshots/*.safetensors"))
    assert sum(job.disk for job in jobs if job.rule == "train_generator") == pytest.approx(snapshots, rel=0.35)
