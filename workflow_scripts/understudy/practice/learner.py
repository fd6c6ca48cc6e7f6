"""The learner: a classifier in training, with its averaged weights, whose every step is a function of its number."""

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
from understudy.classifiers.weights import to_half
from understudy.devices import torch_generator
from understudy.inference import predict
from understudy.practice.comparison_settings import LearnerSettings
from understudy.practice.guidance import entropy
from understudy.seeds import numpy_generator, seed_for


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

    def step(self, images: np.ndarray, labels: np.ndarray, rate: float, seed: int) -> float:
        """Take one step at the learning rate ``rate``; return the loss.

        Parameters
        ----------
        images : uint8 [B, C, H, W]
        labels : int64 [B]
        seed : decides augmentation, mixing and what the network draws

        """
        pixels, classes = (torch.from_numpy(values).to(self.device) for values in (images, labels))
        draws = self._draw(len(labels), seed)
        x = BatchAugmentation(pixels, self.recipe, self.network.mean).batch(draws)[0]  # [B, C, H, W]
        targets = F.one_hot(classes, self.shape.classes).float()
        x, targets = mix(x, targets, self.settings, seed)
        autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")
        with self.network.random_state(seed_for(seed, "network")), autocast:
            logits = self.network(x, draws.noise[0])
        loss = F.cross_entropy(logits.float(), targets, label_smoothing=self.settings.label_smoothing)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return loss.item()

    def _draw(self, batch: int, seed: int) -> EpochRandom:
        generator, crop = torch_generator(seed_for(seed, "augmentation")), self.recipe.crop
        draws = EpochRandom(
            order=torch.arange(batch)[None],
            shift=torch.randint(0, 2 * crop + 1, (1, batch, 2), generator=generator),
            flip=(torch.rand(1, batch, generator=generator) < 0.5) & self.recipe.flip,
            hole=torch.zeros(1, batch, 2, dtype=torch.int64),
            noise=torch.rand(1, batch, self.network.noise_size, generator=generator),
        )
        return EpochRandom(*(value.to(self.device) for value in vars(draws).values()))

    def guide(self, images: Tensor) -> Tensor:
        """Return the averaged network's logits [B, classes] of float images in pixel units; differentiable in them.

        The network is in eval mode: with statistics of the batch, one image's gradient would depend on the others.
        """
        return self.average(images)

    def predict(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return predicted classes int64 [N] and entropies in nats float32 [N] of uint8 images [N, C, H, W]."""
        logits = predict(self.average, images, self.device)
        return logits.argmax(1).numpy(), entropy(logits).numpy()

    def weights(self) -> dict[str, Tensor]:
        """Return the averaged weights and buffers under the network's own names, on the CPU and as they are kept."""
        weights = {name: value.detach().cpu() for name, value in self.average.module.state_dict().items()}
        return to_half(weights, {name for name, _ in self.network.named_parameters()})

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that training changes, by name."""
        named = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        named |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        return named | adam_tensors(self.optimizer, dict(self.network.named_parameters()), "optimizer.")

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        with torch.no_grad():
            for prefix, module in (("network", self.network), ("average", self.average)):
                for name, value in module.state_dict().items():
                    value.copy_(tensors[f"{prefix}.{name}"])
        load_adam(self.optimizer, dict(self.network.named_parameters()), tensors, "optimizer.")


def mix(images: Tensor, targets: Tensor, settings: LearnerSettings, seed: int) -> tuple[Tensor, Tensor]:
    """Mix each image and its target with another's: Mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019).

    Where both are on, a coin decides between them for the batch. Images [B, C, H, W], targets [B, classes].
    """
    rng = numpy_generator(seed_for(seed, "mix"))
    cut = settings.cutmix > 0 and (settings.mixup == 0 or rng.random() < 0.5)
    strength = settings.cutmix if cut else settings.mixup
    if strength == 0:
        return images, targets
    fraction = rng.beta(strength, strength)
    others = torch.from_numpy(rng.permutation(len(images))).to(images.device)
    if cut:
        height, width = images.shape[2:]
        side = np.sqrt(1 - fraction)
        rows, columns = (_stretch(length, side, rng.integers(length)) for length in (height, width))
        mixed = images.clone()
        mixed[:, :, rows, columns] = images[others][:, :, rows, columns]
        # What the border cut off the square is not mixed.
        fraction = 1 - (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
    else:
        mixed = fraction * images + (1 - fraction) * images[others]
    return mixed, fraction * targets + (1 - fraction) * targets[others]


def _stretch(length: int, side: float, middle: int) -> slice:
    """Return the part of an axis that lies within half of ``side`` * ``length`` of ``middle``."""
    half = round(length * side / 2)
    return slice(*np.clip([middle - half, middle + half], 0, length))
