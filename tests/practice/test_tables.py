import numpy as np
import pandas as pd
import pytest
from scipy import stats

from understudy.practice.differences import gains
from understudy.practice.intervals import FRACTION, mean_interval
from understudy.practice.tables import (
    costs_table,
    equal_accuracy_table,
    scaling_table,
    summary_table,
)

SEEDS = 5


def made_up(practice_lift: float = 0.05, noise: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return runs and evaluation in which test accuracy is 0.5 + 0.1 log10(images), and practice is ``lift`` above."""
    rng, runs, scores = np.random.default_rng(1), [], []

    def add(method, arm, seed, branch, images, seconds, accuracy, experiment="scaling"):
        run = f"{arm}-s{seed}-b{branch}"
        runs.append(
            {
                "experiment": experiment, "method": method, "arm": arm, "seed": seed, "draw": 0, "branch": branch,
                "omega": 0.0, "oversampling": 1.0, "run": run, "images_generated": images if method != "real" else 0,
                "images_trained": images, "iterations": 10, "generator_seconds": seconds, "learner_seconds": 1.0,
                "plain_seconds_per_image": 0.1, "guided_seconds_per_image": 0.2,
                "reason": "",
            }
        )  # fmt: skip
        for name in ("validation", "test", "shifted_gaussian_blur"):
            errors = round(100_000 * (1 - accuracy - noise * rng.normal()))
            scores.append({"run": run, "set": name, "images": 100_000, "errors": errors})

    for seed in range(SEEDS):
        for images in (100, 1000, 10_000):
            add("static", f"static_{images}", seed, 0, images, images / 10, 0.5 + 0.1 * np.log10(images))
        for branch, images in enumerate((100, 1000, 3000)):
            add(
                "practice",
                "practice_1",
                seed,
                branch,
                images,
                images / 10,
                0.5 + 0.1 * np.log10(images) + practice_lift,
            )
        add("real", "real", seed, 0, 50, 0.0, 0.99)
    return pd.DataFrame(runs), pd.DataFrame(scores)


def tables(**changes):
    runs, scores = made_up(**changes)
    return scaling_table(runs, scores), costs_table(runs)


def test_scaling_and_costs_have_the_same_rows():
    scaling, costs = tables()
    key = ["arm", "seed", "branch"]
    assert scaling[key].equals(costs[key]) and len(scaling) == SEEDS * 7
    assert scaling["shifted_gaussian_blur"].between(0, 1).all()
    assert costs.loc[costs["method"] == "real", "seconds_per_image"].isna().all()
    assert np.allclose(costs.loc[costs["method"] != "real", "seconds_per_image"], 0.1)


def test_a_gain_is_over_static_training_on_as_many_images():
    scaling, _ = tables()
    table = scaling.assign(gain=gains(scaling))
    assert np.allclose(table.loc[table["method"] == "practice", "gain"], 0.05, atol=1e-4)
    assert np.allclose(table.loc[table["method"] == "static", "gain"], 0)
    assert table.loc[table["method"] == "real", "gain"].isna().all()


def test_beyond_the_static_sets_no_gain_is_made_up():
    runs, scores = made_up()
    runs = runs[runs["arm"] != "static_10000"]
    table = scaling_table(runs, scores[scores["run"].isin(runs["run"])])
    found = table.assign(gain=gains(table)).query("method == 'practice'").groupby("branch")["gain"]
    assert np.allclose(found.mean()[[0, 1]], 0.05, atol=1e-4) and np.isnan(found.mean()[2])


def test_the_summary_has_students_interval_over_seeds():
    scaling, costs = tables(noise=0.01)
    summary = summary_table(scaling, costs).set_index(["arm", "branch"])
    mine = scaling.query("arm == 'practice_1' and branch == 2")["test_accuracy"]
    low, high = stats.t.interval(0.95, SEEDS - 1, mine.mean(), stats.sem(mine))
    row = summary.loc[("practice_1", 2)]
    assert (row["test_accuracy"], row["ci_low"], row["ci_high"]) == pytest.approx((mine.mean(), low, high))
    assert row["seconds"] == pytest.approx(301) and row["seeds"] == SEEDS and row["iterations"] == 10
    assert row["shifted_gaussian_blur"] == pytest.approx(
        scaling.query("arm == 'practice_1' and branch == 2")["shifted_gaussian_blur"].mean()
    )
    assert mean_interval(np.array([0.5])) == pytest.approx((np.nan, np.nan), nan_ok=True)


def test_an_interval_ends_where_an_accuracy_does():
    low, high = mean_interval(np.array([0.9, 1.0]))
    assert low < 0.9 and high > 1
    assert mean_interval(np.array([0.9, 1.0]), FRACTION) == (low, 1.0)


def test_a_run_whose_patience_was_never_reached_is_told_of_in_the_summary():
    runs, scores = made_up()
    runs.loc[(runs["arm"] == "practice_1") & (runs["branch"] == 0), "reason"] = "patience was never reached"
    summary = summary_table(scaling_table(runs, scores), costs_table(runs)).set_index(["arm", "branch"])
    assert summary["reason"].to_dict()["practice_1", 0] == "patience was never reached"
    assert not summary.loc["practice_1", "reason"][[1, 2]].any()


def test_cost_at_equal_accuracy_is_read_off_the_curve():
    table = equal_accuracy_table(*tables(), n_resamples=50, seed=1).set_index(["arm", "target_images"])
    # Practice with 0.05 more reaches the accuracy of 1,000 static images with 1000 / 10 ** 0.5 of its own, which lies
    # between branches of 100 and 1,000 images, whose seconds are 11 and 101.
    row = table.loc[("practice_1", 1000)]
    assert row["target_accuracy"] == pytest.approx(0.8, abs=1e-4)
    assert row["images_trained"] == pytest.approx(1000 / 10**0.5, rel=1e-3)
    seconds = np.sqrt(11 * 101)
    assert row["seconds"] == pytest.approx(seconds, rel=1e-3)
    assert row["seconds_ratio"] == pytest.approx(seconds / 101, rel=1e-3)
    # Without noise all resamples of seeds say the same.
    assert row["ratio_ci_low"] == pytest.approx(row["ratio_ci_high"]) == pytest.approx(row["seconds_ratio"])
    assert table.loc[("static", 1000), "seconds_ratio"] == pytest.approx(1)
    assert row["reached"] == 1


def test_an_accuracy_that_is_never_reached_is_told():
    table = equal_accuracy_table(*tables(practice_lift=-0.2), n_resamples=50, seed=1).set_index(
        ["arm", "target_images"]
    )
    row = table.loc[("practice_1", 10_000)]
    assert row["reason"] == "never reached" and row["reached"] == 0
    assert np.isnan([row["seconds"], row["seconds_ratio"], row["ratio_ci_high"]]).all()


def test_the_first_point_may_already_be_enough():
    table = equal_accuracy_table(*tables(practice_lift=0.15), n_resamples=50, seed=1).set_index(
        ["arm", "target_images"]
    )
    assert table.loc[("practice_1", 1000), "images_trained"] == pytest.approx(100)


def test_branches_that_some_seeds_lack_are_averaged_over_the_others():
    runs, scores = made_up()
    gone = (runs["arm"] == "practice_1") & (runs["branch"] == 2) & (runs["seed"] > 0)
    scaling, costs = (
        scaling_table(runs[~gone], scores[~scores["run"].isin(runs.loc[gone, "run"])]),
        costs_table(runs[~gone]),
    )
    summary = summary_table(scaling, costs).set_index(["arm", "branch"])
    assert summary.loc[("practice_1", 2), "seeds"] == 1
    assert np.isfinite(equal_accuracy_table(scaling, costs, 50, 1)["target_accuracy"]).all()
