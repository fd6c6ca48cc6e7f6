"""How large networks are, counted on torch's meta device, which holds no weights."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network
from understudy.costs.networks import NetworkSettings, NetworkSize
from understudy.generators.diffusion_settings import DiffusionSettings
from understudy.generators.methods import METHODS
from understudy.generators.settings import TrainingSettings

OPERATORS = torch.ops.aten
# Of the operators that multiply by weights, the position of the input among the arguments.
MULTIPLYING = {
    OPERATORS.convolution.default: 0,
    OPERATORS.mm.default: 0,
    OPERATORS.bmm.default: 0,
    OPERATORS.addmm.default: 1,
}
# Operators whose result has the shape of the first argument. Meta tensors have no values, and torch's Python code for
# these takes most of the time.
SHAPE_KEEPING = {OPERATORS.normal_.default, OPERATORS.uniform_.default, OPERATORS.relu.default}
# A tensor's entry in the head of a safetensors file, but for its name, its shape and the two offsets.
ENTRY = len('"0001.":{"dtype":"F16","shape":,"data_offsets":[,]},')
OFFSETS = 12  # digits


def count(settings: NetworkSettings, channels: int, size: int, classes: int) -> list[NetworkSize]:
    """Return the sizes of the networks of ``settings``, on square images of ``size`` pixels a side."""
    with torch.device("meta"), _ShapesAlone():
        if isinstance(settings, ArchitectureSettings):
            return [_classifier(settings, Shape(channels, size, classes))]
        if isinstance(settings, DiffusionSettings):
            return [_denoiser(settings, channels, size, classes)]
        return _generator_and_critic(settings, channels, size, classes)


def _classifier(settings: ArchitectureSettings, shape: Shape) -> NetworkSize:
    network = build_network(settings, shape, 0)
    noise = [torch.empty(1, network.noise_size)] if network.noise_size else []
    counted = network_size(network, torch.empty(1, shape.channels, shape.size, shape.size), *noise)
    return _with_bytes(counted, network.state_dict(), dict(network.named_parameters()))


def _denoiser(settings: DiffusionSettings, channels: int, size: int, classes: int) -> NetworkSize:
    from understudy.generators.diffusion import build_unet  # imported here: diffusers takes seconds

    network = build_unet(settings, channels, size, classes)
    images, times = torch.empty(1, channels, size, size), torch.zeros(1)
    return _with_bytes(network_size(network, images, times, times.long()), network.state_dict())


def _generator_and_critic(settings: TrainingSettings, channels: int, size: int, classes: int) -> list[NetworkSize]:
    step = METHODS[settings.method].step()
    rows = getattr(settings, "minibatch_std_group", 1)
    generator = step.generator_class(settings, size, channels, classes)
    first = network_size(generator, torch.empty(1, generator.random_numbers), torch.empty(1, classes))
    critic = step.discriminator_class(settings, size, channels, classes)
    labels = [torch.empty(rows, classes)] if step.discriminator_sees_labels else []
    second = network_size(critic, torch.empty(rows, channels, size, size), *labels)
    of_image = replace(second, operations=second.operations / rows, elements=second.elements / rows)
    return [_with_bytes(first, generator.state_dict()), of_image]


class _ShapesAlone(TorchDispatchMode):
    """Skips what changes values alone."""

    def __torch_dispatch__(self, operator: Callable, types: Sequence, args: tuple = (), kwargs: dict | None = None):
        if operator in SHAPE_KEEPING:
            return args[0]
        if operator is OPERATORS.native_batch_norm.default:
            return args[0], args[0], args[0]
        return operator(*args, **(kwargs or {}))


class _WorkCounter(TorchDispatchMode):
    """Counts arithmetic operations, and the elements of inputs and outputs of operators that multiply by weights.

    torch's own counter of operations splits all other operators into smaller ones first, which takes twice as long.
    """

    def __init__(self):
        super().__init__()
        self.operations = self.elements = 0

    def __torch_dispatch__(self, operator: Callable, types: Sequence, args: tuple = (), kwargs: dict | None = None):
        kwargs = kwargs or {}
        output = operator(*args, **kwargs)
        if formula := flop_registry.get(operator.overloadpacket):
            self.operations += formula(*args, **kwargs, out_val=output)
        if operator in MULTIPLYING:
            self.elements += args[MULTIPLYING[operator]].numel() + output.numel()
        return output


def network_size(network: nn.Module, *example: Tensor) -> NetworkSize:
    """Return the size of a network on the meta device, from a forward pass of ``example``, a batch of one image."""
    parameters = list(network.eval().requires_grad_(False).parameters())
    with _WorkCounter() as work:
        network(*example)
    layers = sum(parameter.dim() > 1 for parameter in parameters)
    numbers = sum(parameter.numel() for parameter in parameters)
    return NetworkSize(layers, float(work.operations), work.elements / 2, numbers)


def _with_bytes(counted: NetworkSize, tensors: Mapping[str, Tensor], halved: Collection[str] = ()) -> NetworkSize:
    """Return a size with the bytes of a snapshot that holds ``tensors``, those named in ``halved`` in float16."""
    data = sum(value.numel() * (2 if name in halved else value.element_size()) for name, value in tensors.items())
    shapes = [json.dumps(list(value.shape), separators=(",", ":")) for value in tensors.values()]
    head = sum(ENTRY + OFFSETS + len(name) + len(shape) for name, shape in zip(tensors, shapes, strict=True))
    return replace(counted, data=data, head=head)
