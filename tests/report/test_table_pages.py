import numpy as np
import pandas as pd
import pytest

from tests.plots import made_up, made_up_practice
from tests.report.test_pages import Cells
from understudy.files import write_json
from understudy.jobs.pages import PAGES, RANKING_PAGES, write_table_page
from understudy.plots.frames import in_study_order
from understudy.report import formats
from understudy.report.columns import NO_TEST
from understudy.report.generators import generator_quality_page
from understudy.report.ranking import model_ranking_page
from understudy.schemas import SCHEMAS
from understudy.tables import arrow_schema, write_table

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


def rows_of(name, table=None):
    return Cells(PAGES[name](ordered(name) if table is None else table).html()).rows


def test_rows_follow_the_configuration_with_aggregates_first():
    table = pd.concat([made_up.protocol_comparison(), made_up.protocol_comparison().assign(draw=-1)])
    found = in_study_order(table.sample(frac=1, random_state=1), made_up.SPLITS, made_up.GENERATORS)
    assert found["draw"].iloc[0] == -1
    first = found[found["draw"] == 0]
    assert list(dict.fromkeys(first["split"])) == made_up.SPLITS
    large = first[first["split"] == "Train1500"]
    assert list(dict.fromkeys(large["generator"])) == ["", *made_up.GENERATORS, "validation"]


def test_rank_preservation_states_the_table_s_numbers():
    rows = rows_of("rank_preservation")
    assert len(rows) == 1 + len(made_up.rank_preservation())
    assert rows[1] == [
        *("Train300", "stylegan2_cond", "standard", "architecture", "17", "0.93", "0.82"),
        *("0.96\u00a0[0.73,\u00a00.99]", ""),
    ]


def test_selection_gain_puts_the_families_means_first_with_gain_and_claim():
    table = ordered("selection_gain")
    rows = rows_of("selection_gain")
    errors, rows = rows[:19], rows[19:]
    row = table.query("architecture == 'all' and method == 'es_rss'").iloc[0]
    assert errors[0][3:] == ["baseline", "ES", "RSS", "ES + RSS", "oracle"]
    assert errors[1][:3] == ["Train300", "stylegan2_cond", "standard"]
    assert errors[1][6] == formats.interval(row["test_error"], row["error_ci_low"], row["error_ci_high"], scale=100)
    assert {row[1] for row in rows[1:19]} == {"standard\nall", "rwnn\nall"}
    assert rows[1][0] == "Train300\nstylegan2_cond"
    row = table.query("architecture == 'all' and method == 'rss'").iloc[0]
    interval = formats.interval(row["gain"], row["ci_low"], row["ci_high"], scale=100)
    assert rows[1][5] == f"{interval}\nclaimed {100 * row['apparent_gain']:.2f}"
    assert len(rows) == 2 + 18 + 9 * len(made_up.ARCHITECTURES)


def test_protocol_comparison_states_error_and_regret_in_percent():
    rows = rows_of("protocol_comparison")
    assert rows[0] == ["candidates", "split", "random (%)", "standard (%)", "synthetic (%)", "validation (%)"]
    shorter = next(row for row in rows if row[:2] == ["all", "Train900"])
    assert shorter[3:5] == ["6.30\u00a0[5.10,\u00a07.50]", "5.60\u00a0[4.40,\u00a06.80] stylegan2_cond"]
    several = next(row for row in rows if row[:2] == ["all", "Train1500"])
    assert [line.split()[-1] for line in several[4].split("\n")] == made_up.GENERATORS
    synthetic = next(row for row in rows if row[1] == "synthetic (stylegan2_cond)")
    assert synthetic[2] == "resnet_14-s1@30"
    assert synthetic[5] == "9.60\u00a0[8.40,\u00a010.80]"
    assert synthetic[7] == "0.80\u00a0[0.00,\u00a01.60]"


def test_generator_quality_has_every_class_by_name_ten_a_table():
    table, names = ordered("generator_quality"), [f"kind {k}" for k in range(20)]
    rows = Cells(generator_quality_page(table, names[:10]).html()).rows
    assert rows[1][2] == "1,000"
    head = next(number for number, row in enumerate(rows) if row[2:] == [*names[:10], "all"])
    assert rows[head + 1][:2] == ["Train300", "stylegan2_cond"] and len(rows) == head + 7
    expected = table.query("split == 'Train300' and label == '3'")["fid"].iloc[0]
    assert rows[head + 1][5] == f"{expected:.1f}"
    more = table[table["label"] != "all"].assign(
        label=lambda rows: "1" + rows["label"], fid=lambda rows: 2 * rows["fid"]
    )
    rows = Cells(generator_quality_page(pd.concat([table, more]), names).html()).rows
    assert sum(row[-1:] == ["all"] for row in rows) == 2 and rows[-7][2:] == [*names[10:], "all"]
    assert rows[-6][5] == f"{2 * expected:.1f}"


def test_certificates_are_counted_with_their_violations():
    rows = rows_of("certificate_summary")
    assert rows[1][3:10] == ["40", "40.0", "10 (25.0 %)", "1", "5.0", "20 (50.0 %)", "97.5"]
    assert rows[3][3:6] == ["40", "40.0", "0 (0.0 %)"]


def test_subsets_and_differences_are_stated_in_percent_with_their_intervals():
    rows = rows_of("protocol_subsets")
    assert rows[2][1:4] == ["synthetic (stylegan2_cond)", "standard", "500 of 12 runs"]
    assert rows[2][4:] == ["71.0", "5.0", "1.10\u00a0[−0.20,\u00a02.40]", "−2.00, 0.00, 1.00, 2.00, 4.00"]
    rows = rows_of("protocol_differences")
    mine = next(row for row in rows if row[:3] == ["Train300", "synthetic (stylegan2_cond)", "standard"])
    assert mine[3] == "1.20\u00a0[−0.50,\u00a02.90]"


def test_without_test_images_the_page_says_so():
    for name, columns in TEST_COLUMNS.items():
        table = ordered(name)[lambda rows: rows["split"] == "Train300"]
        content = PAGES[name](table.drop(columns=columns)).html()
        assert NO_TEST in content and formats.MISSING in content, name
        assert NO_TEST not in PAGES[name](table).html(), name
    table = ordered("rank_preservation")
    table.loc[:1, "spearman"] = np.nan
    assert f"2 rows of {len(table)} can&#39;t be compared" in PAGES["rank_preservation"](table).html()


def test_the_draw_is_shown_where_there_are_several():
    table = pd.concat([made_up.rank_preservation(), made_up.rank_preservation().assign(draw=-1)])
    rows = rows_of("rank_preservation", in_study_order(table, made_up.SPLITS, made_up.GENERATORS))
    assert [row[0] for row in rows[:2]] == ["draw", "mean of draws"] and rows[-1][0] == "0"


def test_pages_of_the_ranking_study_show_the_figures_of_their_tables():
    for name, page in RANKING_PAGES.items():
        table = made_up.ranking_tables()[name]
        content = page(table, "Which images judge.").html()
        assert "Which images judge." in content and "<th>draw</th>" not in content and "<th>split</th>" not in content
        first = table.iloc[0]
        shown = 100 * first["estimate"] if name == "model_ranking" else first["spearman"]
        assert formats.number(shown) in content, name


def test_models_are_shown_from_the_best_with_the_rank_of_each_method():
    table = made_up.ranking_tables()["model_ranking"]
    head, *rows = Cells(model_ranking_page(table, "").html()).rows
    assert head == ["set", "model", "adaptive", "ridge", "none", "real error", ""]
    models = table[table["metric"] == "top1"].set_index(["method", "model"])
    best = models.loc["adaptive"].sort_values(["estimate", "model"])
    assert [row[1] for row in rows] == list(best.index)
    first = models.loc[("ridge", rows[0][1])]
    assert rows[0][3] == f"{formats.percent(first['estimate'])} ({first['rank']:g})"
    assert [row[6] == "calibrates" for row in rows] == best["calibrates"].tolist()


def test_practice_is_shown_at_its_end_then_by_branch_and_sweep():
    table = made_up_practice.practice_summary()
    rows = rows_of("practice_summary", table)
    arms = [row[:2] for row in rows if row[0] != "arm"]
    ends = [["real", "0"], ["static_100", "0"], ["static_1000", "0"], ["practice_2", "1"]]
    sweep = [["sweep_plain", "1"], ["sweep_prune_4", "1"], ["sweep_omega_2", "1"]]
    shifted = [["real", "97.0"], ["static_100", "70.0"], ["static_1000", "80.0"], ["practice_2", "82.0"]]
    assert arms == [*ends, ["practice_2", "0"], *sweep, *shifted]
    assert rows[4][2:] == [
        *("3", "500", "300", "300", "30", "81.0"),
        *("82.00\u00a0[80.00,\u00a084.00]", "12.00\u00a0[7.00,\u00a017.00]", ""),
    ]
    assert rows[-1][2] == "72.0"


def test_practice_s_other_pages_state_their_tables():
    rows = rows_of("practice_guidance", made_up_practice.practice_guidance())
    assert rows[1] == ["0", "3", "600", "0.55\u00a0[0.43,\u00a00.67]", "95.0", "12.0", ""]
    rows = rows_of("practice_differences", made_up_practice.practice_differences())
    assert rows[2:] == [["a", "static", "3", "300", "2.0", "1.00\u00a0[−1.00,\u00a03.00]"]]
    row = rows_of("practice_omega", made_up_practice.practice_omega())[1]
    assert row == ["all", "2", "3", "80.00\u00a0[70.00,\u00a090.00]", "best"]
    table = made_up_practice.practice_equal_accuracy()
    assert rows_of("practice_equal_accuracy", table)[1] == ["a", "–", "1,500", "20", "0.50", "95", "never"]
    assert "Static, 1,000 images: 80.0 %" in PAGES["practice_equal_accuracy"](table).html()


@pytest.mark.parametrize("name", PAGES)
def test_a_table_without_rows_has_a_page(name):
    columns = [column for column, _, _ in SCHEMAS[name] if not column.endswith("*")]
    page = PAGES[name](arrow_schema(name, columns).empty_table().to_pandas())
    assert not any(section.table and section.table.rows for section in page.sections)


def test_a_page_of_each_kind_is_written_from_files(tmp_path):
    write_json(tmp_path / "classes.json", {"classes": [f"kind {k}" for k in range(10)]})
    tables = {name: getattr(made_up, name)() for name in ("generator_quality", "protocol_subsets")}
    for name, table in (tables | {"calibration": made_up.ranking_tables()["calibration"]}).items():
        write_table(name, table, tmp_path / f"{name}.parquet")
        splits = made_up.SPLITS if name in tables else [""]
        page = tmp_path / f"{name}.html"
        files = tmp_path / f"{name}.parquet", tmp_path / "classes.json"
        write_table_page(name, *files, splits, made_up.GENERATORS, "Which images judge.", page)
        told = {"generator_quality": "kind 3", "protocol_subsets": "Train900", "calibration": "Which images judge."}
        assert told[name] in page.read_text()
