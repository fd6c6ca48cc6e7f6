import pytest
import torch

from understudy.moving_average import MovingAverage


def test_the_average_keeps_a_fraction_of_itself():
    weights = {"a": torch.zeros(2), "b": torch.ones(3)}
    average = MovingAverage(weights)
    average.update({"b": torch.full((3,), 3.0), "a": torch.ones(2), "unknown": torch.ones(1)}, decay=0.75)
    assert average.weights["a"].tolist() == pytest.approx([0.25] * 2)
    assert average.weights["b"].tolist() == pytest.approx([1.5] * 3)
    average.update({"a": torch.full((2,), 7.0), "b": torch.zeros(3)}, decay=0)
    assert average.weights["a"].tolist() == [7.0] * 2
    assert weights["a"].tolist() == [0.0] * 2  # the weights themselves are left alone
