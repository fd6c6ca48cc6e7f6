"""The methods that train generators: of each, all that the rest of the package must know. No torch at import.

A new method is a class of settings, a file of networks, one with a step (:mod:`understudy.generators.adversarial`), its
presets, and an entry of ``METHODS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy.generators.settings import StyleGAN2Settings, TrainingSettings, WGANGPSettings

if TYPE_CHECKING:
    from understudy.generators.adversarial import AdversarialStep


@dataclass(frozen=True)
class Method:
    """A method of training generators.

    Attributes
    ----------
    settings : class of its settings
    step : callable
        Returns the class of its steps, which names those of its networks; it imports torch.
    penalty : str
        The setting to raise where losses diverge.
    passes : callable
        Returns, for settings, how often an image that is shown passes forward through the generator and through the
        discriminator; a pass back counts two.

    """

    settings: type[TrainingSettings]
    step: Callable[[], type["AdversarialStep"]]
    penalty: str
    passes: Callable[[TrainingSettings], tuple[float, float]]


def _stylegan2_step() -> type["AdversarialStep"]:
    from understudy.generators.stylegan2_step import StyleGAN2Step

    return StyleGAN2Step


def _wgan_gp_step() -> type["AdversarialStep"]:
    from understudy.generators.wgan_gp_step import WGANGPStep

    return WGANGPStep


def _wgan_gp_passes(settings: WGANGPSettings) -> tuple[float, float]:
    generated = settings.generator_batch_factor / settings.critic_steps
    return 1 + 3 * generated, 11 + 3 * generated


METHODS = {
    "stylegan2": Method(
        settings=StyleGAN2Settings,
        step=_stylegan2_step,
        penalty="r1_gamma",
        # A discriminator's step: fakes forward, real and fake images forward and back; a generator's: both networks
        # forward and back; gradient penalties now and then.
        passes=lambda settings: (4.0, 9.0),
    ),
    "wgan_gp": Method(
        settings=WGANGPSettings,
        step=_wgan_gp_step,
        penalty="gradient_penalty",
        passes=_wgan_gp_passes,
    ),
}


def load_settings(values: dict) -> TrainingSettings:
    """Return the settings of a training that ``values``, as their ``model_dump`` or ``canonical`` gives them, hold."""
    return METHODS[values["method"]].settings(**values)
