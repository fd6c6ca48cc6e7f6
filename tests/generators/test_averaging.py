import pytest
import torch
from understudy.generators.averaging import MovingAverage


def average_of(values: list[float], half_life: float, rampup: float, images: int) -> list[float]:
    """Return the average after each of the weights ``values``, every step being of ``images``."""
    average = MovingAverage({"w": torch.zeros(1)}, half_life, rampup)
    found = []
    for step, value in enumerate(values):
        average.update({"w": torch.tensor([value])}, images, step * images)
        found.append(average.weights["w"].item())
    return found


def test_after_one_half_life_half_of_the_old_weights_is_left():
    assert average_of([1.0] * 8, half_life=80, rampup=0, images=10)[-1] == pytest.approx(0.5)


def test_no_half_life_copies_the_weights():
    assert average_of([1.0, 3.0], half_life=0, rampup=0, images=10) == [1.0, 3.0]


def test_while_it_ramps_up_the_half_life_is_a_share_of_the_images_seen():
    # Nothing was seen before the first step, so that the start is forgotten at once.
    first, second, third = average_of([1.0, 0.0, 0.0], half_life=1000, rampup=0.5, images=10)
    assert first == 1.0
    assert second == pytest.approx(0.5 ** (10 / 5))
    assert third == pytest.approx(second * 0.5 ** (10 / 10))
