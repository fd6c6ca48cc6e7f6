import pandas as pd
import pytest

from understudy.practice.omega import omega_table

RUNS = pd.DataFrame({"arm": ["weak", "strong", "wild"], "omega": [0.1, 0.2, 0.4]})


def history(ends: dict[str, list[float]]) -> pd.DataFrame:
    """Return runs of 40 iterations that end with these accuracies, seed by seed; draws are taken in turn."""
    rows = []
    for arm, accuracies in ends.items():
        for seed, accuracy in enumerate(accuracies):
            of_run = {"arm": arm, "seed": seed, "draw": seed % 2}
            rows.append(of_run | {"branch": 2, "iteration": 40, "validation_accuracy": accuracy})
            # On the way, and in a branch that left early, it was better.
            rows.append(of_run | {"branch": 2, "iteration": 20, "validation_accuracy": 0.99})
            rows.append(of_run | {"branch": 0, "iteration": 30, "validation_accuracy": 1.0})
    return pd.DataFrame(rows)


def test_the_best_mean_at_the_end_is_chosen_over_all_draws_and_in_each():
    table = omega_table(RUNS, history({"weak": [0.5, 0.9], "strong": [0.8, 0.7], "wild": [0.1, 0.1]}))
    chosen = table[table["chosen"]].set_index("draw")["omega"]
    assert chosen.to_dict() == {-1: 0.2, 0: 0.2, 1: 0.1}
    row = table[(table["draw"] == -1) & (table["omega"] == 0.1)].iloc[0]
    assert (row["seeds"], row["validation_accuracy"]) == (2, pytest.approx(0.7))
    assert row["ci_low"] < 0.7 < row["ci_high"]


def test_of_equal_ones_the_smallest_is_chosen():
    table = omega_table(RUNS, history({"strong": [0.1 + 0.2, 0.3], "weak": [0.3, 0.1 + 0.2], "wild": [0.1, 0.1]}))
    assert table[(table["draw"] == -1) & table["chosen"]]["omega"].tolist() == [0.1]
