import math

import pytest

from tests.practice.small import LEARNER, LOOP
from understudy.practice.patience import Patience

SETTINGS = LEARNER.model_copy(update={"iterations": 100, "learning_rate": 0.5})


def test_the_rate_rises_stays_and_falls():
    rates = [SETTINGS.learning_rate_at(step, 80) for step in range(101)]
    assert rates[:10] == pytest.approx([0.05 * (k + 1) for k in range(10)])
    assert rates[10:81] == pytest.approx([0.5] * 71)
    assert rates[90] == pytest.approx(0.25)
    assert rates[100] == pytest.approx(0)


def test_a_branch_cools_down_from_where_it_left():
    assert SETTINGS.learning_rate_at(39, 40) == pytest.approx(0.5)
    assert SETTINGS.learning_rate_at(45, 40) == pytest.approx(0.25 * (1 + math.cos(math.pi / 4)))
    assert SETTINGS.learning_rate_at(60, 40) == pytest.approx(0)


def test_patience_counts_validations_without_improvement():
    patience = Patience()
    answers = [patience.ran_out(accuracy, 2) for accuracy in (0.5, 0.5, 0.6, 0.6, 0.55, 0.6, 0.6, 0.7, 0.7)]
    assert answers == [False, False, False, False, True, False, True, False, False]
    assert (patience.best, patience.waited) == (0.7, 1)


def test_patience_grows_with_the_data():
    growing = LOOP.model_copy(update={"initial": 100, "patience": 2, "patience_grows": True})
    assert [growing.patience_at(images) for images in (100, 101, 150, 200, 400)] == [2, 3, 3, 4, 8]
    assert growing.model_copy(update={"patience_grows": False}).patience_at(400) == 2


def test_between_two_validations_lies_one_pass_over_the_first_images():
    passes = LOOP.model_copy(update={"initial": 100, "evaluation_interval": None})
    assert [passes.interval(batch) for batch in (10, 64, 100, 500)] == [10, 2, 1, 1]
    assert LOOP.interval(64) == LOOP.evaluation_interval
