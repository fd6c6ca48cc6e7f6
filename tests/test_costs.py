from collections import defaultdict

import pytest

from tests.studies import one_split_study, small_study
from understudy.classifiers.architectures import PUBLISHED
from understudy.config import load_study
from understudy.costs import Job, Measured, Work, describe, estimate, measure, read_benchmarks
from understudy.plan import Plan

NOTHING = Measured({}, {}, 0)
HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def work_of(study: dict) -> dict[str, list[Job]]:
    jobs = defaultdict(list)
    for job in Work(Plan(load_study(study))).jobs():
        jobs[job.rule].append(job)
    return jobs


def paper_study(*names: str) -> dict:
    """Two of the paper's architectures on images of CIFAR-10's shape and number."""
    candidates = {"seeds": 10, "seed_block": 5, "snapshots": 20, "standard": {name: {"model": name} for name in names}}
    return small_study(
        device="cuda",
        data={"source": "torchvision:CIFAR10", "root": "not/here", "size": 32, "channels": 3},
        splits={"Train50K": {"train": 50_000, "validation": 10_000}},
        generators={"any": {"method": "stylegan2", "preset": "cifar"}},
        synthetic={"images_per_class": 10_000},
        candidates=candidates,
    )


def test_training_counts_the_published_operations():
    """ResNet-32: 69.1 million products, each with a sum, an image and forward pass; three passes to train."""
    jobs = work_of(paper_study("resnet_32"))["train_candidates"]
    full = [job for job in jobs if "/full/" in job.place]
    assert len(full) == 2  # two blocks of five seeds
    epochs = PUBLISHED["resnet_32"].recipe.epochs
    assert full[0].operations == pytest.approx(3 * 2 * 69.1e6 * 5 * epochs * 50_000, rel=0.01)
    assert full[0].disk == pytest.approx(2 * 466_906 * 5 * 20, rel=1e-6)


def test_a_generators_snapshots_are_its_parameters_in_four_bytes():
    (job,) = work_of(paper_study("resnet_32"))["train_generator"]
    # 20,215,315 parameters, as published for this setting; 50 snapshots.
    assert job.disk == 4 * 20_215_315 * 50


def test_twice_the_seeds_are_twice_the_work():
    study = small_study()
    once = sum(job.operations for job in work_of(study)["train_candidates"])
    study["candidates"]["seeds"] *= 2
    assert sum(job.operations for job in work_of(study)["train_candidates"]) == pytest.approx(2 * once)


def write_benchmarks(plan: Plan, seconds: dict[tuple[str, str], float]) -> None:
    for (rule, place), value in seconds.items():
        path = plan.root / "benchmarks" / rule / f"{place}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + f"{2 * value}\t0:00:01\t1\t1\t1\t1\t1\t1\t50\t{value}\n")


def test_measured_costs_take_the_place_of_guesses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(load_study(one_split_study()))
    jobs = work_of(one_split_study())["train_candidates"]
    # A machine on which training takes five times what is guessed, and tables seven seconds each.
    first = [job for job in jobs if "/full/" in job.place]
    slow = {("train_candidates", job.place): 5 * job.seconds("cpu") for job in first}
    write_benchmarks(plan, slow | {("selection_table", "gain"): 6.0, ("selection_table", "ranks"): 8.0})
    assert read_benchmarks(plan.root, "gpu")["selection_table", "gain"] == 12.0  # by the clock
    measured = measure([plan], "cpu")
    counts = {"train_candidates": len(jobs), "selection_table": 4, "sample": 2}
    train, tables, sample = estimate(plan, counts, {"train_candidates", "sample"}, measured)
    assert train.seconds == pytest.approx(5 * sum(job.seconds("cpu") for job in jobs))
    assert tables.seconds == pytest.approx(4 * 7.0)
    assert (train.measured, tables.measured, sample.measured) == (True, True, False)
    assert not train.on_gpu  # the study is on the CPU
    assert measure([plan], "gpu") == NOTHING


def test_the_estimate_reads_as_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(load_study(paper_study("resnet_32", "wrn_28_10")))
    counts = {"train_candidates": 8, "summary": 1}
    text = describe(estimate(plan, counts, {"train_candidates"}, NOTHING), "small", gpus=4, cores=2, measured_jobs=0)
    assert "100 % of the time is guessed" in text
    assert "Wall time on 4 GPUs: at least" in text
    assert "snapshots of candidates" in text
    assert text.splitlines()[1].split()[:2] == ["train_candidates", "8"]
