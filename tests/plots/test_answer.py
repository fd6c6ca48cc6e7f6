import numpy as np
import pandas as pd
import pytest

from tests.plots import made_up
from tests.plots.test_pages import Cells
from tests.plots.test_table_pages import TEST_COLUMNS, ordered
from understudy.plots.answer import UNSURE, Difference, answer_page, difference
from understudy.plots.limits import limits


def tables(**changed):
    names = ("protocol_comparison", "rank_preservation", "selection_gain", "generator_quality")
    return {name: ordered(name) for name in names} | changed


def page(**changed):
    return answer_page("digits", tables(**changed), made_up.SYNTHETIC_SETS, 3)


def estimate(error, low, high):
    return pd.Series({"test_error": error, "ci_low": low, "ci_high": high})


def test_a_difference_of_symmetric_intervals_adds_their_variances():
    found = difference(estimate(0.2, 0.17, 0.23), estimate(0.1, 0.06, 0.14))
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.05, 0.15))


def test_the_difference_s_interval_covers_as_it_claims():
    random = np.random.default_rng(1)
    errors = random.binomial(500, [0.12, 0.10], size=(2000, 2)) / 500
    covered = []
    for pair in errors:
        widths = 1.96 * np.sqrt(pair * (1 - pair) / 500)
        rows = [estimate(e, e - w, e + w) for e, w in zip(pair, widths, strict=True)]
        found = difference(*rows)
        covered.append(found.low <= 0.02 <= found.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.01, 0.2, "is better"), (-0.01, 0.2, UNSURE), (-0.2, -0.01, "is worse"), (0.0, 0.1, UNSURE)],
)
def test_the_verdict_follows_the_interval(low, high, words):
    assert words in Difference((low + high) / 2, low, high).verdict


def test_the_page_names_what_to_ship_with_the_table_s_errors():
    content = page()
    assert content.count("Ship resnet_14: run resnet_14-s1, epoch 30, chosen among 75 runs by stylegan2_cond") == 3
    assert "its test error is 9.60\u00a0[8.40,\u00a010.80] %" in content


def test_each_alternative_has_its_difference_in_points():
    rows = Cells(page()).rows
    standard = next(row for row in rows if row[0].startswith("standard:"))
    width = 1.2 * np.sqrt(2)
    assert standard[4] == f"1.20\u00a0[−{width - 1.2:.2f},\u00a0{1.2 + width:.2f}]"
    assert standard[5] == UNSURE
    shipped = next(row for row in rows if row[5:] == ["shipped"])
    assert shipped[0] == "synthetic, with stylegan2_cond"


def test_a_worse_choice_is_said_plainly():
    comparison = ordered("protocol_comparison")
    mine = comparison["protocol"] == "synthetic"
    comparison.loc[mine, ["test_error", "ci_low", "ci_high"]] += 0.2
    content = page(protocol_comparison=comparison)
    assert "Against the standard protocol: the shipped model is worse on Train300" in content


def test_without_test_images_it_still_says_what_to_ship():
    changed = {name: ordered(name).drop(columns=columns) for name, columns in TEST_COLUMNS.items()}
    content = page(**changed)
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


def test_limits_speak_of_certificates_only_where_none_was_reached():
    found = limits(tables(certificate_summary=ordered("certificate_summary")), made_up.SYNTHETIC_SETS, 3)
    about = [line for line in found if "no order is certified" in line]
    assert len(about) == 2
    assert not any(line.startswith("Train300") for line in about)


def test_wins_among_halves_of_the_candidates_are_told():
    content = page(protocol_subsets=ordered("protocol_subsets"))
    assert content.count("beats the standard one in 71 % and ties in 5 %") == 3
    assert "better by 1.10\u00a0[−0.20,\u00a02.40] points" in content


def test_limits_name_a_set_that_lies_near_its_training_images():
    quality = ordered("generator_quality")
    quality["nearest_train_excess"] = np.where(quality["split"] == "Train900", 0.3, -0.1)
    found = limits(tables(generator_quality=quality), made_up.SYNTHETIC_SETS, 5)
    assert [line.split(",")[0] for line in found if "nearer to training" in line] == ["Train900"]
    assert not any("seeds an architecture" in line for line in found)
