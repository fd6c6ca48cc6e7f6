import numpy as np
import pytest

from tests.plots import made_up
from understudy.plots.frames import last
from understudy.plots.rank_preservation import error_pairs, rank_preservation_figure


def drawn_points(panel):
    return {line.get_gid(): line.get_xydata() for line in panel.lines if line.get_gid() in ("standard", "rwnn")}


def panels_of(figure):
    return {axes.get_title(loc="left").split("\n")[0]: axes for axes in figure.axes if axes.get_title(loc="left")}


@pytest.fixture(scope="module")
def panels(errors):
    return panels_of(rank_preservation_figure(errors, made_up.rank_preservation(), made_up.SPLITS, made_up.GENERATORS))


def test_each_architecture_is_drawn_once_in_percent(errors, panels):
    expected = {f"{split}: {name}" for split in made_up.SPLITS for name in made_up.selection_sets(split)}
    assert set(panels) == expected
    points = drawn_points(panels["Train900: stylegan2_cond"])
    assert {family: len(found) for family, found in points.items()} == {"standard": 5, "rwnn": 3}
    runs = last(errors)
    runs = runs[(runs["split"] == "Train900") & (runs["regime"] == "full") & (runs["family"] == "rwnn")]
    means = {name: runs[runs["set"] == name].groupby("architecture")["error"].mean() for name in runs["set"].unique()}
    np.testing.assert_allclose(points["rwnn"][:, 0], 100 * means["stylegan2_cond"])
    np.testing.assert_allclose(points["rwnn"][:, 1], 100 * means["test"])


def test_the_title_states_the_table_s_figures(panels):
    title = panels["Train1500: wgan_gp_cond"].get_title(loc="left")
    assert "standard: ρ = 0.13, τ = 0.02, n = 17" in title
    assert "true ρ 0.16 [-0.07, 0.19]" in title


def test_validation_compares_subtrain_runs(errors):
    pairs = error_pairs(last(errors)[lambda rows: rows["split"] == "Train300"], "validation")
    runs = last(errors).query("split == 'Train300' and regime == 'subtrain' and set == 'test'")
    np.testing.assert_allclose(pairs["y"], runs.groupby(["family", "architecture"])["error"].mean())


def test_without_test_images_the_panels_say_so(errors):
    table = made_up.rank_preservation().drop(columns=["spearman", "kendall", "spearman_true", "ci_low", "ci_high"])
    figure = rank_preservation_figure(
        errors[errors["set"] != "test"], table.assign(reason="no test set"), ["Train300"], made_up.GENERATORS
    )
    panel = panels_of(figure)["Train300: validation"]
    assert drawn_points(panel) == {}
    assert "no test images" in panel.texts[0].get_text()
    assert "no test set" in panel.get_title(loc="left")


def test_several_draws_are_averaged(two_draws):
    table = made_up.rank_preservation()
    figure = rank_preservation_figure(two_draws, table, ["Train300"], made_up.GENERATORS)
    assert len(drawn_points(panels_of(figure)["Train300: stylegan2_cond"])["standard"]) == 5
