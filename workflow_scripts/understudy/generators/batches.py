"""What a training step sees: real images and random numbers, both functions of a seed and the step's number alone.

No state is carried from step to step, so a resumed run continues exactly; and every member of a stack draws from
seeds of its own, so that what one class sees does not depend on the other classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.seeds import seed_for


@dataclass(frozen=True)
class TrainingImages:
    """Labelled images that train a generator.

    Attributes
    ----------
    images : uint8 array [N, C, H, W]
    labels : int64 array [N], 0 to classes - 1
    classes : int

    """

    images: np.ndarray
    labels: np.ndarray
    classes: int

    def check(self, name: str, per_class: bool = False) -> None:
        """Check that the images can train the generator called ``name``.

        Raises
        ------
        StudyError
            If arrays have the wrong type or shape, or a class has too few images.

        """
        shape, kind = self.images.shape, self.images.dtype
        if kind != np.uint8 or len(shape) != 4 or shape[2] != shape[3]:
            raise StudyError(
                f"generator {name}: images are {kind} {shape}; square uint8 images [N, C, H, W] are needed"
            )
        counts = np.bincount(self.labels, minlength=self.classes)
        if len(counts) > self.classes:
            raise StudyError(
                f"generator {name}: label {len(counts) - 1} among {self.classes} classes; labels are 0 and up"
            )
        # One image gives a GAN nothing to learn but that image.
        rarest, needed = int(counts.argmin()), 2 if per_class else 1
        if counts[rarest] < needed:
            raise StudyError(
                f"generator {name}: class {rarest} has {counts[rarest]} training image(s); "
                f"{'a GAN per class needs' if per_class else 'a conditional GAN needs'} at least {needed}; "
                "take a larger split, or drop the class"
            )


class RealImages:
    """The endless reshuffled streams of images that one conditional GAN sees, or a GAN per class.

    Parameters
    ----------
    seeds : one seed per GAN: a single one, or one per class
    mirror : whether each image is also shown flipped left to right
    group : so many successive images are of one class; 1 for a plain shuffle

    """

    def __init__(self, data: TrainingImages, seeds: Sequence[int], device: torch.device, mirror: bool = False,
                 group: int = 1):  # fmt: skip
        self.per_class = len(seeds) > 1
        self.seeds, self.mirror, self.device, self.group = seeds, mirror, device, group
        self.own_labels = torch.from_numpy(data.labels)
        self.images = torch.from_numpy(data.images).to(device)
        self.labels = self.own_labels.to(device)
        self.label_count = 1 if self.per_class else data.classes
        if self.per_class:
            self.members = [torch.nonzero(self.own_labels == label).flatten() for label in range(data.classes)]
        else:
            self.members = [torch.arange(len(data.labels))]
        self.lengths = [len(self._order(member, 0)) for member in range(len(seeds))]

    def _order(self, member: int, epoch: int) -> Tensor:
        generator = torch_generator(seed_for(self.seeds[member], "order", epoch))
        order = self.members[member]
        order = order[torch.randperm(len(order), generator=generator)]
        if self.group == 1:
            return order
        groups = []
        for label in range(self.label_count):
            own = order if self.per_class else order[self.own_labels[order] == label]
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
        rows = []
        for member, length in enumerate(self.lengths):
            epochs = range(start // length, (start + count - 1) // length + 1)
            first = start - epochs[0] * length
            rows.append(torch.cat([self._order(member, epoch) for epoch in epochs])[first : first + count])
        indices = torch.stack(rows).to(self.device)
        images = self.images[indices].float() / 127.5 - 1
        if self.mirror:
            # Odd passes over the data are mirrored, so that each image is shown both ways equally often.
            lengths = torch.tensor(self.lengths, device=self.device)[:, None]
            numbers = torch.arange(start, start + count, device=self.device)[None]
            odd = (numbers // lengths) % 2 == 1
            images = torch.where(odd[:, :, None, None, None], images.flip(-1), images)
        return images, self.one_hot(torch.zeros_like(indices) if self.per_class else self.labels[indices])

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
