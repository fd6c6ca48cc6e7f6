import numpy as np
import pandas as pd
import pytest
from scipy import stats

from understudy.practice.differences import differences_table

pytestmark = pytest.mark.slow(minutes=0.2)  # simulations

SEEDS = 5
LIFT = {"static": 0.0, "dynamic": 0.01, "prune_2": 0.02, "practice_1": 0.05, "ablation_omega_2": 0.04}


def made_up(noise: float = 0.0) -> pd.DataFrame:
    """Return a ``practice_scaling`` whose accuracy is 0.5 + 0.1 log10(images) + lift + an offset of the seed's."""
    rng, rows = np.random.default_rng(1), []

    def add(experiment, method, arm, seed, branch, trained, made, lift):
        accuracy = 0.5 + 0.1 * np.log10(trained) + lift + 0.03 * seed + noise * rng.normal()
        rows.append(
            {
                "experiment": experiment, "method": method, "arm": arm, "seed": seed, "branch": branch,
                "images_trained": trained, "images_generated": made, "validation_accuracy": accuracy + 0.001 * branch,
                "test_accuracy": accuracy,
            }
        )  # fmt: skip

    for seed in range(SEEDS):
        for size in (100, 1000):
            add("scaling", "static", f"static_{size}", seed, 0, size, size, 0.0)
        for branch, size in enumerate((100, 200, 400)):
            add("scaling", "dynamic", "dynamic", seed, branch, size, size, LIFT["dynamic"])
            add("scaling", "prune", "prune_2", seed, branch, size, 2 * size - 100, LIFT["prune_2"])
            add("scaling", "practice", "practice_1", seed, branch, size, size, LIFT["practice_1"])
        add("ablation", "practice", "ablation_omega_2", seed, 2, 400, 400, LIFT["ablation_omega_2"])
        add("scaling", "real", "real", seed, 0, 500, 0, 0.2)
    return pd.DataFrame(rows)


def by_key(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["arm", "branch", "against", "equal"]).sort_index()


@pytest.mark.parametrize("arm", ["dynamic", "prune_2", "practice_1"])
@pytest.mark.parametrize("against", ["static", "dynamic", "prune_2"])
def test_with_as_many_images_in_training_the_difference_is_that_of_the_variants(arm, against):
    table = by_key(differences_table(made_up()))
    key = (arm, 2, against, "images_trained")
    if list(LIFT).index(against) >= list(LIFT).index(arm):
        assert key not in table.index  # each pair is there once, the plainer method second
        return
    row = table.loc[key]
    # The seeds' own offsets cancel, so that an interval of no width remains.
    wanted = pytest.approx(LIFT[arm] - LIFT[against])
    assert row["difference"] == wanted and row["ci_low"] == wanted and row["ci_high"] == wanted
    assert row["seeds"] == SEEDS and row["images"] == 400


def test_with_as_many_images_made_pruning_is_held_against_what_it_threw_away():
    row = by_key(differences_table(made_up())).loc[("practice_1", 1, "prune_2", "images_generated")]
    # 200 images made: between prune's 100 and its 300, of which it trains on 100 and 200.
    fraction = np.log(2) / np.log(3)
    expected = 0.1 * np.log10(2) * (1 - fraction) + LIFT["practice_1"] - LIFT["prune_2"]
    assert row["difference"] == pytest.approx(expected) and row["images"] == 200


def test_beyond_the_others_curve_there_is_no_difference():
    scaling = made_up()
    shorter = scaling[~((scaling["arm"] == "prune_2") & (scaling["branch"] == 2) & (scaling["seed"] > 1))]
    table = by_key(differences_table(shorter))
    assert table.loc[("practice_1", 2, "prune_2", "images_trained"), "seeds"] == 2
    none = differences_table(shorter[~((shorter["arm"] == "prune_2") & (shorter["branch"] == 2))])
    row = by_key(none).loc[("practice_1", 2, "prune_2", "images_trained")]
    assert row["seeds"] == 0 and np.isnan(row[["difference", "ci_low", "images"]].astype(float)).all()


def test_an_ablation_is_held_against_practice_too():
    row = by_key(differences_table(made_up())).loc[("ablation_omega_2", 2, "practice_1", "images_trained")]
    assert row["difference"] == pytest.approx(-0.01) and row["experiment"] == "ablation"
    assert row["validation_difference"] == pytest.approx(-0.01)


def test_the_interval_is_students_of_the_differences():
    scaling = made_up(noise=0.01)
    row = by_key(differences_table(scaling)).loc[("practice_1", 2, "dynamic", "images_trained")]
    ends = scaling[scaling["branch"] == 2].pivot(index="seed", columns="arm", values="test_accuracy")
    found = ends["practice_1"] - ends["dynamic"]
    low, high = stats.t.interval(0.95, SEEDS - 1, found.mean(), stats.sem(found))
    assert (row["difference"], row["ci_low"], row["ci_high"]) == pytest.approx((found.mean(), low, high))


def test_without_test_images_validation_alone_is_compared():
    table = differences_table(made_up().drop(columns="test_accuracy"))
    assert "difference" not in table
    assert table.loc[table["equal"] == "images_trained", "validation_difference"].notna().all()
