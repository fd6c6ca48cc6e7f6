import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy.classifiers.published import PUBLISHED
from understudy.classifiers.recipes import Recipe, snapshot_epochs

# Epochs, schedule, learning rate, batch size, weight decay of the paper's appendix F.
APPENDIX_F = {
    "densenet_bc_100_12": (300, "milestones", 0.1, 64, 1e-4),
    "pyramidnet_110_270": (300, "milestones", 0.1, 128, 1e-4),
    "pyramidnet_110_84": (300, "milestones", 0.1, 128, 1e-4),
    "se_resnet_preact_110": (160, "milestones", 0.1, 128, 1e-4),
    "resnet_preact_110": (160, "milestones", 0.1, 128, 1e-4),
    "resnet_preact_164": (160, "milestones", 0.1, 128, 1e-4),
    "resnext_29_4x64d": (300, "milestones", 0.025, 32, 5e-4),
    "resnext_29_8x64d": (300, "milestones", 0.05, 64, 5e-4),
    "shake_shake_26_2x32d": (1800, "cosine", 0.2, 128, 1e-4),
    "shake_shake_26_2x64d": (1800, "cosine", 0.1, 64, 1e-4),
    "shake_shake_26_2x64d_cutout": (1800, "cosine", 0.1, 64, 1e-4),
    "wrn_28_10_cutout": (200, "cosine", 0.1, 64, 5e-4),
    "wrn_28_10": (200, "milestones", 0.1, 128, 5e-4),
    "resnet_32": (160, "milestones", 0.1, 128, 1e-4),
    "resnet_44": (160, "milestones", 0.1, 128, 1e-4),
    "resnet_56": (160, "milestones", 0.1, 128, 1e-4),
    "resnet_110": (160, "milestones", 0.1, 128, 1e-4),
}


def test_published_recipes_are_those_of_the_paper():
    stated = {
        name: (r.epochs, r.schedule, r.learning_rate, r.batch_size, r.weight_decay)
        for name, r in ((name, published.recipe) for name, published in PUBLISHED.items())
    }
    assert stated == APPENDIX_F
    assert {name for name, p in PUBLISHED.items() if p.recipe.cutout == 16} == {
        "shake_shake_26_2x64d_cutout",
        "wrn_28_10_cutout",
    }
    assert {name for name, p in PUBLISHED.items() if p.inferred} == {
        "densenet_bc_100_12",
        "shake_shake_26_2x64d_cutout",
        "wrn_28_10_cutout",
    }


def test_wide_resnet_falls_by_a_fifth_at_epochs_60_120_160():
    recipe = PUBLISHED["wrn_28_10"].recipe
    rates = [recipe.learning_rate_at(epoch * 390, 200 * 390) for epoch in (0, 59, 60, 119, 120, 159, 160, 199)]
    assert rates == pytest.approx([0.1, 0.1, 0.02, 0.02, 0.004, 0.004, 0.0008, 0.0008])


@given(total=st.integers(2, 500), rate=st.floats(1e-3, 1))
def test_cosine_falls_from_the_first_rate_to_nearly_zero(total, rate):
    recipe = Recipe(schedule="cosine", learning_rate=rate)
    rates = [recipe.learning_rate_at(step, total) for step in range(total)]
    assert rates[0] == pytest.approx(rate)
    assert all(a > b for a, b in pairwise(rates))
    # One step before the end: half an angle of pi / total is left.
    assert rates[-1] == pytest.approx(rate * math.sin(math.pi / (2 * total)) ** 2)


@given(images=st.integers(2, 5000), steps=st.integers(1, 1000), batch=st.integers(2, 256))
def test_steps_make_splits_of_all_sizes_train_equally_long(images, steps, batch):
    recipe = Recipe(steps=steps, batch_size=batch)
    per_epoch = recipe.steps_per_epoch(images)
    taken = recipe.epochs_for(images) * per_epoch
    assert abs(taken - steps) <= per_epoch / 2 or recipe.epochs_for(images) == 1


def test_large_splits_are_trained_for_some_epochs_at_least():
    recipe = Recipe(steps=100, batch_size=10, min_epochs=8)
    assert recipe.epochs_for(10) == 100
    assert recipe.epochs_for(1000) == 8


@given(epochs=st.integers(1, 2000), snapshots=st.integers(1, 100))
def test_snapshots_are_even_few_and_include_the_last(epochs, snapshots):
    kept = snapshot_epochs(epochs, snapshots)
    assert kept[-1] == epochs
    assert len(kept) == min(epochs, snapshots, 40)
    assert kept[0] >= 1
    gaps = [b - a for a, b in zip([0, *kept], kept, strict=False)]
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"epoch": 3}, "epoch"),
        ({"milestones": (0.7, 0.2)}, "milestones"),
        ({"momentum": 0}, "nesterov"),
        ({"learning_rate": 0}, "learning_rate"),
    ],
)
def test_a_wrong_recipe_names_its_field(wrong, named):
    with pytest.raises(ValidationError, match=named):
        Recipe().updated(wrong)
