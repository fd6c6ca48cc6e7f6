"""A study that trains on all its images, as someone with little data would. A minute: that is why it is slow."""

import json
from pathlib import Path

import pytest

from tests.studies import one_split_study
from tests.workflow.runs import planned_jobs, snakemake
from understudy.tables import read_table

pytestmark = pytest.mark.slow


def study() -> dict:
    """One generator and a few architectures: what is looked at here doesn't depend on how many there are."""
    small = one_split_study()
    # Candidates are ranked, and practice is judged, on held-out images, and here there are none.
    del small["ranking"], small["practice"]
    small["generators"] = {"stylegan2_cond": {"method": "stylegan2", "kimg": 2, "snapshots": 2}}
    small["candidates"] = {name: value for name, value in small["candidates"].items() if name != "rwnn"}
    return small | {"splits": {"All": {"train": "all", "validation": 200}}}


def test_it_ships_a_model_and_says_that_nothing_checked_it(tmp_path):
    result = snakemake(tmp_path, study(), "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert planned_jobs(tmp_path, study()) == {}
    results: Path = tmp_path / "results" / "small"
    for name in ("rank_preservation", "selection_gain", "protocol_comparison", "rank_certificates"):
        table = read_table(results / "tables" / f"{name}.parquet", name)
        assert not {"spearman", "gain", "test_error", "regret", "agrees", "restricted_bound"} & set(table.columns)
    assert not list(results.glob("tables/protocol_differences.*")) + list(results.glob("tables/protocol_subsets.*"))
    chosen = read_table(results / "tables" / "protocol_comparison.parquet").query("protocol == 'synthetic'").iloc[0]
    assert chosen["reason"] == "no test set"
    card = json.loads((results / "selected" / "All" / "card.json").read_text())
    assert f"{card['run']}@{card['epoch']}" == chosen["selected"] and card["test_error"] is None
    assert card["trained_on"]["images"] == 1797
    page = (results / "pages" / "recommendation.html").read_text()
    assert f"Ship {card['architecture']}" in page and "no choice has been checked" in page
    assert "no error is known for it" in (results / "summary.txt").read_text()
