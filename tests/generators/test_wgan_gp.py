import pytest
import torch
import torch.nn.functional as F

from understudy.devices import torch_generator
from understudy.generators.layers import initialise
from understudy.generators.presets import CIFAR_WGAN_GP
from understudy.generators.wgan_gp import ClassBatchNorm, GeneratorBlock, WGANGPCritic, WGANGPGenerator, double

SMALL = CIFAR_WGAN_GP.model_copy(update={"latent": 8, "generator_channels": 8, "critic_channels": 8})


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("classes", [1, 10])
def test_parameter_counts_of_the_published_residual_form(classes):
    # StudioGAN's log of WGAN-GP on CIFAR-10.
    with torch.device("meta"):
        assert parameters(WGANGPGenerator(CIFAR_WGAN_GP, 32, 3, classes)) == pytest.approx(4.28e6, rel=0.02)
        assert parameters(WGANGPCritic(CIFAR_WGAN_GP, 32, 3, classes)) == pytest.approx(1.05e6, rel=0.02)


@pytest.mark.parametrize(("resolution", "channels", "classes"), [(4, 1, 1), (8, 1, 3), (16, 3, 1), (64, 3, 2)])
def test_every_size_gives_images_scores_and_class_logits(resolution, channels, classes):
    generator = WGANGPGenerator(SMALL, resolution, channels, classes)
    critic = WGANGPCritic(SMALL, resolution, channels, classes)
    initialise(generator, torch_generator(0))
    initialise(critic, torch_generator(1))
    labels = F.one_hot(torch.arange(4) % classes, classes).float()
    images = generator(torch.randn(4, 8, generator=torch_generator(2)), labels)
    assert images.shape == (4, channels, resolution, resolution)
    assert images.abs().max() <= 1
    outputs = critic(images)
    assert outputs.shape == (4, 1 + classes if classes > 1 else 1)
    outputs.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in critic.parameters())


def test_block_against_the_published_order_of_doubling_and_shortcut():
    block = GeneratorBlock(4, 1)
    initialise(block, torch_generator(0))
    x, labels = torch.randn(6, 4, 4, 4, generator=torch_generator(1)), torch.ones(6, 1)
    raised = F.interpolate(x, scale_factor=2)
    y = block.conv1(F.interpolate(F.relu(F.batch_norm(x, None, None, training=True)), scale_factor=2))
    y = block.conv2(F.relu(F.batch_norm(y, None, None, training=True)))
    torch.testing.assert_close(block(x, labels), y + block.shortcut(raised))
    torch.testing.assert_close(double(x), raised)


def test_normalisation_scales_and_shifts_by_class():
    norm = ClassBatchNorm(2, 3)
    with torch.no_grad():
        norm.scale.copy_(torch.tensor([[1.0, 1], [2, 3], [4, 5]]))
        norm.shift.copy_(torch.tensor([[0.0, 0], [1, 2], [3, 4]]))
    x = torch.randn(6, 2, 4, 4, generator=torch_generator(0))
    classes = torch.tensor([0, 1, 2, 2, 1, 0])
    variance = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    plain = (x - x.mean(dim=(0, 2, 3), keepdim=True)) / (variance + 1e-5).sqrt()
    expected = plain * norm.scale[classes][:, :, None, None] + norm.shift[classes][:, :, None, None]
    torch.testing.assert_close(norm(x, F.one_hot(classes, 3).float()), expected)


def test_recorded_statistics_are_those_of_the_recorded_batch():
    generator = WGANGPGenerator(SMALL, 8, 1, 2)
    initialise(generator, torch_generator(0))
    random, labels = torch.randn(32, 8, generator=torch_generator(1)), torch.eye(2)[torch.arange(32) % 2]
    with torch.no_grad():
        in_training = generator(random, labels)
        generator.record_statistics(random, labels)
        torch.testing.assert_close(generator(random, labels), in_training)
        # In evaluation mode, an image is the same alone and in company.
        torch.testing.assert_close(generator(random[:1], labels[:1]), in_training[:1])
