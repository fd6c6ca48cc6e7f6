from pathlib import Path

import pytest

from tests.costs.test_work import paper_study, work_of
from tests.studies import one_split_study
from understudy.config import load_study
from understudy.costs.estimate import describe, estimate
from understudy.costs.measured import Measured, measure, read_benchmarks
from understudy.costs.profiles import asked_minutes
from understudy.costs.requests import Requests
from understudy.errors import StudyError
from understudy.plan import Plan

ROOT = Path(__file__).parents[2]
NOTHING = Measured({}, {}, 0)
HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write_benchmarks(plan: Plan, seconds: dict[tuple[str, str], float]) -> None:
    for (rule, place), value in seconds.items():
        path = plan.root / "benchmarks" / rule / f"{place}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + f"{min(2 * value, 15)}\t0:00:01\t1\t1\t1\t1\t1\t1\t50\t{value}\n")


def test_measured_costs_take_the_place_of_guesses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(load_study(one_split_study()))
    jobs = work_of(one_split_study())["train_candidates"]
    # A machine on which training takes five times what is guessed, and tables seven seconds each.
    first = [job for job in jobs if "/full/" in job.path]
    slow = {("train_candidates", job.path): 5 * job.seconds("cpu") for job in first}
    write_benchmarks(plan, slow | {("selection_table", "gain"): 6.0, ("selection_table", "ranks"): 8.0})
    assert read_benchmarks(plan.root, "gpu")["selection_table", "gain"] == 12.0  # by the clock
    measured = measure([plan], "cpu")
    counts = {"train_candidates": len(jobs), "selection_table": 4, "sample": 2}
    train, tables, sample = estimate(plan, counts, measured)
    assert train.seconds == pytest.approx(5 * sum(job.seconds("cpu") for job in jobs))
    assert tables.seconds == pytest.approx(4 * 7.0)
    assert (train.measured, tables.measured, sample.measured) == (True, True, False)
    assert not train.on_gpu  # the study is on the CPU
    assert measure([plan], "gpu") == NOTHING


@pytest.mark.parametrize(
    ("clock", "looked_at", "processor"),
    [(10.0, 8.0, 8.0), (45.0, 15.0, 15.0 * 45 / 15.5), (50.0, 40.0, 40.0 * 50 / 45.5), ("10", "NA", None)],
)
def test_processor_time_after_the_last_look_is_made_up_for(tmp_path, clock, looked_at, processor):
    """Snakemake looks at 15.5 s, 45.5 s, 75.5 s ...: what a job does after that isn't in its file."""
    path = tmp_path / "benchmarks" / "sample" / "one.tsv"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + f"{clock}\t0:00:01\t1\t1\t1\t1\t1\t1\t50\t{looked_at}\n")
    assert read_benchmarks(tmp_path, "cpu").get(("sample", "one")) == (processor and pytest.approx(processor))


def test_the_estimate_reads_as_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(load_study(paper_study("resnet_32", "wrn_28_10")))
    counts = {"train_candidates": 8, "summary": 1}
    text = describe(
        estimate(plan, counts, NOTHING),
        "small",
        gpus=4,
        cores=2,
        measured_jobs=0,
    )
    assert "100 % of the time is guessed" in text
    assert "Wall time on 4 GPUs: at least" in text and "set `device: cpu`" in text
    assert "snapshots of candidates" in text
    assert text.splitlines()[1].split()[:2] == ["train_candidates", "8"]


def test_a_job_that_takes_longer_than_it_asks_for_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan(load_study(paper_study("resnet_32")))
    slow = Measured({("train_generator", "stylegan2"): 3.0}, {}, 1)
    jobs = work_of(paper_study("resnet_32"))["train_generator"]
    counts = {"train_candidates": 4, "train_generator": 1, "sample": 1}
    stages = estimate(plan, counts, slow)
    assert [stage.rule for stage in stages if stage.late] == ["train_generator"]
    taken, asked = stages[1].late
    assert taken == pytest.approx(3 * jobs[0].seconds("gpu"))
    assert asked == 60 * Requests(plan).minutes("train_generator", jobs[0].wildcards)
    text = describe(stages, "small", gpus=4, cores=2, measured_jobs=1)
    assert f"A job of train_generator takes {taken / 3600:.1f} hours and asks for {asked / 3600:.1f}" in text
    assert not any(stage.late for stage in estimate(plan, counts, NOTHING))
    (late,) = [stage for stage in estimate(plan, counts, NOTHING, {"train_generator": 1}) if stage.late]
    assert late.late[1] == 60  # the profile's minutes win


def test_a_profiles_run_times_win(tmp_path):
    (tmp_path / "config.yaml").write_text("set-resources:\n  sample: {runtime: 7}\n  evaluate: {gpu_model: a100}\n")
    assert asked_minutes(str(tmp_path)) == {"sample": 7}
    assert asked_minutes(str(ROOT / "slurm")) == {}
    with pytest.raises(StudyError, match=r"nowhere.*no config\.yaml"):
        asked_minutes("nowhere")
