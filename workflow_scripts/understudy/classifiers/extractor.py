"""The study's feature extractor: a small classifier whose penultimate layer measures distances between images."""

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.augmentation import BatchAugmentation, sample_epoch
from understudy.classifiers.layers import Shape, conv3x3, initialise
from understudy.classifiers.networks import image_statistics
from understudy.classifiers.recipes import Recipe
from understudy.devices import global_random_state
from understudy.errors import StudyError
from understudy.files import writing
from understudy.inference import predict
from understudy.seeds import seed_for

FEATURES = 64
EXTRACTOR_BATCH = 512
MIN_SIZE, MAX_SIZE = 8, 64
RECIPE = Recipe(steps=600, schedule="cosine", batch_size=64, learning_rate=0.05, weight_decay=5e-4, crop=1, flip=False)


class ExtractorNetwork(nn.Module):
    """Convolutions at halving resolutions down to 4x4 pixels or fewer, a layer of 64 features, a linear classifier."""

    def __init__(self, shape: Shape):
        super().__init__()
        layers, inputs, size, width = [], shape.channels, shape.size, 16
        while size > 4 or not layers:
            stride = 1 if not layers and size <= 16 else 2
            for repeat_stride in (stride, 1):
                layers += [conv3x3(inputs, width, repeat_stride), nn.BatchNorm2d(width), nn.ReLU()]
                inputs = width
            size, width = (size + stride - 1) // stride, min(2 * width, FEATURES)
        self.convolutions = nn.Sequential(*layers)
        self.penultimate = nn.Sequential(
            nn.Linear(inputs * size * size, FEATURES, bias=False), nn.BatchNorm1d(FEATURES), nn.ReLU()
        )
        self.last = nn.Linear(FEATURES, shape.classes)
        self.register_buffer("mean", torch.zeros(shape.channels))
        self.register_buffer("deviation", torch.ones(shape.channels))
        initialise(self)

    def features(self, images: Tensor) -> Tensor:
        """Images in pixel units [N, C, H, W] to features [N, 64], none negative."""
        x = (images.float() - self.mean[:, None, None]) / self.deviation[:, None, None]
        return self.penultimate(self.convolutions(x).flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.features(images))


class Extractor:
    """A trained extractor in eval mode on a device."""

    def __init__(self, network: ExtractorNetwork, shape: Shape, device: torch.device):
        self.network, self.shape, self.device = network.to(device).eval(), shape, device

    def features(self, images: np.ndarray) -> np.ndarray:
        """Penultimate activations, float64 [N, 64], of uint8 images [N, C, H, W]."""
        if images.shape[1:] != (self.shape.channels, self.shape.size, self.shape.size):
            raise StudyError(
                f"feature extractor: trained on {self.shape.channels}x{self.shape.size}x{self.shape.size} images, "
                f"given {'x'.join(map(str, images.shape[1:]))}; give it images of the same study"
            )
        features = predict(self.network.features, images, self.device, EXTRACTOR_BATCH)
        return features.numpy().astype(np.float64)


def train_extractor(
    images: np.ndarray, labels: np.ndarray, classes: int, seed: int, path: Path, device: torch.device
) -> Extractor:
    """Train the extractor on these images (shifted by a pixel at random) and save it.

    Parameters
    ----------
    images : uint8 [N, C, H, W], 8 to 64 pixels a side. labels : integers [N] in 0..classes-1.

    """
    shape = Shape(images.shape[1], images.shape[-1], classes)
    if not MIN_SIZE <= shape.size <= MAX_SIZE or images.shape[-2] != shape.size:
        raise StudyError(
            f"feature extractor: images of {images.shape[-2]}x{shape.size} pixels; "
            f"square ones of {MIN_SIZE} to {MAX_SIZE} pixels are allowed"
        )
    with global_random_state(seed_for(seed, "initialisation")):
        network = ExtractorNetwork(shape)
    pixels, answers = torch.from_numpy(images).to(device), torch.from_numpy(np.asarray(labels, np.int64)).to(device)
    mean, deviation = image_statistics(pixels.cpu())
    network.mean.copy_(mean)
    network.deviation.copy_(deviation)
    _fit(network.to(device).train(), pixels, answers, seed)
    tensors = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    with writing(path) as temporary:
        save_file(tensors, temporary, metadata={key: str(value) for key, value in vars(shape).items()})
    return Extractor(network, shape, device)


def _fit(network: ExtractorNetwork, images: Tensor, labels: Tensor, seed: int) -> None:
    augmentation = BatchAugmentation(images, RECIPE, network.mean)
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=RECIPE.learning_rate,
        momentum=RECIPE.momentum,
        nesterov=RECIPE.nesterov,
        weight_decay=RECIPE.weight_decay,
    )
    images_of_step, epochs = RECIPE.batch_size_for(len(labels)), RECIPE.epochs_for(len(labels))
    steps = RECIPE.steps_per_epoch(len(labels))
    for epoch in range(epochs):
        sampled = sample_epoch([seed], epoch, len(labels), images.shape[-1], RECIPE, 0, images.device)
        for step in range(steps):
            random = sampled.step(step, images_of_step)
            optimizer.param_groups[0]["lr"] = RECIPE.learning_rate_at(epoch * steps + step, steps * epochs)
            loss = F.cross_entropy(network(augmentation.batch(random)[0]), labels[random.order[0]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def load_extractor(path: Path | str, device: torch.device | str = "cpu") -> Extractor:
    """Load what `train_extractor` saved."""
    try:
        with safe_open(path, framework="pt") as file:
            shape = Shape(*(int(file.metadata()[key]) for key in ("channels", "size", "classes")))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: not a feature extractor ({error}); delete it and run again") from error
    network = ExtractorNetwork(shape)
    network.load_state_dict(tensors)
    return Extractor(network, shape, torch.device(device))
