"""A class-conditional diffusion model of small images: training with exact resumption, and its file.

The forward process is x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e with e ~ N(0, I), a_t the scheduler's ``alphas_cumprod``;
the network predicts e from x_t, t and the class (Ho et al. 2020). Some images are shown without their class, so that
one network gives both predictions of classifier-free guidance (Ho and Salimans 2022).
"""

import math
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DModel
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from understudy.checkpoints import CHECKPOINT_SECONDS, Checkpoints, adam_tensors, copy_tensors, load_adam
from understudy.devices import global_random_state, torch_generator
from understudy.errors import StudyError
from understudy.generators.batches import TrainingImages
from understudy.generators.diffusion_settings import DiffusionSettings
from understudy.generators.model_files import read_description, write_model
from understudy.moving_average import MovingAverage
from understudy.seeds import seed_for
from understudy.training_loop import Training, train

FORMAT = "understudy-diffusion-1"
NAME = "diffusion"
WARM_UP = 0.05  # fraction of the steps
CLIP_NORM = 1.0
STEPS_BETWEEN_CHECKS = 50


def build_unet(settings: DiffusionSettings, channels: int, size: int, classes: int) -> UNet2DModel:
    """Return the untrained network. Class number ``classes`` means that no class is given."""
    levels = len(settings.channels)
    deepest = ["AttnDownBlock2D", "AttnUpBlock2D"] if settings.attention else ["DownBlock2D", "UpBlock2D"]
    return UNet2DModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=settings.channels,
        layers_per_block=settings.layers,
        norm_num_groups=8,
        attention_head_dim=8,
        add_attention=settings.attention,
        down_block_types=("DownBlock2D",) * (levels - 1) + (deepest[0],),
        up_block_types=(deepest[1],) + ("UpBlock2D",) * (levels - 1),
        num_class_embeds=classes + 1,
    )


def noise_schedule(settings: DiffusionSettings) -> DDIMScheduler:
    """Return the forward process's noise levels and DDIM's steps back (Song et al. 2021); pixels stay in [-1, 1]."""
    return DDIMScheduler(
        num_train_timesteps=settings.noise_levels,
        beta_schedule="squaredcos_cap_v2",
        clip_sample=True,
        timestep_spacing="trailing",
    )


def train_diffusion(
    data: TrainingImages,
    settings: DiffusionSettings,
    seed: int,
    path: Path,
    checkpoints: Path,
    device: torch.device,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> list[dict]:
    """Train the model and write it to ``path``; return its history, rows of step and loss.

    Parameters
    ----------
    data
        Square images whose side is divisible by 2 for every resolution but the first.
    seed
        Decides everything random; on a CPU the same seed gives the same bits, interrupted or not.
    checkpoints
        The folder from which an interrupted training is resumed; left for the caller to remove.

    Raises
    ------
    StudyError
        If images don't fit, or the loss is no longer finite.

    """
    data.check(NAME)
    halvings, side = len(settings.channels) - 1, data.images.shape[2]
    if side % 2**halvings:
        raise StudyError(
            f"practice.comparison.generator.channels: {halvings + 1} resolutions need images whose side is "
            f"divisible by {2**halvings}, but they have {side} pixels a side; give fewer channels"
        )
    run = DiffusionTraining(data, settings, seed, device)
    train(run, Checkpoints(checkpoints, checkpoint_seconds), "diffusion model")
    write_model(path, run.average.weights, FORMAT, settings=settings.model_dump(mode="json"), shape=run.shape)
    return run.history


class DiffusionTraining(Training):
    """A diffusion model's training under way.

    Every step draws from a generator of its own: its number is all its randomness.
    """

    def __init__(self, data: TrainingImages, settings: DiffusionSettings, seed: int, device: torch.device):
        self.settings, self.seed, self.device = settings, seed, device
        self.images = torch.from_numpy(data.images).to(device)
        self.labels = torch.from_numpy(data.labels).to(device)
        channels, size = data.images.shape[1:3]
        self.shape = {"channels": channels, "size": size, "classes": data.classes}
        with global_random_state(seed_for(seed, "initialisation")):
            self.network = build_unet(settings, **self.shape).to(device).train()
        self.parameters = dict(self.network.named_parameters())
        self.average = MovingAverage(self.parameters)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=settings.learning_rate, weight_decay=0.0)
        self.alphas = noise_schedule(settings).alphas_cumprod.to(device)
        self.total, self.history = settings.steps, []
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)

    def _sample(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the indices, times and dropped labels [B] of a step's images, and noise [B, C, H, W], all random."""
        generator, batch = torch_generator(seed_for(self.seed, "step", self.done)), self.settings.batch
        sampled = (
            torch.randint(len(self.labels), (batch,), generator=generator),
            torch.randint(self.settings.noise_levels, (batch,), generator=generator),
            torch.rand(batch, generator=generator) < self.settings.label_dropout,
            torch.randn(batch, *self.images.shape[1:], generator=generator),
        )
        return tuple(value.to(self.device) for value in sampled)

    def _learning_rate(self) -> float:
        progressed = self.done / self.total
        rise = min(1.0, (self.done + 1) / max(WARM_UP * self.total, 1))
        return self.settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * progressed))

    def advance(self) -> None:
        """Take one step of AdamW on the squared error of the predicted noise."""
        indices, times, dropped, noise = self._sample()
        clean = self.images[indices].float() / 127.5 - 1
        labels = torch.where(dropped, self.shape["classes"], self.labels[indices])
        a = self.alphas[times][:, None, None, None]
        loss = F.mse_loss(self.network(a.sqrt() * clean + (1 - a).sqrt() * noise, times, labels).sample, noise)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimizer.param_groups[0]["lr"] = self._learning_rate()
        self.optimizer.step()
        # The average forgets the start sooner than it would with a constant decay.
        self.average.update(self.parameters, min(self.settings.ema_decay, (1 + self.done) / (10 + self.done)))
        self.loss_sum += loss.detach()
        self.done += 1
        if self.done % STEPS_BETWEEN_CHECKS == 0 or self.done == self.total:
            self._add_history()

    def _add_history(self) -> None:
        self.check_finite()
        mean = self.loss_sum.item() / (self.done - (self.history[-1]["step"] if self.history else 0))
        self.history.append({"step": self.done, "loss": mean})
        self.note = f"loss {mean:.4f}"
        self.loss_sum.zero_()

    def check_finite(self) -> None:
        """Raise a StudyError if a loss since the last row of the history was NaN or infinite."""
        if not self.loss_sum.isfinite():
            raise StudyError(
                f"practice.comparison.generator: the loss is not finite before step {self.done}; lower learning_rate "
                f"({self.settings.learning_rate})"
            )

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that training changes, but for the history and the number of steps done."""
        named = {"loss_sum": self.loss_sum}
        named |= {f"average.{name}": value for name, value in self.average.weights.items()}
        named |= {f"network.{name}": value for name, value in self.parameters.items()}
        return named | adam_tensors(self.optimizer, self.parameters)

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        load_adam(self.optimizer, self.parameters, tensors)
        copy_tensors(tensors, self.state_dict())


def load_diffusion(path: str | Path) -> tuple[UNet2DModel, DiffusionSettings, dict[str, int]]:
    """Read a trained model: the network in eval mode, its settings, and its channels, size and classes.

    Raises
    ------
    StudyError
        If the file is missing, truncated, or not such a model.

    """
    description = read_description(path, FORMAT)
    settings, shape = DiffusionSettings(**description["settings"]), description["shape"]
    network = build_unet(settings, **shape)
    network.load_state_dict(load_file(path))
    return network.eval().requires_grad_(False), settings, shape
