import shutil
from types import SimpleNamespace

import pytest

from tests.studies import small_study
from understudy.config import load_study
from understudy.costs.disk import short_disk
from understudy.costs.work import Work
from understudy.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(load_study(small_study()))


@pytest.fixture(scope="module")
def jobs(plan) -> dict[str, float]:
    """Bytes that each job writes, by its benchmark file."""
    return {f"{job.rule}/{job.path}.tsv": job.disk for job in Work(plan).jobs()}


@pytest.mark.parametrize("margin", [-1, 1])
def test_a_disk_is_compared_with_what_the_jobs_to_come_write(plan, jobs, margin, monkeypatch):
    coming = {file: size for file, size in jobs.items() if file.startswith(("train_candidates", "sample"))}
    needed = sum(coming.values())
    assert 0 < needed < sum(jobs.values())
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=needed + margin))
    told = short_disk(plan, {*coming, "prepare.tsv"})
    assert (told is None) == (margin > 0)
    assert told is None or "the disk of results/small has" in told


def test_tables_and_figures_alone_are_not_weighed(plan, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert short_disk(plan, {"selection_table/x.tsv", "plot_protocols.tsv"}) is None
