"""The one order of candidates, and that everything which chooses follows it when it changes."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.statistics import tie_breaking
from understudy.statistics.tie_breaking import TIE_RULE, best_columns, best_first, choose_again, ranks, take_first

ROWS = st.lists(st.tuples(*[st.integers(0, 2)] * 4), min_size=1, max_size=12, unique=True)


@settings(max_examples=30)
@given(ROWS)
def test_order_is_by_error_then_architecture_then_seed_then_latest_epoch(rows):
    table = pd.DataFrame(rows, columns=["errors", "architecture", "seed", "epoch"])
    table["architecture"] = table["architecture"].map({0: "a", 1: "b", 2: "c"})
    expected = sorted(range(len(rows)), key=lambda k: (*rows[k][:3], -rows[k][3]))
    assert best_first(table).tolist() == expected
    assert ranks(table)[expected].tolist() == list(range(len(rows)))
    first = take_first(table, ["seed"])
    for seed, part in table.groupby("seed"):
        assert first[first["seed"] == seed].iloc[0].tolist() == part.iloc[best_first(part)[0]].tolist()


def test_rows_need_not_have_every_column_of_the_rule():
    assert best_first(pd.DataFrame({"error": [0.2, 0.1, 0.1], "architecture": ["a", "c", "b"]}), "error")[0] == 2


def test_best_column_of_each_row():
    candidates = pd.DataFrame({"architecture": ["b", "a", "c"]})
    assert best_columns(np.array([[0.1, 0.1, 0.2], [0.3, 0.2, 0.1], [np.inf, 0.5, 0.5]]), candidates).tolist() == [
        1,
        2,
        1,
    ]


def test_resampled_choice_takes_the_best_of_each_resample():
    of_rank = np.array([9, 2, 4, 7])
    resampled, chosen = choose_again(of_rank, 2_000, np.random.default_rng(0))
    assert resampled.shape == (2_000, 4) and set(chosen) == {0, 1, 2, 3}
    for row, k in zip(resampled, chosen, strict=True):
        assert k in row and of_rank[k] == of_rank[row].min()


def test_sentence_states_the_rule():
    assert TIE_RULE == (
        "Of equal errors the first architecture in alphabetical order, then the lowest seed, then the latest epoch is "
        "chosen."
    )
    assert [(tie.column, tie.ascending) for tie in tie_breaking.TIES] == [
        ("architecture", True), ("seed", True), ("epoch", False)
    ]  # fmt: skip
