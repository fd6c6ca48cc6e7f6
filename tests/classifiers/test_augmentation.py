import numpy as np
import pytest
import torch

from understudy.classifiers.augmentation import BatchAugmentation, sample_epoch
from understudy.classifiers.recipes import Recipe

CPU = torch.device("cpu")


@pytest.fixture
def images():
    return torch.randint(0, 256, (40, 3, 9, 9), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


@pytest.mark.parametrize(("crop", "flip", "cutout"), [(0, False, 0), (2, True, 0), (4, True, 5), (1, False, 4)])
def test_batches_equal_a_loop_over_images(images, crop, flip, cutout):
    recipe = Recipe(batch_size=8, crop=crop, flip=flip, cutout=cutout)
    mean = torch.tensor([10.0, 20.0, 30.0])
    draws = sample_epoch([5, 6], 3, 40, 9, recipe, 0, CPU)
    batch = BatchAugmentation(images, recipe, mean).batch(draws.step(2, 8))
    assert batch.shape == (2, 8, 3, 9, 9)
    for run in range(2):
        for place in range(8):
            i = 2 * 8 + place
            image = images[draws.order[run, i]].numpy().astype(np.float32)
            image = np.pad(image, ((0, 0), (crop, crop), (crop, crop)))
            top, left = draws.shift[run, i].tolist()
            image = image[:, top : top + 9, left : left + 9]
            if draws.flip[run, i]:
                image = image[:, :, ::-1].copy()
            if cutout:
                y, x = draws.hole[run, i].tolist()
                y, x = y - cutout // 2, x - cutout // 2
                image[:, max(y, 0) : max(y + cutout, 0), max(x, 0) : max(x + cutout, 0)] = mean[:, None, None]
            assert np.array_equal(batch[run, place].numpy(), image)


def test_an_epoch_shows_every_image_once_in_an_order_of_the_run_and_epoch():
    recipe = Recipe(batch_size=16)
    draws = sample_epoch([1, 2], 0, 40, 8, recipe, 0, CPU)
    assert draws.order.shape == (2, 32)
    assert all(len(set(order.tolist())) == 32 for order in draws.order)
    alone = sample_epoch([2], 0, 40, 8, recipe, 0, CPU)
    for mine, together in zip(vars(alone).values(), vars(draws).values(), strict=True):
        assert torch.equal(mine[0], together[1])
    assert not torch.equal(draws.order[0], draws.order[1])
    assert not torch.equal(draws.order[0], sample_epoch([1], 1, 40, 8, recipe, 0, CPU).order[0])


def test_shifts_flips_and_holes_are_uniform():
    draws = sample_epoch([3], 0, 20000, 8, Recipe(batch_size=100, crop=2), 1, CPU)
    assert np.bincount(draws.shift[0].flatten(), minlength=5) == pytest.approx(8000, rel=0.05)
    assert np.bincount(draws.hole[0].flatten(), minlength=8) == pytest.approx(5000, rel=0.06)
    assert draws.flip.float().mean() == pytest.approx(0.5, abs=0.02)
    assert draws.noise.mean() == pytest.approx(0.5, abs=0.02)


def test_cutout_covers_its_square_and_less_at_the_border():
    augmentation = BatchAugmentation(torch.zeros(1, 1, 32, 32, dtype=torch.uint8), Recipe(cutout=16), torch.zeros(1))
    masks = augmentation.hole_mask(torch.tensor([[[16, 16], [0, 0], [31, 16]]]))[0]
    assert masks.sum((1, 2)).tolist() == [256, 64, 9 * 16]
    assert masks[0, 8:24, 8:24].all()
