"""Several networks of one architecture with weights of their own, run as one.

Ten small GANs, one per class, keep a processor as busy as one large network if each operation works on all ten at
once: convolutions become grouped ones, matrix products batched ones. A member's numbers never enter another's.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from understudy.devices import torch_generator
from understudy.generators.layers import initialise


class StackedNetworks:
    """Networks made by ``build``, one per seed, whose inputs and outputs have a leading axis for the member.

    Attributes
    ----------
    network : nn.Module
        The architecture; of a single member it holds the weights as well.
    parameters : dict of Tensor
        What an optimizer changes, by name: a single network's own, else [members, ...] of all.

    """

    def __init__(self, build: Callable[[], nn.Module], seeds: Sequence[int], device: torch.device):
        networks = []
        for seed in seeds:
            network = build()
            initialise(network, torch_generator(seed))
            networks.append(network.to(device))
        self.network, self.members = networks[0], len(networks)
        self.parameters = dict(self.network.named_parameters())
        if self.members > 1:
            states = [dict(network.named_parameters()) for network in networks]
            self.parameters = {
                name: torch.stack([state[name].detach() for state in states]).requires_grad_() for name in states[0]
            }

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights by name, each [members, ...]; they share memory with the networks' own."""
        single = self.members == 1
        return {name: value.detach()[None] if single else value.detach() for name, value in self.parameters.items()}

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Apply each member to its slice of the inputs; all tensors are [members, ...]."""
        # A stack of one is a plain network: vmap would only cost time.
        if self.members == 1:
            return self.network(*[x[0] for x in inputs])[None]
        return vmap(lambda weights, *xs: functional_call(self.network, weights, xs))(self.parameters, *inputs)
