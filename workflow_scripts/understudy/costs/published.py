"""The sizes of the networks of `studies/cifar10.yaml`, counted once: planning that study then takes no torch.

On images of 3 x 32 x 32 pixels. A test counts them again.
"""

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.bounds import NetworkSize
from understudy.generators.presets import CIFAR_STYLEGAN2, CIFAR_WGAN_GP
from understudy.generators.settings import TrainingSettings

SHAPE = (3, 32)
CLASSES = 10
# By published name: layers, operations, elements, parameters.
CLASSIFIERS = {
    "densenet_bc_100_12": NetworkSize(100, 575_859_384, 2_860_976, 769_162),
    "pyramidnet_110_270": NetworkSize(110, 9_435_967_448, 4_325_460, 28_485_477),
    "pyramidnet_110_84": NetworkSize(110, 1_515_693_008, 1_869_495, 3_855_054),
    "se_resnet_preact_110": NetworkSize(220, 506_323_840, 1_068_675, 1_748_792),
    "resnet_preact_110": NetworkSize(112, 506_299_648, 1_066_533, 1_730_522),
    "resnet_preact_164": NetworkSize(167, 495_293_440, 3_257_989, 1_703_258),
    "resnext_29_4x64d": NetworkSize(32, 5_472_931_840, 5_212_165, 17_562_442),
    "resnext_29_8x64d": NetworkSize(32, 10_774_532_096, 8_554_501, 34_426_698),
    "shake_shake_26_2x32d": NetworkSize(56, 853_379_584, 992_837, 2_923_162),
    "shake_shake_26_2x64d": NetworkSize(56, 3_371_013_120, 1_943_173, 11_653_978),
    "shake_shake_26_2x64d_cutout": NetworkSize(56, 3_371_013_120, 1_943_173, 11_653_978),
    "wrn_28_10_cutout": NetworkSize(29, 10_486_657_536, 2_565_957, 36_479_194),
    "wrn_28_10": NetworkSize(29, 10_486_657_536, 2_565_957, 36_479_194),
    "resnet_32": NetworkSize(34, 138_249_472, 321_061, 466_906),
    "resnet_44": NetworkSize(46, 194_872_576, 435_749, 661_338),
    "resnet_56": NetworkSize(58, 251_495_680, 550_437, 855_770),
    "resnet_110": NetworkSize(112, 506_299_648, 1_066_533, 1_730_714),
}
# By method and number of labels: a generator of preset cifar, and its discriminator or critic.
GENERATORS = {
    ("stylegan2", 10): (
        NetworkSize(26, 8_169_537_536, 2_779_093, 20_215_315),
        NetworkSize(19, 8_167_617_664, 2_684_254.6, 23_089_664),
    ),
    ("stylegan2", 1): (
        NetworkSize(25, 8_169_003_008, 2_778_576, 19_947_539),
        NetworkSize(10, 8_165_770_240, 2_682_376.5, 20_720_641),
    ),
    ("wgan_gp", 10): (
        NetworkSize(25, 3_230_210_048, 910_726, 4_308_995),
        NetworkSize(11, 537_856_768, 321_477.5, 1_055_115),
    ),
    ("wgan_gp", 1): (
        NetworkSize(25, 3_230_145_536, 910_663, 4_276_739),
        NetworkSize(11, 537_854_208, 321_472.5, 1_053_825),
    ),
}
PRESETS = {"stylegan2": CIFAR_STYLEGAN2, "wgan_gp": CIFAR_WGAN_GP}
# The settings that decide a network's size.
SHAPING = {
    *("latent", "channels_base", "channels_max", "mapping_layers", "label_mapping_layers", "generator_form"),
    *("discriminator_form", "minibatch_std_group", "generator_channels", "critic_channels"),
}


def published_classifier(entry: ArchitectureSettings, channels: int, size: int, classes: int) -> NetworkSize | None:
    """Return the size of a published classifier on these images; None for another, or on others."""
    if (channels, size) != SHAPE or classes != CLASSES or entry.model not in CLASSIFIERS:
        return None
    same = entry.full_arguments == ArchitectureSettings(model=entry.model).full_arguments
    return CLASSIFIERS[entry.model] if same else None


def published_generators(
    settings: TrainingSettings, channels: int, size: int, classes: int
) -> tuple[NetworkSize, NetworkSize] | None:
    """Return the sizes of a generator of preset cifar and of its discriminator or critic; None for another."""
    alike = settings.model_dump(include=SHAPING) == PRESETS[settings.method].model_dump(include=SHAPING)
    return GENERATORS.get((settings.method, classes)) if alike and (channels, size) == SHAPE else None
