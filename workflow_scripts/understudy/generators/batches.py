"""What a training step sees: real images and random numbers, both functions of a seed and the step's number alone.

No state is carried from step to step, so a resumed run continues exactly; and every member of a stack draws from
seeds of its own, so that what one class sees does not depend on the other classes.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.seeds import seed_for


class RealImages:
    """The training images of one conditional GAN, or of a GAN per class.

    Parameters
    ----------
    images : uint8 array [N, C, H, W]
    labels : int64 array [N], 0 to classes - 1
    seeds : one seed per GAN: a single one, or one per class
    mirror : whether each image is also shown flipped left to right
    group : so many successive images are of one class; 1 for a plain shuffle

    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, classes: int, seeds: Sequence[int], mirror: bool,
                 device: torch.device, group: int = 1):  # fmt: skip
        self.per_class = len(seeds) > 1
        self.seeds, self.mirror, self.device, self.group = seeds, mirror, device, group
        self.own_labels = torch.from_numpy(labels)
        self.images = torch.from_numpy(images).to(device)
        self.labels = torch.from_numpy(labels).to(device)
        self.label_count = 1 if self.per_class else classes
        members = [np.flatnonzero(labels == k) for k in range(classes)] if self.per_class else [np.arange(len(labels))]
        self.members = [torch.from_numpy(places) for places in members]
        self.lengths = [len(self._order(member, 0)) for member in range(len(seeds))]

    def _order(self, member: int, epoch: int) -> Tensor:
        generator = torch_generator(seed_for(self.seeds[member], "order", epoch))
        places = self.members[member]
        places = places[torch.randperm(len(places), generator=generator)]
        if self.group == 1:
            return places
        groups = []
        for label in range(self.label_count):
            own = places if self.per_class else places[self.own_labels[places] == label]
            # What fills no group waits for another pass; a class too small for one is repeated.
            own = own.repeat(-(-self.group // len(own)))[: max(len(own) // self.group, 1) * self.group]
            groups.append(own.view(-1, self.group))
        groups = torch.cat(groups)
        return groups[torch.randperm(len(groups), generator=generator)].flatten()

    def take(self, start: int, count: int) -> tuple[Tensor, Tensor]:
        """Return the images numbered ``start`` to ``start + count`` of each GAN's endless reshuffled stream.

        Returns
        -------
        images : float tensor [members, count, C, H, W] in [-1, 1]
        labels : one-hot float tensor [members, count, classes]; one class where each has a GAN of its own
        """
        places = []
        for member, length in enumerate(self.lengths):
            epochs = range(start // length, (start + count - 1) // length + 1)
            first = start - epochs[0] * length
            places.append(torch.cat([self._order(member, epoch) for epoch in epochs])[first : first + count])
        places = torch.stack(places).to(self.device)
        images = self.images[places].float() / 127.5 - 1
        if self.mirror:
            # Odd passes over the data are mirrored, so that each image is shown both ways equally often.
            lengths = torch.tensor(self.lengths, device=self.device)[:, None]
            numbers = torch.arange(start, start + count, device=self.device)[None]
            odd = (numbers // lengths) % 2 == 1
            images = torch.where(odd[:, :, None, None, None], images.flip(-1), images)
        return images, self.one_hot(torch.zeros_like(places) if self.per_class else self.labels[places])

    def one_hot(self, labels: Tensor) -> Tensor:
        """Return float one-hot labels with a last axis of the classes that a GAN knows."""
        return torch.nn.functional.one_hot(labels, self.label_count).float()


class StepRandom:
    """The random numbers of one training step; a stream per member of the stack."""

    def __init__(self, seeds: Sequence[int], step: int, device: torch.device):
        self.device = device
        self.generators = [torch_generator(seed_for(seed, "step", step), device) for seed in seeds]

    def normal(self, count: int, *shape: int) -> Tensor:
        """Return standard normal numbers [members, count, *shape]."""
        return torch.stack([torch.randn(count, *shape, generator=g, device=self.device) for g in self.generators])

    def uniform(self, count: int, *shape: int) -> Tensor:
        """Return uniform numbers in [0, 1), [members, count, *shape]."""
        return torch.stack([torch.rand(count, *shape, generator=g, device=self.device) for g in self.generators])

    def labels(self, count: int, classes: int) -> Tensor:
        """Return labels [members, count] that are equally likely."""
        return (self.uniform(count) * classes).long()


def check_training_images(images: np.ndarray, labels: np.ndarray, classes: int, per_class: bool, name: str) -> None:
    """Check that the images can train the generator called ``name``.

    Raises
    ------
    StudyError
        If arrays have the wrong type or shape, or a class has too few images.

    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[2] != images.shape[3]:
        raise StudyError(
            f"generator {name}: images are {images.dtype} {images.shape}; square uint8 images [N, C, H, W] are needed"
        )
    counts = np.bincount(labels, minlength=classes)
    if len(counts) > classes:
        raise StudyError(f"generator {name}: label {len(counts) - 1} among {classes} classes; labels are 0 and up")
    # One image gives a GAN nothing to learn but that image.
    least, needed = int(counts.argmin()), 2 if per_class else 1
    if counts[least] < needed:
        raise StudyError(
            f"generator {name}: class {least} has {counts[least]} training image(s); "
            f"{'a GAN per class needs' if per_class else 'a conditional GAN needs'} at least {needed}; "
            "take a larger split, or drop the class"
        )
