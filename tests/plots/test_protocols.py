import numpy as np
import pytest

from tests.plots import made_up
from understudy.plots.protocols import protocols_figure

TEST_COLUMNS = ["test_error", "ci_low", "ci_high", "architecture_error", "regret", "regret_ci_low", "regret_ci_high"]


@pytest.fixture(scope="module")
def axes(errors):
    sets = made_up.SYNTHETIC_SETS
    figure = protocols_figure(
        errors, made_up.rank_preservation(), made_up.protocol_comparison(), sets, made_up.GENERATORS
    )
    return np.array(figure.axes).reshape(4, 3)


def column_of(errors, ranks, comparison):
    """The panels of the first split alone."""
    split = made_up.SPLITS[0]
    tables = (table[table["split"] == split] for table in (errors, ranks, comparison))
    return protocols_figure(*tables, {split: "stylegan2_cond"}, made_up.GENERATORS).axes


def test_the_last_row_shows_each_protocol_at_its_test_error_with_its_regret(axes):
    panel = axes[3, 0]
    table = made_up.protocol_comparison().query("split == 'Train300' and family == 'all'")
    drawn = [container.lines[0].get_xdata()[0] for container in panel.containers]
    np.testing.assert_allclose(drawn, 100 * table.set_index("protocol").loc[
        ["random", "standard", "synthetic", "validation"], "test_error"])  # fmt: skip
    texts = [text.get_text() for text in panel.texts]
    assert texts[0] == "random: regret 1.3 [0.0, 2.6]"
    assert texts[2] == "synthetic*, stylegan2_cond: regret 0.8 [0.0, 1.6]"


def test_correlations_of_the_table_stand_in_the_second_row(axes):
    panel = axes[1, 2]
    drawn = [container.lines[0].get_xdata()[0] for container in panel.containers]
    assert len(drawn) == 10
    assert drawn[0] == pytest.approx(0.96)
    assert drawn[4] == pytest.approx(0.16)


def test_ranks_are_a_permutation_and_the_ring_is_the_standard_protocol_s_choice(axes):
    panel = axes[2, 1]
    points = np.concatenate([line.get_xydata() for line in panel.lines[1:3]])
    assert len(points) == 8
    assert points[:, 0].sum() == points[:, 1].sum() == 8 * 9 / 2
    assert panel.lines[3].get_xdata()[0] == 1


def test_without_test_images_every_panel_says_so_or_is_empty(errors):
    ranks = made_up.rank_preservation().drop(columns=["spearman", "kendall", "spearman_true", "ci_low", "ci_high"])
    comparison = made_up.protocol_comparison().drop(columns=TEST_COLUMNS)
    axes = column_of(errors[errors["set"] != "test"], ranks.assign(reason="no test set"), comparison)
    assert "no test images" in axes[0].texts[0].get_text()
    assert "no test set" in axes[1].texts[0].get_text()
    assert "no test images" in axes[2].texts[0].get_text()
    assert axes[3].texts[0].get_text() == "random: no test images"
    assert not axes[3].containers


def test_too_few_models_are_said_in_words_that_fit(errors):
    ranks = made_up.rank_preservation()
    ranks.loc[ranks["family"] == "rwnn", ["models", "spearman", "spearman_true"]] = [2, np.nan, np.nan]
    reason = "2 models: a rank correlation needs at least 3"
    panel = column_of(errors, ranks.assign(reason=reason), made_up.protocol_comparison())[1]
    texts = [text.get_text() for text in panel.texts]
    assert "stylegan2_cond, rwnn, n = 2: too few" in texts
    assert not any(reason in text for text in texts)
