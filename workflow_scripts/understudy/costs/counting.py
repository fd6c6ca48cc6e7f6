"""How large a network is, without its weights: what the costs of a study are estimated from."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from understudy.classifiers.bounds import NetworkSize

OPERATORS = torch.ops.aten
# Of the operators that multiply by weights, the position of the input among the arguments.
MULTIPLYING = {
    OPERATORS.convolution.default: 0,
    OPERATORS.mm.default: 0,
    OPERATORS.bmm.default: 0,
    OPERATORS.addmm.default: 1,
}


class _ElementCounter(TorchDispatchMode):
    """Counts the elements of the inputs and outputs of operators that multiply by weights."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, operator: Callable, types: Sequence, args: tuple = (), kwargs: dict | None = None):
        output = operator(*args, **(kwargs or {}))
        if operator in MULTIPLYING:
            self.elements += args[MULTIPLYING[operator]].numel() + output.numel()
        return output


def network_size(network: nn.Module, *example: Tensor) -> NetworkSize:
    """Return the size of a network on the meta device, from a forward pass of ``example``, a batch of one image."""
    parameters = list(network.eval().requires_grad_(False).parameters())
    with _ElementCounter() as elements, FlopCounterMode(display=False) as operations:
        network(*example)
    layers = sum(parameter.dim() > 1 for parameter in parameters)
    numbers = sum(parameter.numel() for parameter in parameters)
    return NetworkSize(layers, float(operations.get_total_flops()), elements.elements / 2, numbers)
