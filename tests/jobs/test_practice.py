from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.practice.small import real_images
from tests.studies import practice_study
from understudy.config import load_study
from understudy.data.shards import read_images, write_images
from understudy.files import write_json
from understudy.jobs.figures import plot_guided_images, plot_practice
from understudy.jobs.pages import write_table_page
from understudy.jobs.practice import (
    evaluate_practice,
    run_practice,
    sample_plain_images,
    train_study_diffusion,
)
from understudy.jobs.practice_tables import write_practice_omega, write_practice_tables
from understudy.plan import Plan
from understudy.practice.sampling import Sampler
from understudy.report.practice import PRACTICE_PAGES
from understudy.tables import read_table

COMMON = {"study_seed": 7, "device": "cpu", "version": 1}
TABLES = [
    *("practice_scaling", "practice_costs", "practice_summary", "practice_equal_accuracy", "practice_guidance"),
    *("practice_history", "practice_additions", "practice_hardness", "practice_differences"),
]


def a_plan(**changes) -> Plan:
    quick = {"static": [12, 30], "loop": {"initial": 12, "added": 9, "additions": 2, "evaluation_interval": 2}}
    learner = practice_study()["practice"]["comparison"]["learner"] | {"iterations": 30, "batch": 8}
    quick |= {"learner": learner, "sweep": {"omegas": [0, 0.3], "oversampling": [2]}}
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


def run_study(folder: Path, plan: Plan, **evaluation) -> dict[str, Path]:
    """Run every job of the study in order, as the rules would, and return the tables by name."""
    practice, classes = plan.practice, folder / "classes.json"
    settings = practice.settings
    write_parts(folder)

    def at(path: Path) -> Path:
        return folder / path

    for draw in (0, 1):
        model = at(practice.model(draw))
        train_study_diffusion(
            settings.generator.model_dump(mode="json"), folder / f"subtrain{draw}.parquet", classes, model,
            model.with_name("history.parquet"), checkpoints=folder / "checkpoints", draw=draw, **COMMON,
        )  # fmt: skip
    for seed in range(settings.seeds):
        for number, (first, count) in enumerate(practice.shards):
            sample_plain_images(
                settings.generator.model_dump(mode="json"), settings.sampling.model_dump(mode="json"),
                at(practice.model(practice.draw_of(seed))), classes, at(practice.shard(seed, number)), first=first,
                count=count, checkpoints=folder / "checkpoints", seed_number=seed, **COMMON,
            )  # fmt: skip
    for arm in practice.arms:
        for block in practice.blocks:
            run, draws = at(practice.run(arm, block)), practice.draws_of(block)
            names = ("runs", "history", "additions", "hardness")
            outputs = {"weights": run / "weights", "images": run / "images"}
            run_practice(
                practice.parameters(arm, block), [folder / f"subtrain{draw}.parquet" for draw in draws],
                [folder / f"validation{draw}.parquet" for draw in draws], classes,
                list(map(at, practice.models(arm, block))),
                list(map(at, practice.pool(arm, block))),
                outputs | {name: run / f"{name}.parquet" for name in names}, checkpoints=folder / "checkpoints",
                **COMMON,
            )  # fmt: skip
    for block in practice.blocks:
        place = at(practice.evaluation(block))
        files = {draw: folder / f"validation{draw}.parquet" for draw in practice.draws_of(block)}
        tests = {draw: folder / f"test{draw}.parquet" for draw in practice.draws_of(block)}
        given = {"test": tests, "folders": {}, "corruptions": settings.shifted.corruptions} | evaluation
        evaluate_practice(
            [at(practice.run(arm, block)) for arm in practice.arms], files, given["test"], given["folders"],
            given["corruptions"], classes, place / "evaluation.parquet", place / "guidance.parquet", **COMMON,
        )  # fmt: skip
    tables = {name: folder / f"{name}.parquet" for name in TABLES}
    runs = [at(path).parent for path in practice.runs("runs.parquet")]
    blocks = [at(practice.evaluation(block)) for block in practice.blocks]
    write_practice_tables(runs, blocks, tables, draws=100, study_seed=7)
    if practice.omega_runs:
        tables["practice_omega"] = folder / "practice_omega.parquet"
        write_practice_omega(
            list(map(at, practice.omega_runs)), tables["practice_omega"], folder / "practice_omega.csv"
        )
    return tables


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder, plan = tmp_path_factory.mktemp("study"), a_plan(seed_block=1)
    return folder, plan, run_study(folder, plan)


def test_every_arm_seed_and_branch_has_a_row(study):
    _, plan, tables = study
    scaling, costs = (read_table(tables[name], name) for name in ("practice_scaling", "practice_costs"))
    assert set(scaling["arm"]) == set(plan.practice.arms)
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
    _, _, one = study
    other = run_study(tmp_path, a_plan(seed_block=2))
    for name in ("practice_scaling", "practice_history", "practice_hardness"):
        first, second = (read_table(tables[name], name) for tables in (one, other))
        pd.testing.assert_frame_equal(first, second)


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
    plan = a_plan(real=False, dynamic=False, static=[12], oversampling=[], sweep={"omegas": [0.3]}, seeds=1)
    tables = run_study(tmp_path, plan, test={})
    scaling = read_table(tables["practice_scaling"], "practice_scaling")
    assert not any(column.startswith(("test", "shifted")) for column in scaling.columns)
    guidance = read_table(tables["practice_guidance"], "practice_guidance")
    assert guidance["label_agreement"].isna().all() and guidance["reason"].str.contains("real").all()


def test_a_killed_pool_goes_on_after_its_last_batch(tmp_path, monkeypatch):
    write_parts(tmp_path)
    settings = a_plan().practice.settings
    generator = settings.generator.model_dump(mode="json")
    train_study_diffusion(generator, tmp_path / "subtrain0.parquet", tmp_path / "classes.json", tmp_path / "model",
                          tmp_path / "history.parquet", checkpoints=tmp_path / "c", draw=0, **COMMON)  # fmt: skip

    def make(folder: str, seconds: float) -> bytes:
        sample_plain_images(generator, settings.sampling.model_dump(mode="json"), tmp_path / "model",
                            tmp_path / "classes.json", tmp_path / folder, first=3, count=45, seed_number=0,
                            checkpoints=tmp_path / f"{folder}_c", checkpoint_seconds=seconds, **COMMON)  # fmt: skip
        return (tmp_path / folder / "shard.parquet").read_bytes()

    whole, counts, sample = make("whole", 1e9), [], Sampler.sample

    def killed_at_the_fourth(sampler, labels, seeds):
        counts.append(len(labels))
        if len(counts) == 4:
            raise KeyboardInterrupt
        return sample(sampler, labels, seeds)

    monkeypatch.setattr(Sampler, "sample", killed_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        make("broken", 0)
    assert make("broken", 0) == whole
    assert counts == [10, 10, 10, 10, 10, 5] and not (tmp_path / "broken_c").exists()


def test_images_of_a_pool_do_not_depend_on_its_shards(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder, shard in ((whole, 20_000), (parts, 7)):
        folder.mkdir()
        plan = a_plan(pool_shard=shard, seeds=1, static=[12], oversampling=[], sweep=None, dynamic=False)
        write_parts(folder)
        generator = plan.practice.settings.generator.model_dump(mode="json")
        train_study_diffusion(generator, folder / "subtrain0.parquet", folder / "classes.json", folder / "model",
                              folder / "history.parquet", checkpoints=folder / "c", draw=0, **COMMON)  # fmt: skip
        for number, (first, count) in enumerate(plan.practice.shards):
            sample_plain_images(generator, plan.practice.settings.sampling.model_dump(mode="json"), folder / "model",
                                folder / "classes.json", folder / f"pool/{number}", first=first, count=count,
                                checkpoints=folder / "c", seed_number=0, **COMMON)  # fmt: skip
    files = [sorted(folder.glob("pool/*/shard.parquet")) for folder in (whole, parts)]
    assert [len(found) for found in files] == [1, 2]
    one, several = (read_images(found) for found in files)
    assert np.array_equal(one.images, several.images) and one.columns.equals(several.columns)
