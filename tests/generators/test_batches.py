import numpy as np
import torch

from tests.generators.small import CPU, made_up_images
from understudy.generators.batches import RealImages, StepRandom

DATA = made_up_images(count=22)


def real_images(**changes) -> RealImages:
    return RealImages(DATA, **{"seeds": [1], "device": CPU, **changes})


def rows(images: torch.Tensor) -> list[bytes]:
    return [image.numpy().tobytes() for image in images]


def test_each_pass_shows_every_image_once_and_in_another_order():
    real = real_images()
    first, second = (rows(real.take(start, 22)[0][0]) for start in (0, 22))
    assert sorted(first) == sorted(second) and len(set(first)) == 22 and first != second
    # A batch may lie across two passes, and doesn't depend on the batches before.
    assert rows(real.take(20, 4)[0][0]) == first[20:] + second[:2]


def test_pixels_and_labels_belong_together():
    shown, one_hot = real_images().take(0, 22)
    bytes_of = {image.tobytes(): label for image, label in zip(DATA.images, DATA.labels, strict=True)}
    for image, row in zip(((shown[0] + 1) * 127.5).round().to(torch.uint8), one_hot[0], strict=True):
        assert bytes_of[image.numpy().tobytes()] == row.argmax()


def test_groups_are_of_one_class_and_lose_no_image_for_ever():
    real = real_images(group=3)
    seen = set()
    for start in range(0, 21 * 12, 21):
        images, one_hot = real.take(start, 21)
        classes = one_hot[0].argmax(dim=1).view(-1, 3)
        assert (classes == classes[:, :1]).all()
        seen |= set(rows(images[0]))
    assert len(seen) == 22


def test_a_class_smaller_than_a_group_is_repeated():
    real = real_images(group=10)
    counts = real.take(0, 30)[1][0].sum(dim=0)
    assert counts.tolist() == [10, 10, 10]


def test_every_class_gan_sees_its_class_alone():
    real = real_images(seeds=[1, 2, 3])
    images, one_hot = real.take(0, 40)
    assert images.shape == (3, 40, 1, 8, 8) and one_hot.shape == (3, 40, 1)
    for label in range(3):
        own = set(rows(torch.from_numpy(DATA.images[DATA.labels == label]).float() / 127.5 - 1))
        assert set(rows(images[label])) == own


def test_every_second_pass_is_mirrored():
    real = real_images(mirror=True)
    first, second = real.take(0, 22)[0][0], real.take(22, 22)[0][0]
    assert sorted(rows(first)) == sorted(rows(second.flip(-1)))


def test_a_step_and_a_member_have_numbers_of_their_own():
    one, same, next_step = (StepRandom([1, 2], step, CPU).normal(4, 3) for step in (5, 5, 6))
    assert torch.equal(one, same) and not torch.equal(one, next_step) and not torch.equal(one[0], one[1])
    assert torch.equal(StepRandom([2], 5, CPU).normal(4, 3)[0], one[1])
    labels = StepRandom([1], 0, CPU).labels(3000, 3)
    assert np.abs(np.bincount(labels[0].numpy()) / 1000 - 1).max() < 0.1
