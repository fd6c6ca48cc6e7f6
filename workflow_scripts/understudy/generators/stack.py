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


class Stack:
    """Networks made by ``build``, one per seed, whose inputs and outputs have a leading axis for the member.

    Attributes
    ----------
    network : nn.Module
        The architecture; of a single member it holds the weights as well.
    weights : dict of Tensor [members, ...]
        Parameters and persistent buffers of all members, by name. A single member's are views of ``network``'s.

    """

    def __init__(self, build: Callable[[], nn.Module], seeds: Sequence[int], device: torch.device):
        networks = []
        for seed in seeds:
            network = build()
            initialise(network, torch_generator(seed))
            networks.append(network.to(device))
        self.network, self.members = networks[0], len(networks)
        if self.members == 1:
            self._named = dict(self.network.named_parameters())
        else:
            states = [dict(network.named_parameters()) for network in networks]
            self._named = {
                name: torch.stack([state[name].detach() for state in states]).requires_grad_() for name in states[0]
            }

    @property
    def trainable(self) -> list[Tensor]:
        """The tensors an optimizer changes."""
        return list(self._named.values())

    def state(self) -> dict[str, Tensor]:
        """Return the weights by name, each [members, ...]."""
        single = self.members == 1
        return {name: value.detach()[None] if single else value.detach() for name, value in self._named.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy weights, as :meth:`state` gives them, into place."""
        for name, value in self.state().items():
            value.copy_(state[name])

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Apply each member to its slice of the inputs; all tensors are [members, ...]."""
        # A stack of one is a plain network: vmap would only cost time.
        if self.members == 1:
            return self.network(*[x[0] for x in inputs])[None]
        return vmap(lambda weights, *xs: functional_call(self.network, weights, xs))(self._named, *inputs)


def descend(loss: Tensor, network: Stack, optimizer: torch.optim.Optimizer) -> None:
    """Take an optimizer step on the weights of ``network``, and of no other, along the gradient of ``loss`` [members].

    Members share no weights, so the gradient of the sum is every member's own.
    """
    # The critic's last bias, for one, has no part in a gradient penalty.
    gradients = torch.autograd.grad(loss.sum(), network.trainable, allow_unused=True)
    for weight, gradient in zip(network.trainable, gradients, strict=True):
        # A convolution's second derivative comes with permuted strides; fused Adam reads memory in order all the same
        # and would step each weight along another one's gradient.
        weight.grad = None if gradient is None else gradient.contiguous()
    optimizer.step()
