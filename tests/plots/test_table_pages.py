import numpy as np
import pandas as pd
import pytest

from tests.plots import made_up
from tests.plots.test_pages import Cells
from understudy.plots import pages
from understudy.plots.generator_pages import generator_quality_page
from understudy.plots.loading import in_study_order
from understudy.plots.placed_tables import NO_TEST
from understudy.plots.table_pages import PAGES

TEST_COLUMNS = {
    "rank_preservation": ["spearman", "kendall", "spearman_true", "ci_low", "ci_high"],
    "selection_gain": ["test_error", "error_ci_low", "error_ci_high", "gain", "ci_low", "ci_high"],
    "protocol_comparison": [
        *("test_error", "ci_low", "ci_high", "architecture_error", "regret", "regret_ci_low", "regret_ci_high"),
    ],
    "certificate_summary": [
        *("restricted_certified", "restricted_certified_share", "restricted_bound", "agree_share", "violated"),
    ],
}


def ordered(name):
    return in_study_order(getattr(made_up, name)(), made_up.SPLITS, made_up.GENERATORS)


def test_rows_follow_the_configuration_with_aggregates_first():
    table = pd.concat([made_up.protocol_comparison(), made_up.protocol_comparison().assign(draw=-1)])
    found = in_study_order(table.sample(frac=1, random_state=1), made_up.SPLITS, made_up.GENERATORS)
    assert found["draw"].iloc[0] == -1
    first = found[found["draw"] == 0]
    assert list(dict.fromkeys(first["split"])) == made_up.SPLITS
    large = first[first["split"] == "Train1500"]
    assert list(dict.fromkeys(large["generator"])) == ["", *made_up.GENERATORS, "validation"]


def test_rank_preservation_states_the_table_s_numbers():
    rows = Cells(PAGES["rank_preservation"](ordered("rank_preservation"))).rows
    assert len(rows) == 1 + len(made_up.rank_preservation())
    assert rows[1] == [
        *("Train300", "stylegan2_cond", "standard", "architecture", "17", "0.93", "0.82"),
        *("0.96\u00a0[0.73,\u00a00.99]", ""),
    ]


def test_selection_gain_puts_the_families_means_first_with_gain_and_claim():
    table = ordered("selection_gain")
    rows = Cells(PAGES["selection_gain"](table)).rows
    errors, rows = rows[:19], rows[19:]
    row = table.query("architecture == 'all' and method == 'es_rss'").iloc[0]
    assert errors[0][3:] == ["baseline", "ES", "RSS", "ES + RSS", "oracle"]
    assert errors[1][:3] == ["Train300", "stylegan2_cond", "standard"]
    assert errors[1][6] == pages.interval(row["test_error"], row["error_ci_low"], row["error_ci_high"], scale=100)
    assert {row[1] for row in rows[1:19]} == {"standardall", "rwnnall"}
    assert rows[1][0] == "Train300stylegan2_cond"
    row = table.query("architecture == 'all' and method == 'rss'").iloc[0]
    interval = pages.interval(row["gain"], row["ci_low"], row["ci_high"], scale=100)
    assert rows[1][5] == interval + f"claimed {100 * row['apparent_gain']:.2f}"


def test_protocol_comparison_states_error_and_regret_in_percent():
    rows = Cells(PAGES["protocol_comparison"](ordered("protocol_comparison"))).rows
    shorter = next(row for row in rows if row[:2] == ["all", "Train900"])
    assert shorter[2:4] == ["5.60\u00a0[4.40,\u00a06.80] stylegan2_cond", "6.30\u00a0[5.10,\u00a07.50]"]
    synthetic = next(row for row in rows if row[1] == "synthetic (stylegan2_cond)")
    assert synthetic[2] == "resnet_14-s1@30"
    assert synthetic[5] == "9.60\u00a0[8.40,\u00a010.80]"
    assert synthetic[7] == "0.80\u00a0[0.00,\u00a01.60]"


def test_generator_quality_has_every_class_by_name_ten_a_table():
    table, names = ordered("generator_quality"), [f"kind {k}" for k in range(20)]
    rows = Cells(generator_quality_page(table, names[:10])).rows
    head = next(number for number, row in enumerate(rows) if row[2:] == [*names[:10], "all"])
    assert rows[head + 1][:2] == ["Train300", "stylegan2_cond"] and len(rows) == head + 7
    expected = table.query("split == 'Train300' and label == '3'")["fid"].iloc[0]
    assert rows[head + 1][5] == f"{expected:.1f}"
    more = table[table["label"] != "all"].assign(
        label=lambda rows: "1" + rows["label"], fid=lambda rows: 2 * rows["fid"]
    )
    rows = Cells(generator_quality_page(pd.concat([table, more]), names)).rows
    assert sum(row[-1:] == ["all"] for row in rows) == 2 and rows[-7][2:] == [*names[10:], "all"]
    assert rows[-6][5] == f"{2 * expected:.1f}"


def test_certificates_are_counted_with_their_violations():
    rows = Cells(PAGES["certificate_summary"](ordered("certificate_summary"))).rows
    assert rows[1][3:10] == ["40", "40.0", "10 (25.0 %)", "1", "5.0", "20 (50.0 %)", "97.5"]
    assert rows[3][3:6] == ["40", "40.0", "0 (0.0 %)"]


def test_subsets_state_shares_and_differences_in_percent():
    rows = Cells(PAGES["protocol_subsets"](ordered("protocol_subsets"))).rows
    assert rows[2][1:3] == ["synthetic (stylegan2_cond)", "standard"]
    assert rows[2][4:] == ["71.0", "5.0", "1.10\u00a0[−0.20,\u00a02.40]", "−2.00, 0.00, 1.00, 2.00, 4.00"]


def test_differences_state_points_with_their_intervals():
    rows = Cells(PAGES["protocol_differences"](ordered("protocol_differences"))).rows
    mine = next(row for row in rows if row[:3] == ["Train300", "synthetic (stylegan2_cond)", "standard"])
    assert mine[3] == "1.20\u00a0[−0.50,\u00a02.90]"


@pytest.mark.parametrize("name", TEST_COLUMNS)
def test_without_test_images_the_page_says_so(name):
    content = PAGES[name](ordered(name).drop(columns=TEST_COLUMNS[name]))
    assert NO_TEST in content
    assert NO_TEST not in PAGES[name](ordered(name))


def test_some_missing_figures_are_counted():
    table = ordered("rank_preservation")
    table.loc[:1, "spearman"] = np.nan
    assert f"2 rows of {len(table)} can&#x27;t be compared" in PAGES["rank_preservation"](table)


def test_the_draw_is_shown_where_there_are_several():
    table = pd.concat([made_up.rank_preservation(), made_up.rank_preservation().assign(draw=-1)])
    rows = Cells(PAGES["rank_preservation"](in_study_order(table, made_up.SPLITS, made_up.GENERATORS))).rows
    assert rows[0][0] == "draw"
    assert rows[1][0] == "mean of draws"
