import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.plots import made_up
from understudy.plots import frames


def test_the_half_width_is_that_of_a_t_interval():
    errors = pd.DataFrame({"family": "standard", "architecture": "a", "draw": 0, "error": [0.1, 0.2, 0.4]})
    found = frames.architecture_errors(errors).iloc[0]
    low, high = stats.t.interval(0.95, 2, loc=np.mean([0.1, 0.2, 0.4]), scale=stats.sem([0.1, 0.2, 0.4]))
    assert found["mean"] - found["half_width"] == pytest.approx(low)
    assert found["mean"] + found["half_width"] == pytest.approx(high)


def test_what_a_draw_adds_to_all_its_runs_widens_no_bar():
    values = np.array([0.1, 0.2, 0.1, 0.2])
    frame = {"family": "standard", "architecture": "a", "draw": [0, 0, 1, 1]}
    shifted = values + np.repeat([0, 0.5], 2)
    plain, moved = (frames.architecture_errors(pd.DataFrame({**frame, "error": e})) for e in (values, shifted))
    assert moved["half_width"][0] == pytest.approx(plain["half_width"][0])
    assert moved["mean"][0] == pytest.approx(0.4)


def test_a_single_run_has_no_half_width():
    errors = pd.DataFrame({"family": ["standard"], "architecture": ["a"], "draw": [0], "error": [0.1]})
    assert np.isnan(frames.architecture_errors(errors)["half_width"][0])


def test_over_draws_takes_aggregates_or_the_only_draw():
    several = pd.DataFrame({"draw": [0, 1, -1], "value": [1, 2, 3]})
    assert frames.over_draws(several)["value"].tolist() == [3]
    assert frames.over_draws(several[several["draw"] == 1])["value"].tolist() == [2]


def test_sets_of_every_split_come_first():
    table = made_up.rank_preservation()
    found = frames.selection_sets(table, made_up.SPLITS, made_up.GENERATORS)
    assert found == ["stylegan2_cond", "validation", "stylegan2_class", "wgan_gp_cond", "wgan_gp_class"]
