"""Errors by class of chosen snapshots, against scikit-learn's metrics, and what pages and cards make of them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from tests.plots import made_up
from understudy.errors import StudyError
from understudy.jobs.card_classes import Choice, by_class, of_set
from understudy.report.class_errors import CAUTION, CLASS_PAGES
from understudy.selection.class_errors import NO_ERRORS, chosen_runs, class_errors, class_summary
from understudy.selection.class_shares import TargetShares, class_shares
from understudy.statistics.intervals import wilson_interval
from understudy.tables import read_table, write_table

NAMES = ["cat", "dog", "owl"]
CHOICES = pd.DataFrame([{"draw": 0, "split": "S", "generator": "gan", "protocol": "synthetic", "run": "r", "epoch": 3}])


def tables(labels, predicted, train=(60, 30, 10), metric="error", given=None, sets=("test", "gan")):
    shares = TargetShares(class_shares(np.array(train), NAMES, metric, given or {}).assign(draw=0, split="S"))
    rows = CHOICES.assign(regime="full").merge(pd.DataFrame({"set": sets}), how="cross")
    rows["predicted"] = [np.asarray(predicted)] * len(rows)
    of_sets = {(0, "S", name): np.asarray(labels) for name in sets}
    table = class_errors(CHOICES, rows, of_sets, shares)
    return table, class_summary(table, shares).set_index("set")


def random_predictions(seed, images=(60, 30, 10)):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], images)
    return labels, np.where(rng.random(len(labels)) < 0.3, rng.integers(0, 3, len(labels)), labels)


@pytest.mark.parametrize("seed", range(4))
def test_figures_on_real_images_are_those_of_scikit_learn(seed):
    labels, predicted = random_predictions(seed)
    table, summary = tables(labels, predicted)
    rows, test = table[table["set"] == "test"], summary.loc["test"]
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, predicted, zero_division=0)
    np.testing.assert_allclose(rows["precision"], precision)
    np.testing.assert_allclose(1 - rows["error"], recall)
    np.testing.assert_allclose(rows["f1"], f1)
    np.testing.assert_array_equal(np.stack(rows["predicted_as"].to_list()), metrics.confusion_matrix(labels, predicted))
    assert test["macro_f1"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    assert test["balanced_error"] == pytest.approx(1 - metrics.balanced_accuracy_score(labels, predicted))
    assert test["error"] == (labels != predicted).mean()
    worst = rows.loc[rows["error"].idxmax()]
    assert (test["worst_class"], test["worst_images"]) == (worst["class"], worst["images"])


@pytest.mark.parametrize("seed", range(3))
def test_figures_on_synthetic_images_are_those_of_images_weighted_by_target_shares(seed):
    labels, predicted = random_predictions(seed, (40, 40, 40))
    table, summary = tables(labels, predicted)
    weights = np.array([0.6, 0.3, 0.1])[labels]
    found = metrics.precision_recall_fscore_support(labels, predicted, sample_weight=weights)
    rows = table[table["set"] == "gan"]
    np.testing.assert_allclose(rows["precision"], found[0])
    np.testing.assert_allclose(rows["f1"], found[2])
    assert summary.loc["gan", "error"] == pytest.approx(
        1 - metrics.accuracy_score(labels, predicted, sample_weight=weights)
    )
    assert summary.loc["gan", "effective_images"] == pytest.approx(120 * (1 / 3) / (0.36 + 0.09 + 0.01))


def test_intervals_are_wilson_s():
    for wrong, images in ((0, 1), (1, 1), (3, 10), (0, 50), (50, 50)):
        expected = binomtest(wrong, images).proportion_ci(0.95, method="wilson")
        np.testing.assert_allclose(wilson_interval(wrong / images, images), expected, atol=1e-12)


def test_without_errors_no_class_is_the_worst():
    labels = np.repeat([0, 1, 2], 5)
    _, summary = tables(labels, labels)
    assert summary.loc["test", "worst_class"] == "" and summary.loc["test", "macro_f1"] == 1
    assert summary.loc["test", "reason"] == NO_ERRORS


def test_a_class_of_one_image_and_one_that_nothing_is_predicted_as():
    table, summary = tables([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1])
    rows = table[table["set"] == "test"].set_index("class")
    assert np.isnan(rows.loc["owl", "precision"]) and rows.loc["owl", "f1"] == 0
    assert rows.loc["owl", "ci_low"] < 0.21 and rows.loc["owl", "ci_high"] == 1
    assert summary.loc["test", "worst_class"] == "owl" and "one image" in summary.loc["test", "reason"]


def test_of_equally_bad_classes_the_one_on_more_images_is_named():
    _, summary = tables([0, 0, 1, 1, 1, 1, 2], [1, 0, 0, 0, 1, 1, 2])
    assert (summary.loc["test", "worst_class"], summary.loc["test", "worst_error"]) == ("dog", 0.5)


def test_a_class_that_counts_for_nothing_is_never_the_worst():
    labels, predicted = np.repeat([0, 1, 2], 4), np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    _, summary = tables(labels, predicted, given={"cat": 0.5, "dog": 0.5, "owl": 0.0}, metric="balanced_error")
    assert summary.loc["test", "worst_class"] == "cat" and summary.loc["test", "metric"] == "balanced_error"
    assert summary.loc["test", "balanced_error"] == summary.loc["gan", "error"] == 0.125


def test_a_chosen_snapshot_without_predictions_is_one_line():
    shares = TargetShares(class_shares(np.ones(3), NAMES, "error", {}).assign(draw=0, split="S"))
    rows = CHOICES.assign(regime="full", set="gan", predicted=[np.zeros(3, int)])
    with pytest.raises(StudyError, match=r"run .r. .* chosen at epoch 3, but has no predictions on set 'test'"):
        class_errors(CHOICES, rows, {(0, "S", "test"): np.arange(3)}, shares)


def test_chosen_snapshots_are_those_of_all_families_together_in_each_draw():
    comparison = pd.concat([made_up.protocol_comparison(), made_up.protocol_comparison().assign(draw=-1)])
    found = chosen_runs(comparison)
    assert set(found["protocol"]) == {"synthetic", "validation"} and (found["draw"] == 0).all()
    assert set(found["run"] + found["epoch"].astype(str)) == {"resnet_14-s130", "resnet_20-s240"}
    assert len(found) == len(found.drop_duplicates(["split", "generator"]))


def test_pages_name_the_worst_class_with_its_images_and_the_caution(tmp_path):
    for name, table in made_up.class_tables().items():
        write_table(name, table, tmp_path / "table.parquet")
        html = CLASS_PAGES[name](read_table(tmp_path / "table.parquet", name)).html()
        assert CAUTION in html and "owl" in html
    assert "Confusion matrix" in html or "owl (20 images)" in html


def test_many_classes_are_shown_by_their_most_frequent_confusions():
    names, labels = [f"class {number}" for number in range(30)], np.repeat(np.arange(30), 4)
    predicted = labels.copy()
    predicted[:3] = 7
    shares = TargetShares(class_shares(np.ones(30), names, "error", {}).assign(draw=0, split="S"))
    rows = CHOICES.assign(regime="full", set="gan", predicted=[predicted])
    table = class_errors(CHOICES, rows, {(0, "S", "gan"): labels}, shares)
    section = CLASS_PAGES["class_errors"](table).sections[-1]
    assert section.table.rows == [["class 0", "class 7", "3"]]


def test_the_card_has_each_class_with_its_interval_the_matrix_and_the_worst():
    found, choice = made_up.class_tables(), Choice("study", "Train300", "stylegan2_cond")
    card = by_class(found, choice)
    test = card["test"]
    assert list(card) == ["test", "stylegan2_cond"] and "caution" in card["stylegan2_cond"]
    assert test["worst_class"]["class"] == "owl" and test["worst_class"]["images"] == 20
    assert "too high" in test["worst_class"]["caution"]
    assert sum(map(sum, test["confusion_matrix"]["images"])) == sum(one["images"] for one in test["classes"]) == 100
    assert test["classes"][0]["interval_95"][0] < test["classes"][0]["error"] < test["classes"][0]["interval_95"][1]
    assert of_set(found["class_summary"], choice)["set"] == "stylegan2_cond"
