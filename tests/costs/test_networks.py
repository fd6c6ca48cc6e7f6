import pytest

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.costs.networks import NetworkSize, network_sizes
from understudy.generators.configuration import GeneratorSettings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet_110", NetworkSize(112, 506_299_648, 1_066_533, 1_730_714)),
        ("se_resnet_preact_110", NetworkSize(220, 506_323_840, 1_068_675, 1_748_792)),
        ("resnext_29_8x64d", NetworkSize(32, 10_774_532_096, 8_554_501, 34_426_698)),
        ("shake_shake_26_2x32d", NetworkSize(56, 853_379_584, 992_837, 2_923_162)),
    ],
)
def test_sizes_of_classifiers(name, expected):
    (size,) = network_sizes(ArchitectureSettings(model=name), 3, 32, 10)
    assert counts(size) == counts(expected)


@pytest.mark.parametrize(
    ("method", "classes", "generator", "critic"),
    [
        (
            "stylegan2",
            10,
            NetworkSize(26, 8_169_537_536, 2_779_093, 20_215_315),
            NetworkSize(19, 8_167_617_664, 2_684_254.6, 23_089_664),
        ),
        (
            "wgan_gp",
            1,
            NetworkSize(25, 3_230_145_536, 910_663, 4_276_739),
            NetworkSize(11, 537_854_208, 321_472.5, 1_053_825),
        ),
    ],
)
def test_sizes_of_a_generator_and_its_critic(method, classes, generator, critic):
    settings = GeneratorSettings(method=method, preset="cifar").resolve()
    first, second = network_sizes(settings, 3, 32, classes)
    assert counts(first) == counts(generator)
    assert counts(second) == pytest.approx(counts(critic), abs=0.1)


def counts(size: NetworkSize) -> tuple:
    return (size.layers, size.operations, size.elements, size.parameters)
