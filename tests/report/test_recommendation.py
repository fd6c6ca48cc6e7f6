import numpy as np
import pandas as pd

from tests.plots import made_up
from tests.report.test_pages import Cells
from tests.report.test_table_pages import TEST_COLUMNS, ordered
from understudy.report import formats
from understudy.report.caveats import caveats
from understudy.report.recommendation import UNSURE, recommendation_page, verdict
from understudy.selection.protocols import ONE_RUN
from understudy.statistics.tie_breaking import TIE_RULE


def tables(**changed):
    names = ("protocol_comparison", "protocol_differences", "rank_preservation", "selection_gain", "generator_quality")
    return {name: ordered(name) for name in names} | changed


def page(**changed):
    return recommendation_page("digits", tables(**changed), made_up.SYNTHETIC_SETS, 3).html()


def difference(low, high, reason=""):
    return {"difference": (low + high) / 2, "ci_low": low, "ci_high": high, "reason": reason}


def list_caveats(frames, seeds):
    return list(caveats(frames, made_up.SYNTHETIC_SETS, seeds))


def test_the_verdict_follows_the_interval():
    for low, high, words in (
        *((0.01, 0.2, "is better"), (-0.01, 0.2, UNSURE), (-0.2, -0.01, "is worse"), (0.0, 0.1, UNSURE)),
    ):
        assert words in verdict(difference(low, high))
    assert verdict(difference(np.nan, np.nan)) == "not measured"


def test_with_one_run_an_architecture_no_verdict_speaks_of_others():
    assert verdict(difference(0.05, 0.15, ONE_RUN)) == "the shipped model is better with these very runs"
    assert verdict(difference(-0.05, 0.25, ONE_RUN)) == UNSURE
    assert any("another seed may turn any order" in text for text in list_caveats(tables(), 1))


def test_the_page_names_what_to_ship_with_the_table_s_errors():
    content = page()
    assert content.count("Ship resnet_14: run resnet_14-s1, epoch 30, chosen among 75 runs by stylegan2_cond") == 3
    assert TIE_RULE in content
    assert "its test error is 9.60\u00a0[8.40,\u00a010.80] %" in content


def test_each_alternative_has_its_difference_in_points():
    rows = Cells(page()).rows
    standard = next(row for row in rows if row[0].startswith("standard:"))
    assert standard[4] == "1.20\u00a0[−0.50,\u00a02.90]"
    assert standard[5] == UNSURE
    shipped = next(row for row in rows if row[5:] == ["shipped"])
    assert shipped[0] == "synthetic, with stylegan2_cond"


def test_a_worse_and_a_better_choice_are_said_plainly():
    for shift, words in ((-0.2, "is worse"), (0.2, "is better")):
        differences = ordered("protocol_differences")
        mine = (differences["protocol"] == "synthetic") & (differences["split"] == "Train900")
        differences.loc[mine, ["difference", "ci_low", "ci_high"]] += shift
        content = page(protocol_differences=differences)
        assert f"{UNSURE} on Train300 (1.20" in content
        assert f"the shipped model {words} on Train900 ({formats.number(100 * (0.007 + shift))}" in content


def test_a_split_is_answered_with_its_own_set():
    sets = made_up.SYNTHETIC_SETS | {"Train1500": "wgan_gp_cond"}
    content = recommendation_page("digits", tables(), sets, 3).html()
    # 20 % worse than the mean of all would be: 1.2 against 1.3 of 5 %.
    assert "Train1500 (0.50\u00a0[−1.20,\u00a02.20]" in content
    assert "chosen among 75 runs by wgan_gp_cond" in content


def test_without_test_images_it_still_says_what_to_ship():
    changed = {name: ordered(name).drop(columns=columns) for name, columns in TEST_COLUMNS.items()}
    bare = {name: table for name, table in tables(**changed).items() if name != "protocol_differences"}
    content = recommendation_page("digits", bare, made_up.SYNTHETIC_SETS, 3).html()
    assert "no choice has been checked" in content
    assert "Ship resnet_14" in content
    assert "it has not been tested" in content
    assert "No test images were held out for Train300, Train900, Train1500" in content


def test_each_draw_is_shipped_and_the_comparison_is_over_draws():
    comparison = made_up.protocol_comparison()
    several = pd.concat([comparison, comparison.assign(draw=1), comparison.assign(draw=-1, selected="several")])
    content = page(protocol_comparison=several)
    assert "Draw 1: ship resnet_14" in content
    assert "means over the draws" in content
    assert "were drawn once" not in content


def test_caveats_speak_of_certificates_only_where_none_was_reached():
    found = list_caveats(tables(certificate_summary=ordered("certificate_summary")), 3)
    about = [line for line in found if "no order is certified" in line]
    assert len(about) == 2
    assert not any(line.startswith("Train300") for line in about)


def test_wins_among_halves_of_the_candidates_are_told():
    content = page(protocol_subsets=ordered("protocol_subsets"))
    assert content.count("beats the standard one in 71 % and ties in 5 %") == 3
    assert "better by 1.10\u00a0[−0.20,\u00a02.40] points" in content


def test_caveats_name_a_set_that_lies_near_its_training_images():
    quality = ordered("generator_quality")
    quality["nearest_train_excess"] = np.where(quality["split"] == "Train900", 0.3, -0.1)
    found = list_caveats(tables(generator_quality=quality), 5)
    assert [line.split(",")[0] for line in found if "nearer to training" in line] == ["Train900"]
    assert not any("seeds an architecture" in line for line in found)
