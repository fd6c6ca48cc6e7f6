"""How large a network is, without its weights: what the costs of a study are estimated from."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class NetworkSize:
    """Parameters, layers with weights, arithmetic operations (a product and a sum: 2) of one image's forward pass."""

    parameters: int
    layers: int
    operations: float


def network_size(network: nn.Module, *example: Tensor) -> NetworkSize:
    """Return the size of a network on the meta device, from a forward pass of ``example``, a batch of one image."""
    parameters = list(network.eval().requires_grad_(False).parameters())
    with FlopCounterMode(display=False) as counter:
        network(*example)
    layers = sum(parameter.dim() > 1 for parameter in parameters)
    return NetworkSize(sum(parameter.numel() for parameter in parameters), layers, float(counter.get_total_flops()))
