"""Studies in which runs failed, or in which there is hardly anything to choose among."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import cut_short, draw_wrong, runs_of, study, typical, without

from understudy.selection.comparison import protocol_comparison
from understudy.selection.gain import selection_gain
from understudy.selection.rank_certificates import certificate_summary, rank_certificates
from understudy.selection.rank_preservation import rank_preservation
from understudy.selection.split_errors import StudyErrors
from understudy.selection.subsets import protocol_subsets
from understudy.tables import read_table, write_table

pytestmark = pytest.mark.slow(minutes=0.3)  # whole selections

VARIATION = {(0, "Train300", name): 0.02 for name in ("gan", "noise")}
BUILDERS = {
    "selection_gain": partial(selection_gain, seed=0, n_resamples=20),
    "protocol_comparison": partial(protocol_comparison, seed=0, n_resamples=20),
    "protocol_subsets": partial(protocol_subsets, seed=0, n_resamples=20),
    "rank_preservation": partial(rank_preservation, seed=0, n_resamples=20),
    "rank_certificates": partial(rank_certificates, total_variation=VARIATION, restricted={}),
}


def written(
    counts: pd.DataFrame, covariances: dict, folder: Path, test: str | None = "test"
) -> dict[str, pd.DataFrame]:
    """All tables of a study that could be written."""
    names = [name for name in BUILDERS if test or name != "protocol_subsets"]
    tables = {name: BUILDERS[name](StudyErrors(counts, covariances, test=test)) for name in names}
    tables["certificate_summary"] = certificate_summary(tables["rank_certificates"])
    for name, table in tables.items():
        write_table(name, table, folder / f"{name}.parquet")
        assert len(read_table(folder / f"{name}.parquet", name)) == len(table)
    return tables


def of(table: pd.DataFrame, protocol: str) -> pd.Series:
    return table[table["protocol"] == protocol].iloc[0]


@pytest.mark.parametrize("test", ["test", None])
def test_architecture_without_full_runs_is_never_chosen_and_named(test, tmp_path):
    # The first architecture is the best by far: standard and validation would choose it.
    counts, covariances = typical(0, architectures=4, seeds=2)
    assert (
        of(BUILDERS["protocol_comparison"](StudyErrors(counts, covariances)), "standard")["selected"] == "standard000"
    )
    counts = without(counts, "standard000", "full")
    comparison = written(counts, covariances, tmp_path, test)["protocol_comparison"]
    assert comparison["reason"].str.contains("left out, no full run succeeded: standard000").all()
    # The choices are those of a study that never had the architecture.
    never = BUILDERS["protocol_comparison"](
        StudyErrors(without(counts, "standard000", "subtrain"), covariances, test=test)
    )
    columns = [column for column in comparison.columns if column != "reason"]
    pd.testing.assert_frame_equal(comparison[columns], never[columns])


def test_architecture_without_subtrain_runs_is_named_where_they_choose(tmp_path):
    counts, covariances = typical(0, architectures=3, seeds=2)
    comparison = written(without(counts, "standard000", "subtrain"), covariances, tmp_path)["protocol_comparison"]
    chosen_by = comparison["protocol"].isin(["standard", "validation"])
    said = comparison["reason"].str.contains("left out, no subtrain run succeeded: standard000")
    assert (said == chosen_by).all()
    assert (comparison["architecture"] == "standard000").any() and comparison["test_error"].notna().all()


def test_subsets_hold_only_what_every_protocol_may_choose():
    counts, covariances = typical(0, architectures=4, seeds=3, epochs=1)
    build = BUILDERS["protocol_subsets"]
    lacking = without(without(counts, "standard000", "subtrain"), "standard001", "full")
    never = counts[~counts["architecture"].isin(["standard000", "standard001"])]
    pd.testing.assert_frame_equal(build(StudyErrors(lacking, covariances)), build(StudyErrors(never, covariances)))
    neither = without(without(lacking, "standard002", "subtrain"), "standard003", "full")
    pd.testing.assert_frame_equal(
        build(StudyErrors(neither, covariances)), build(StudyErrors(neither[neither["regime"] == "full"], covariances))
    )


def test_family_without_any_full_run_has_reasons_in_place_of_figures(tmp_path):
    counts, covariances = typical(0, families=2, architectures=3, seeds=2)
    for number in range(3):
        counts = without(counts, f"rwnn{number:03d}", "full")
    comparison = written(counts, covariances, tmp_path)["protocol_comparison"]
    lost = comparison[comparison["family"] == "rwnn"]
    assert lost["test_error"].isna().all() and (lost["selected"] == "").all() and (lost["candidates"] == 0).all()
    assert lost["reason"].str.contains("no full run succeeded").all()
    assert comparison[comparison["family"] == "all"]["test_error"].notna().all()


def test_all_full_runs_failed(tmp_path):
    rng = np.random.default_rng(0)
    runs, wrong = runs_of(2, 2, "subtrain"), draw_wrong(np.full((4, 2), 0.2), 100, rng)
    counts, covariances = study({("subtrain", name): (runs, wrong) for name in ("test", "validation")})
    comparison = written(counts, covariances, tmp_path)["protocol_comparison"]
    assert set(comparison["protocol"]) == {"random", "standard", "validation"}
    assert comparison["reason"].str.contains("no full run succeeded").all()


def test_run_that_failed_early_counts_with_its_last_snapshot(tmp_path):
    counts, covariances = cut_short(*typical(0, architectures=3, seeds=3), "standard001-s2", 1)
    tables = written(counts, covariances, tmp_path)
    assert tables["protocol_comparison"]["test_error"].notna().all()
    last = counts[(counts["set"] == "test") & (counts["regime"] == "full") & (counts["architecture"] == "standard001")]
    last = last[(last["epoch"] == 3) | (last["run"] == "standard001-s2")].groupby("run")[["errors", "images"]].sum()
    gain = tables["selection_gain"].query(
        "generator == 'gan' and architecture == 'standard001' and method == 'baseline'"
    )
    assert gain["test_error"].item() == pytest.approx((last["errors"] / last["images"]).mean())


@pytest.mark.parametrize("test", ["test", None])
def test_one_run_of_one_architecture_has_tables_that_say_what_is_missing(test, tmp_path):
    tables = written(*typical(0, architectures=1, seeds=1), tmp_path, test)
    untested = "no test set" if test is None else ""
    assert (tables["selection_gain"]["reason"] == (untested or "one run: nothing to choose among seeds")).all()
    few = "1 model: a rank correlation needs at least 3"
    assert (tables["rank_preservation"]["reason"] == (untested or few)).all()
    for protocol in ("random", "standard"):
        reason = of(tables["protocol_comparison"], protocol)["reason"]
        assert untested in reason and "one architecture: nothing to choose among" in reason
    assert tables["rank_certificates"].empty and tables["certificate_summary"].empty
    assert ("violated" in tables["certificate_summary"].columns) == (test is not None)


def test_one_seed_of_each_architecture(tmp_path):
    tables = written(*typical(0, architectures=4, seeds=1), tmp_path)
    gain = tables["selection_gain"]
    assert (gain["reason"] == "one run: nothing to choose among seeds").all()
    assert (gain[gain["method"] == "rss"]["gain"] == 0).all()
    assert tables["protocol_comparison"]["test_error"].notna().all()
    ranks = tables["rank_preservation"].pivot(index="generator", columns="level", values="spearman")
    np.testing.assert_allclose(ranks["architecture"], ranks["run"])


def test_no_test_set_is_said_in_every_comparison(tmp_path):
    counts, covariances = typical(0, architectures=3, seeds=2)
    tables = written(counts[counts["set"] != "test"], covariances, tmp_path, test=None)
    for name in ("selection_gain", "protocol_comparison", "rank_preservation"):
        assert tables[name]["reason"].str.contains("no test set").all(), name
    assert len(tables["certificate_summary"]) == 2
