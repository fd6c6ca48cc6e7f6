from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.practice.small import real_images
from tests.studies import practice_study
from understudy.checkpoints import Checkpoints
from understudy.config import load_study
from understudy.data.shards import read_images, write_images
from understudy.files import write_json
from understudy.jobs.context import JobContext
from understudy.jobs.figures import plot_guided_images, plot_practice
from understudy.jobs.pages import write_table_page
from understudy.jobs.practice import (
    EvaluationInputs,
    PracticeInputs,
    evaluate_practice,
    run_practice,
    sample_plain_images,
    train_study_diffusion,
)
from understudy.jobs.practice_tables import PARTS, write_practice_omega, write_practice_tables
from understudy.plan import Plan
from understudy.practice.sampling import Sampler
from understudy.report.practice import PRACTICE_PAGES
from understudy.tables import read_table, read_tables

pytestmark = pytest.mark.slow(minutes=0.3)  # whole runs

TABLES = [
    *("practice_scaling", "practice_costs", "practice_summary", "practice_equal_accuracy", "practice_guidance"),
    *("practice_history", "practice_additions", "practice_hardness", "practice_differences"),
]


def a_plan(**changes) -> Plan:
    quick = {"static": [12, 30], "loop": {"initial": 12, "added": 9, "additions": 2, "evaluation_interval": 2}}
    learner = practice_study()["practice"]["comparison"]["learner"] | {"iterations": 20, "batch": 8}
    quick |= {"ablation": {"omegas": [0.1]}, "learner": learner, "sweep": {"omegas": [0, 0.3], "oversampling": [2]}}
    study = practice_study(**quick | changes) | {"draws": 2, "device": "cpu"}
    return Plan(load_study(study))


def write_parts(folder: Path) -> None:
    for draw in (0, 1):
        for part, count in (("subtrain", 30), ("validation", 12), ("test", 21)):
            data = real_images(count)
            # Draws differ in brightness.
            write_images(folder / f"{part}{draw}.parquet", data.images + np.uint8(draw * 10), data.labels,
                         index=np.arange(count))  # fmt: skip
    write_json(folder / "classes.json", {"classes": ["a", "b", "c"]})


def context(folder: Path, draw: int = 0, seed: int = 0) -> JobContext:
    """Return what a job of a draw, or with the plain images of a seed, is given."""
    return JobContext(draw=draw, seed=7, checkpoints=folder / "checkpoints", wildcards={"seed": str(seed)})


def train_model(folder: Path, plan: Plan, draw: int) -> None:
    model = folder / plan.practice.model(draw)
    settings = plan.practice.settings.generator.canonical()
    train_study_diffusion(settings, folder / f"subtrain{draw}.parquet", folder / "classes.json", model,
                          model.with_name("history.parquet"), context(folder, draw))  # fmt: skip


def make_pool(folder: Path, plan: Plan, seed: int) -> None:
    practice, settings = plan.practice, plan.practice.settings
    model = folder / practice.model(practice.seed_draw(seed))
    for number, part in enumerate(practice.shards):
        sample_plain_images(settings.generator.canonical(), settings.sampling.canonical(), part, model,
                            folder / "classes.json", folder / practice.shard(seed, number),
                            context(folder, seed=seed))  # fmt: skip


def parts(folder: Path, plan: Plan, block: str, part: str) -> list[Path]:
    return [folder / f"{part}{draw}.parquet" for draw in plan.practice.block_draws(block)]


def run_job(folder: Path, plan: Plan, variant: str, block: str, run: Path) -> None:
    """Run a variant with a block of seeds, and write its outputs to ``run``."""
    models, pool = (
        [folder / path for path in found(variant, block)] for found in (plan.practice.models, plan.practice.pool)
    )
    images = (parts(folder, plan, block, part) for part in ("subtrain", "validation"))
    outputs = {"weights": run / "weights", "images": run / "images"}
    outputs |= {name: run / f"{name}.parquet" for name in PARTS}
    inputs = PracticeInputs(*images, folder / "classes.json", models, pool)
    run_practice(plan.practice.parameters(variant, block), inputs, outputs, context(folder))


def run_study(folder: Path, plan: Plan, test: bool = True) -> dict[str, Path]:
    """Run every job of the study in order, as the rules would, and return the tables by name."""
    practice = plan.practice
    write_parts(folder)

    for draw in (0, 1):
        train_model(folder, plan, draw)
    for seed in range(practice.settings.seeds):
        make_pool(folder, plan, seed)
    for block in practice.blocks:
        for variant in practice.variants:
            run_job(folder, plan, variant, block, folder / practice.run(variant, block))
        runs = [folder / practice.run(variant, block) / "runs.parquet" for variant in practice.variants]
        validation, test_files = (parts(folder, plan, block, part) for part in ("validation", "test"))
        inputs = EvaluationInputs(runs, validation, test_files if test else [], folder / "classes.json",
                                  practice.block_draws(block), {}, {})  # fmt: skip
        outputs = [folder / practice.evaluation(block, table) for table in ("evaluation", "guidance")]
        evaluate_practice(inputs, practice.settings.shifted.corruptions, *outputs, context(folder))
    tables = {name: folder / f"{name}.parquet" for name in TABLES}
    runs = [folder / path for path in practice.runs(practice.blocks)]
    evaluations = [folder / practice.evaluation(block) for block in practice.blocks]
    write_practice_tables(runs, evaluations, tables, 100, context(folder))
    if practice.omega_runs:
        tables["practice_omega"] = folder / "practice_omega.parquet"
        chosen = [folder / path for path in practice.omega_runs]
        write_practice_omega([path / "runs.parquet" for path in chosen], [path / "history.parquet" for path in chosen],
                             tables["practice_omega"], folder / "practice_omega.csv")  # fmt: skip
    return tables


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder, plan = tmp_path_factory.mktemp("study"), a_plan(seed_block=1)
    return folder, plan, run_study(folder, plan)


def test_every_variant_seed_and_branch_has_a_row(study):
    _, plan, tables = study
    scaling, costs = (read_table(tables[name], name) for name in ("practice_scaling", "practice_costs"))
    assert set(scaling["arm"]) == set(plan.practice.variants)
    key = ["arm", "seed", "branch"]
    assert scaling[key].equals(costs[key]) and not scaling.duplicated(key).any()
    assert {"shifted_gaussian_noise", "shifted_translation"} <= set(scaling.columns)
    assert scaling.set_index("seed")["draw"].to_dict() == {0: 0, 1: 1}
    assert scaling[["validation_accuracy", "test_accuracy"]].apply(lambda x: x.between(0, 1)).all(axis=None)
    ends = scaling[(scaling["arm"] == "practice_0.2") & (scaling["branch"] == 2)]
    assert (ends["images_trained"] == 30).all() and len(ends)
    assert (costs["learner_seconds"] > 0).all()
    assert costs.loc[costs["method"] == "real", "generator_seconds"].eq(0).all()
    assert costs["plain_seconds_per_image"].isna().eq(costs["method"] == "real").all()
    guided = (costs["method"] == "practice") & (costs["images_trained"] > 12)
    assert costs["guided_seconds_per_image"].notna().eq(guided).all()


def test_omega_is_chosen_by_what_validation_says_at_the_end(study):
    tables = study[2]
    table = read_table(tables["practice_omega"], "practice_omega")
    assert table["draw"].tolist() == [-1, -1, 0, 0, 1, 1] and table["omega"].tolist() == [0.1, 0.2] * 3
    ends = read_table(tables["practice_scaling"], "practice_scaling").query("branch == 2")
    # Kept weights are rounded to half precision.
    mean = ends[ends["arm"] == "practice_0.2"]["validation_accuracy"].mean()
    assert table["validation_accuracy"][1] == pytest.approx(mean, abs=0.1)
    assert table.groupby("draw")["chosen"].sum().eq(1).all()


def test_guidance_is_measured_for_the_strengths_of_the_sweep(study):
    table = read_table(study[2]["practice_guidance"], "practice_guidance")
    assert sorted(table["omega"].unique()) == [0, 0.3] and len(table) == 4
    assert (table["seconds_per_image"] > 0).all() and table["label_agreement"].between(0, 1).all()
    # The learner that asked is the same for all strengths of a seed.
    additions = read_table(study[2]["practice_additions"], "practice_additions")
    sweep = additions[additions["experiment"] == "sweep"]
    assert sweep.groupby("seed")["iteration"].nunique().eq(1).all()


def test_more_seeds_in_a_job_change_no_result(study, tmp_path):
    folder, plan, _ = study
    times = ["generator_seconds", "learner_seconds", "seconds", "guided_seconds_per_image"]
    for variant in ("practice_0.2", "prune_2"):
        run_job(folder, a_plan(seed_block=2), variant, "block0", tmp_path / variant)
        for part in PARTS:
            apart = read_tables([folder / plan.practice.run(variant, block) / f"{part}.parquet" for block in
                                 plan.practice.blocks], f"practice_{part}")  # fmt: skip
            together = read_table(tmp_path / variant / f"{part}.parquet", f"practice_{part}")
            found = (table.drop(columns=times, errors="ignore") for table in (apart, together))
            pd.testing.assert_frame_equal(*found)


def test_figures_and_pages_are_made(study, tmp_path):
    folder, plan, tables = study
    figures = {name: tmp_path / f"{name}.png" for name in ("training", "scaling", "sweep", "hardness")}
    wanted = ("summary", "guidance", "history", "additions", "hardness")
    plot_practice({name: tables[f"practice_{name}"] for name in wanted}, figures)
    images = {omega: folder / plan.practice.run(f"sweep_omega_{omega:g}", "block0") / f"images/sweep_omega_{omega:g}-s0"
              for omega in (0, 0.3)}  # fmt: skip
    plot_guided_images(images, folder / "classes.json", tmp_path / "images.png")
    for path in (*figures.values(), tmp_path / "images.png"):
        assert path.read_bytes()[:4] == b"\x89PNG"
    for name in PRACTICE_PAGES:
        write_table_page(name, tables[name], None, [], [], "", tmp_path / f"{name}.html")
        assert "</table>" in (tmp_path / f"{name}.html").read_text()


def test_a_study_without_test_images_or_real_runs(tmp_path):
    plan = a_plan(
        real=False, dynamic=False, static=[12], oversampling=[], sweep={"omegas": [0.3]}, ablation=None, seeds=1
    )
    tables = run_study(tmp_path, plan, test=False)
    scaling = read_table(tables["practice_scaling"], "practice_scaling")
    assert not any(column.startswith(("test", "shifted")) for column in scaling.columns)
    guidance = read_table(tables["practice_guidance"], "practice_guidance")
    assert guidance["label_agreement"].isna().all() and guidance["reason"].str.contains("real").all()


def test_a_killed_pool_goes_on_after_its_last_batch(tmp_path, monkeypatch):
    plan = a_plan(seeds=1)
    write_parts(tmp_path)
    train_model(tmp_path, plan, 0)
    shard = tmp_path / plan.practice.shard(0, 0) / "shard.parquet"
    make_pool(tmp_path, plan, 0)
    whole = shard.read_bytes()
    counts, sample = [], Sampler.sample

    def killed_at_the_fourth(sampler, labels, seeds):
        counts.append(len(labels))
        if len(counts) == 4:
            raise KeyboardInterrupt
        return sample(sampler, labels, seeds)

    monkeypatch.setattr(Sampler, "sample", killed_at_the_fourth)
    monkeypatch.setattr(Checkpoints, "due", True)
    with pytest.raises(KeyboardInterrupt):
        make_pool(tmp_path, plan, 0)
    shard.unlink()
    make_pool(tmp_path, plan, 0)
    assert shard.read_bytes() == whole
    # 48 images, 10 at a time; the batch that was cut off is made again.
    assert counts == [10, 10, 10, 10, 10, 8] and not (tmp_path / "checkpoints").exists()


def test_images_of_a_pool_do_not_depend_on_its_shards(tmp_path):
    write_parts(tmp_path)
    pools = []
    for size in (20_000, 7):
        plan = a_plan(pool_shard=size, seeds=1, static=[12], oversampling=[], sweep=None, dynamic=False)
        if not pools:
            train_model(tmp_path, plan, 0)
        make_pool(tmp_path, plan, 0)
        files = [
            tmp_path / plan.practice.shard(0, number) / "shard.parquet" for number in range(len(plan.practice.shards))
        ]
        pools.append((len(files), read_images(files)))
    (one, whole), (several, parts) = pools
    assert (one, several) == (1, 2)
    assert np.array_equal(whole.images, parts.images) and whole.columns.equals(parts.columns)
