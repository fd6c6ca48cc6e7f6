"""Which models of timm a study ranks, and how each is made, with its own preprocessing."""

import sys
from collections.abc import Callable

import timm
import torch
from torch import Tensor, nn

from understudy.errors import StudyError
from understudy.foreign_weights import weights_for
from understudy.seeds import numpy_generator, seed_for
from understudy.zoo.settings import Checkpoint, ZooSettings


def model_names(settings: ZooSettings, classes: int, study_seed: int) -> list[str]:
    """Return the names of the models: those named, own checkpoints, and those that fit the filter.

    Of timm's pretrained models, those fit whose name does, whose head tells ``classes`` classes apart and, where it is
    given, whose input size is that of the settings. No weights are read.

    Raises
    ------
    StudyError
        Fewer fit than are wanted, or none.

    """
    found: list[str] = []
    if settings.filter is not None:
        found = [name for name in sorted(timm.list_pretrained(settings.filter)) if _fits(name, settings, classes)]
        wanted = len(found) if settings.number is None else settings.number
        if not found or wanted > len(found):
            raise StudyError(
                f"ranking.models: {len(found)} models of timm {timm.__version__} fit filter {settings.filter!r}, image "
                f"size {settings.image_size} and {classes} classes; {max(wanted, 1)} needed"
            )
        order = numpy_generator(seed_for(study_seed, "zoo")).permutation(len(found))[:wanted]
        found = [found[index] for index in sorted(order)]
    return list(dict.fromkeys([*settings.names, *settings.checkpoints, *found]))


def _fits(name: str, settings: ZooSettings, classes: int) -> bool:
    about = timm.get_pretrained_cfg(name)
    size = settings.image_size
    return about.num_classes == classes and (size is None or tuple(about.input_size) == (3, size, size))


def make_model(name: str, settings: ZooSettings, classes: int, seed: int) -> tuple[nn.Module, Callable[..., Tensor]]:
    """Return a model in evaluation mode and its preprocessing, from a PIL image to a tensor [3, H, W].

    Raises
    ------
    StudyError
        Its head tells another number of classes apart, or no weights of it can be taken from a checkpoint.
        timm's own errors pass through.

    """
    checkpoint = settings.checkpoints.get(name)
    with torch.random.fork_rng():
        # Random weights, where they are asked for, are a model's own whatever job makes it.
        torch.manual_seed(seed)
        if checkpoint is not None:
            model = timm.create_model(checkpoint.model, pretrained=False, num_classes=classes)
            _load(model, name, checkpoint)
        elif settings.pretrained:
            model = timm.create_model(name, pretrained=True)
        else:
            model = timm.create_model(name, pretrained=False, num_classes=classes)
    if model.num_classes != classes:
        raise StudyError(f"its head tells {model.num_classes} classes apart, not {classes}")
    preprocessing = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
    return model.eval(), preprocessing


def _load(model: nn.Module, name: str, checkpoint: Checkpoint) -> None:
    """Load own weights; say in the log which of several were taken, and what was not loaded."""
    tensors, note = weights_for(checkpoint.path, model.state_dict(), f"timm's {checkpoint.model}")
    model.load_state_dict(tensors, strict=False)  # what it lacks is nothing that evaluation reads
    if note:
        print(f"{name}: {checkpoint.path}: {note}", file=sys.stderr)
