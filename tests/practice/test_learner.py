import numpy as np
import torch

from tests.practice.small import CLASSES, CPU, LEARNER
from understudy.classifiers.layers import Shape
from understudy.practice.guidance import entropy
from understudy.practice.learner import LearnerTraining, mix

STATISTICS = torch.tensor([100.0]), torch.tensor([50.0])
IMAGES = torch.arange(6, dtype=torch.float32)[:, None, None, None].expand(6, 1, 8, 8) * 10
TARGETS = torch.eye(6)


def settings(**changes):
    return LEARNER.model_copy(update={"mixup": 0.0, "cutmix": 0.0} | changes)


def test_mixup_mixes_images_and_targets_alike():
    for seed in range(8):
        mixed, targets = mix(IMAGES, TARGETS, settings(mixup=1.0), seed)
        assert torch.allclose(targets.sum(1), torch.ones(6))
        # Image k is a field of 10 k: a mixture's brightness is that of its targets.
        assert torch.allclose(mixed[:, 0, 0, 0], targets @ (torch.arange(6.0) * 10), atol=1e-4)


def test_cutmix_counts_the_pixels_of_each_image():
    for seed in range(8):
        mixed, targets = mix(IMAGES, TARGETS, settings(cutmix=1.0), seed)
        own = (mixed == IMAGES).float().mean((1, 2, 3))
        assert (targets.diagonal() >= own - 1e-5).all() and torch.allclose(targets.sum(1), torch.ones(6))
        assert torch.allclose(mixed.mean((1, 2, 3)), targets @ (torch.arange(6.0) * 10), atol=1e-3)


def test_nothing_is_mixed_without_strength():
    mixed, targets = mix(IMAGES, TARGETS, settings(), 0)
    assert mixed is IMAGES and targets is TARGETS


def a_learner(**changes) -> LearnerTraining:
    return LearnerTraining(settings(**changes), Shape(1, 8, CLASSES), STATISTICS, 3, CPU)


def batch(seed: int):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (8, 1, 8, 8), dtype=np.uint8), rng.integers(0, CLASSES, 8)


def test_the_average_is_exponential():
    learner = a_learner(ema_decay=0.9)
    average = None
    for step in range(4):
        learner.step(*batch(step), 1e-2, step)
        weight = learner.network.body.head.linear.weight.detach().clone()
        # The first step's weights are where the average begins.
        average = weight if average is None else 0.9 * average + 0.1 * weight
    assert torch.allclose(learner.average.module.body.head.linear.weight, average, atol=1e-6)


def test_asking_the_learner_changes_nothing_and_uses_no_statistics_of_the_batch():
    learner = a_learner()
    learner.step(*batch(0), 1e-2, 0)
    before = {name: value.clone() for name, value in learner.state_dict().items()}
    pixels = batch(1)[0]
    images = torch.from_numpy(pixels).float().requires_grad_()
    logits = learner.guide(images)
    assert torch.allclose(logits[:1], learner.guide(images[:1]), atol=1e-5)
    logits.sum().backward()
    assert images.grad.abs().sum() > 0
    classes, entropies = learner.predict(pixels)
    assert classes.tolist() == logits.argmax(1).tolist() and np.allclose(entropies, entropy(logits).detach(), atol=1e-6)
    assert all(torch.equal(value, before[name]) for name, value in learner.state_dict().items())


def test_a_step_is_a_function_of_its_seed():
    one, two = a_learner(mixup=0.5), a_learner(mixup=0.5)
    for learner in (one, two):
        torch.manual_seed(id(learner) % 1000)
        learner.step(*batch(0), 1e-2, 7)
    assert all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())
    two.step(*batch(0), 1e-2, 8)
    one.step(*batch(0), 1e-2, 9)
    assert not all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())


def test_a_vision_transformer_learns_in_steps_of_its_own_random_state():
    arguments = {"img_size": 8, "patch_size": 4, "embed_dim": 12, "depth": 1, "num_heads": 2, "drop_path_rate": 0.3}
    network = {"model": "timm:vit_tiny_patch16_224", "arguments": arguments}
    vit = [a_learner(network=LEARNER.network.model_validate(network)) for _ in range(2)]
    for number, learner in enumerate(vit):
        torch.manual_seed(number)
        for step in range(2):
            learner.step(*batch(step), 1e-2, step)
    assert all(torch.equal(value, vit[1].state_dict()[name]) for name, value in vit[0].state_dict().items())
