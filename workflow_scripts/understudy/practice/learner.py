"""The learner: a classifier in training, with its averaged weights, whose every step is a function of its number."""

from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from understudy.checkpoints import adam_tensors, load_adam
from understudy.classifiers.augmentation import BatchAugmentation, EpochRandom
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network
from understudy.classifiers.recipes import Recipe
from understudy.devices import global_random_state, torch_generator
from understudy.practice.comparison_settings import LearnerSettings
from understudy.practice.guidance import entropy
from understudy.seeds import numpy_generator, seed_for

EVALUATION_BATCH = 256


class LearnerTraining:
    """The learner's network, its optimizer and its averaged weights.

    Parameters
    ----------
    statistics : mean and deviation per channel, in pixel units, of the images it begins with
    seed : decides the initial weights

    """

    def __init__(self, settings: LearnerSettings, shape: Shape, statistics: tuple[Tensor, Tensor], seed: int,
                 device: torch.device):  # fmt: skip
        self.settings, self.shape, self.device = settings, shape, device
        network = build_network(settings.network, shape, seed_for(seed, "initialisation"), statistics)
        self.network = network.to(device).train()
        average = get_ema_multi_avg_fn(settings.ema_decay)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True).eval()
        self.average.requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.recipe = Recipe(crop=settings.crop, flip=settings.flip)

    def step(self, images: Tensor, labels: Tensor, rate: float, seed: int) -> Tensor:
        """Take one step at the learning rate ``rate``; return the loss (a scalar on the device).

        Parameters
        ----------
        images : uint8 [B, C, H, W]
        labels : int64 [B]
        seed : decides augmentation, mixing and what the network draws

        """
        draws = self._draw(len(labels), seed)
        x = BatchAugmentation(images, self.recipe, self.network.mean).batch(draws)[0]  # [B, C, H, W]
        targets = F.one_hot(labels, self.shape.classes).float()
        x, targets = mix(x, targets, self.settings, seed)
        with self._random_state(seed), self._autocast():
            logits = self.network(x, draws.noise[0])
        loss = F.cross_entropy(logits.float(), targets, label_smoothing=self.settings.label_smoothing)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return loss.detach()

    def _draw(self, batch: int, seed: int) -> EpochRandom:
        chance, crop = torch_generator(seed_for(seed, "augmentation")), self.recipe.crop
        drawn = EpochRandom(
            order=torch.arange(batch)[None],
            shift=torch.randint(0, 2 * crop + 1, (1, batch, 2), generator=chance),
            flip=(torch.rand(1, batch, generator=chance) < 0.5) & self.recipe.flip,
            hole=torch.zeros(1, batch, 2, dtype=torch.int64),
            noise=torch.rand(1, batch, self.network.noise_size, generator=chance),
        )
        return EpochRandom(*(value.to(self.device) for value in vars(drawn).values()))

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def _random_state(self, seed: int) -> AbstractContextManager:
        """Return the random state of a step."""
        if not self.network.draws_globally:
            return nullcontext()
        return global_random_state(seed_for(seed, "network"), self.device)

    def guide(self, images: Tensor) -> Tensor:
        """Return the averaged network's logits [B, classes] of float images in pixel units; differentiable in them.

        The network is in eval mode: with statistics of the batch, one image's gradient would depend on the others.
        """
        return self.average(images)

    @torch.no_grad()
    def predict(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return predicted classes int64 [N] and entropies in nats float32 [N] of uint8 images [N, C, H, W]."""
        classes, entropies = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for start in range(0, len(images), EVALUATION_BATCH):
            part = torch.from_numpy(np.ascontiguousarray(images[start : start + EVALUATION_BATCH]))
            logits = self.guide(part.to(self.device).float())
            classes.append(logits.argmax(1).cpu().numpy())
            entropies.append(entropy(logits).cpu().numpy())
        return np.concatenate(classes), np.concatenate(entropies)

    def weights(self) -> dict[str, Tensor]:
        """Return the averaged weights and buffers under the network's own names, on the CPU."""
        return {name: value.detach().cpu().clone() for name, value in self.average.module.state_dict().items()}

    def parameter_names(self) -> set[str]:
        """Return which of the weights are parameters."""
        return {name for name, _ in self.network.named_parameters()}

    def state(self) -> dict[str, Tensor]:
        """Return all that training changes, by name."""
        named = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        named |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        return named | adam_tensors(self.optimizer, dict(self.network.named_parameters()), "optimizer.")

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what ``state`` returned."""
        with torch.no_grad():
            for prefix, module in (("network", self.network), ("average", self.average)):
                for name, value in module.state_dict().items():
                    value.copy_(tensors[f"{prefix}.{name}"])
        load_adam(self.optimizer, dict(self.network.named_parameters()), tensors, "optimizer.")


def mix(images: Tensor, targets: Tensor, settings: LearnerSettings, seed: int) -> tuple[Tensor, Tensor]:
    """Mix each image and its target with another's: Mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019).

    Where both are on, chance chooses one of them for the batch. Images [B, C, H, W], targets [B, classes].
    """
    chance = numpy_generator(seed_for(seed, "mix"))
    cut = settings.cutmix > 0 and (settings.mixup == 0 or chance.random() < 0.5)
    strength = settings.cutmix if cut else settings.mixup
    if strength == 0:
        return images, targets
    share = chance.beta(strength, strength)
    others = torch.from_numpy(chance.permutation(len(images))).to(images.device)
    if not cut:
        return share * images + (1 - share) * images[others], share * targets + (1 - share) * targets[others]
    height, width = images.shape[2:]
    side = np.sqrt(1 - share)
    top, left = chance.integers(height), chance.integers(width)
    rows = slice(*np.clip([top - round(height * side / 2), top + round(height * side / 2)], 0, height))
    columns = slice(*np.clip([left - round(width * side / 2), left + round(width * side / 2)], 0, width))
    mixed = images.clone()
    mixed[:, :, rows, columns] = images[others][:, :, rows, columns]
    # What the border cut off the square is not mixed.
    share = 1 - (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
    return mixed, share * targets + (1 - share) * targets[others]
