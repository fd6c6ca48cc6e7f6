import numpy as np
import pandas as pd
import pytest
from made_up import runs_of, study, tables, typical

from understudy.errors import StudyError
from understudy.selection.choices import (
    best_architecture,
    best_candidate,
    best_snapshots,
    check_counts,
    chosen_snapshots,
    generator_names,
    last_snapshots,
)


def counts_from(errors: dict[str, list[list[int]]]) -> pd.DataFrame:
    """Counts of 20 images on set gan from {architecture: errors [seeds][epochs]}."""
    parts = []
    for architecture, per_run in errors.items():
        runs = runs_of(1, len(per_run)).assign(architecture=architecture)
        runs["run"] = architecture + "-s" + runs["seed"].astype(str)
        wrong = np.arange(20) < np.array(per_run)[..., None]
        parts.append(tables(runs, "gan", wrong)[0])
    return pd.concat(parts, ignore_index=True)


def test_early_stopping_takes_the_latest_of_equal_epochs():
    counts = counts_from({"a": [[5, 3, 3, 4], [2, 2, 2, 2]]})
    best = best_snapshots(counts)
    assert best["epoch"].tolist() == [3, 4]
    assert best["errors"].tolist() == [3, 2]
    assert best["images"].tolist() == [20, 20]
    assert best["last_epoch"].tolist() == [4, 4]


def test_order_of_rows_changes_nothing():
    counts, _ = typical(1)
    shuffled = counts.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(best_snapshots(counts), best_snapshots(shuffled))


def test_chosen_snapshots_name_the_sets_that_chose_them():
    counts = counts_from({"a": [[5, 3, 3], [2, 4, 4]]})
    other = counts.assign(set="wgan", errors=np.where(counts["epoch"] == 3, 0, 1))
    found = chosen_snapshots(pd.concat([other, counts], ignore_index=True))
    assert list(found.columns) == ["draw", "split", "regime", "run", "epoch", "chosen_by"]
    chosen = dict(zip(zip(found["run"], found["epoch"], strict=True), found["chosen_by"], strict=True))
    assert chosen == {("a-s0", 3): ["gan", "wgan"], ("a-s1", 1): ["gan"], ("a-s1", 3): ["wgan"]}
    assert (found["regime"] == "full").all() and (found["draw"] == 0).all() and (found["split"] == "Train300").all()


def test_candidate_of_equal_errors_is_the_first_by_name():
    counts = counts_from({"b": [[2, 2]], "a": [[3, 2], [2, 9]]})
    chosen = best_candidate(best_snapshots(counts))
    assert (chosen["architecture"], chosen["run"], chosen["epoch"]) == ("a", "a-s0", 2)


def test_architecture_is_chosen_by_its_mean_not_by_its_best_run():
    counts = counts_from({"lucky": [[9, 1], [9, 9]], "steady": [[9, 4], [9, 4]]})
    chosen = best_architecture(last_snapshots(counts))
    assert chosen["architecture"] == "steady" and chosen["error"] == pytest.approx(0.2)


def test_generators_are_the_sets_that_are_not_real():
    assert generator_names(typical(0)[0]) == ["gan", "noise"]


def test_set_without_a_class_is_named():
    counts, _ = typical(0)
    lacking = counts[~((counts["set"] == "gan") & (counts["label"] == 7))]
    with pytest.raises(StudyError, match=r"set 'gan' .* has no images of class 7"):
        check_counts(lacking)
    check_counts(counts)


def test_a_run_counted_on_fewer_images_is_named():
    counts, _ = typical(2)
    odd = (counts["run"] == "standard001-s0") & (counts["set"] == "gan") & (counts["epoch"] == 2)
    counts.loc[odd & (counts["label"] == 3), ["images", "errors"]] //= 2
    with pytest.raises(
        StudyError, match=r"'standard001-s0'.* was evaluated on .* images of set 'gan' at epoch 2, others"
    ):
        check_counts(counts)


def test_architectures_of_equal_means_tie_and_the_first_name_wins():
    """7 + 5 + 9 and 6 + 10 + 5 errors are as many, whatever the rounding of their means."""
    rows = runs_of(2, 3).assign(set="validation", images=75)
    for errors in ([6, 10, 5, 7, 5, 9], [7, 5, 9, 6, 10, 5]):
        assert best_architecture(rows.assign(errors=errors))["architecture"] == "standard000"


def test_run_that_was_not_evaluated_is_named():
    counts, _ = typical(0)
    absent = counts[~((counts["set"] == "gan") & (counts["run"] == "standard001-s2"))]
    with pytest.raises(StudyError, match=r"run 'standard001-s2' .* 0 of 3 snapshots evaluated on set 'gan'"):
        check_counts(absent)


def test_choosing_never_reads_another_set():
    rng = np.random.default_rng(0)
    runs = runs_of(3, 3)
    proxy = rng.random((9, 4, 60)) < 0.3
    first, second = (
        study({("full", "gan"): (runs, proxy), ("full", "test"): (runs, rng.random((9, 4, 60)) < 0.3)})[0]
        for _ in range(2)
    )
    chosen = [best_snapshots(counts).query("set == 'gan'") for counts in (first, second)]
    pd.testing.assert_frame_equal(*chosen)
