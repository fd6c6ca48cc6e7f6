"""Several runs of one architecture trained as one: parameters stacked, gradients taken together.

A small network's step is bound by the overhead of its operations, not by arithmetic, so one operation on W stacked
runs costs less than W operations. The layers take stacked runs as they are (`layers.py`); a stack of one is called like
any network, foreign ones among them.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.networks import Classifier
from understudy.classifiers.recipes import Recipe
from understudy.classifiers.stacked_operations import LINE


class StackedRuns:
    """W runs of one architecture under one recipe, stepping together.

    The runs share nothing but the learning rate: each has its own batch, and the loss is summed over runs, so that
    run i's gradient is that of its own mean loss. Parameters and buffers are stacked in dimension 0; the parameters are
    views of one vector, which SGD updates at once.
    """

    def __init__(self, networks: list[Classifier], recipe: Recipe, device: torch.device, compiled: bool = False):
        self.width = len(networks)
        self.device = device
        self.recipe = recipe
        self.network = networks[0].to(device).train()
        self.noise_size = self.network.noise_size
        stacked = {
            name: torch.stack([network.get_parameter(name).detach().to(device) for network in networks])
            for name, _ in self.network.named_parameters()
        }
        self.values = flat(list(stacked.values()))
        self.momenta = torch.zeros_like(self.values)
        self.parameters = views(self.values, stacked)
        self.buffers = {
            name: torch.stack([network.get_buffer(name).to(device) for network in networks])
            for name, _ in self.network.named_buffers()
        }
        # Of a tensor that a network has under several names, as layers that share their weights do, the first one's.
        first = {id(value): name for name, value in _named_tensors(self.network)}
        self.stored = {name: first[id(value)] for name, value in self.network.state_dict(keep_vars=True).items()}
        # What the network computes with, once for all: `torch.func.functional_call` would swap it in at every step.
        part = 0 if self.width == 1 else slice(None)
        self.leaves = [value[part].requires_grad_() for value in self.parameters.values()]
        self.held = {name: value[part] for name, value in self.buffers.items()}
        own = [value for _, value in _named_tensors(self.network)]
        _replace(self.network, own, [*self.leaves, *self.held.values()])
        self._losses = self._one if self.width == 1 else self._loss
        if compiled:
            # The compiler gives up on a function that it has compiled for eight architectures, unless it forgets them.
            torch.compiler.reset()
            self._losses = torch.compile(self._losses)

    def _loss(self, images: Tensor, labels: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Mean losses [W] and numbers of errors [W], of images [W, B, C, H, W]; without W, one run's."""
        logits = self.network(images, noise)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        losses = F.cross_entropy(logits.movedim(-1, 1), labels, reduction="none").mean(-1)
        return losses, (logits.detach().argmax(-1) != labels).sum(-1)

    def _one(self, images: Tensor, labels: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The same for a stack of one, whose network is called like any."""
        loss, errors = self._loss(images[0], labels[0], noise[0])
        return loss[None], errors[None]

    def step(self, images: Tensor, labels: Tensor, noise: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """One SGD step of every run.

        Parameters
        ----------
        images [W, B, C, H, W] in pixel units, labels int64 [W, B], noise [W, B, K].

        Returns
        -------
        Mean losses [W] and numbers of errors [W] of the batches, before the update.

        """
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            losses, errors = self._losses(images, labels, noise)
        gradients = torch.autograd.grad(losses.sum(), self.leaves, materialize_grads=True)
        self._descend(flat(gradients), learning_rate)
        return losses.detach(), errors

    @torch.no_grad()
    def _descend(self, gradient: Tensor, learning_rate: float) -> None:
        """SGD with weight decay and momentum as torch's own: g += decay w; m = mu m + g; w -= rate (g + mu m, or m)."""
        mu = self.recipe.momentum
        gradient.add_(self.values, alpha=self.recipe.weight_decay)
        self.momenta.mul_(mu).add_(gradient)
        descent = gradient.add_(self.momenta, alpha=mu) if self.recipe.nesterov else self.momenta
        self.values.add_(descent, alpha=-learning_rate)

    def state_dict(self) -> dict[str, Tensor]:
        """All that training changes, by name: parameters and momenta, each in one vector, and buffers."""
        self._take_assigned()
        return {"parameters": self.values, "momenta": self.momenta} | {
            f"buffer.{name}": value for name, value in self.buffers.items()
        }

    @torch.no_grad()
    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `state_dict` returned."""
        for name, value in self.state_dict().items():
            value.copy_(tensors[name])

    def weights(self, index: int) -> dict[str, Tensor]:
        """A run's parameters and persistent buffers under the network's own names, on the CPU."""
        self._take_assigned()
        values = self.parameters | self.buffers
        return {name: values[first][index].detach().cpu().clone() for name, first in self.stored.items()}

    @property
    def trained_names(self) -> set[str]:
        """Names under which `weights` gives parameters."""
        return {name for name, first in self.stored.items() if first in self.parameters}

    @torch.no_grad()
    def _take_assigned(self) -> None:
        """Copy buffers that a network has assigned anew (`self.seen = self.seen + 1`) to their part of the stack."""
        for name, value in self.held.items():
            module, _, key = name.rpartition(".")
            buffers = self.network.get_submodule(module)._buffers
            if buffers[key] is not value:
                value.copy_(buffers[key])
                buffers[key] = value

    @torch.no_grad()
    def reset(self, index: int) -> None:
        """Replace a failed run's numbers with zeros: its later results are finite, and nothing uses them."""
        self._take_assigned()
        momenta = views(self.momenta, self.parameters)
        # What normalises the images isn't trained, and dividing by a deviation of 0 would give NaN again.
        buffers = [value for name, value in self.buffers.items() if name not in ("mean", "deviation")]
        for value in [*self.parameters.values(), *momenta.values(), *buffers]:
            value[index] = 0


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """All numbers of these tensors in one vector, each tensor's padded with zeros to a whole number of cache lines."""
    zeros = tensors[0].new_zeros(LINE)
    parts = []
    for tensor in tensors:
        parts.append(tensor.reshape(-1))
        if gap := -tensor.numel() % LINE:
            parts.append(zeros[:gap])
    return torch.cat(parts)


def views(vector: Tensor, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parts of a `flat` vector, named and shaped like the tensors that it was made of."""
    found, start = {}, 0
    for name, tensor in like.items():
        found[name] = vector[start : start + tensor.numel()].view(tensor.shape)
        start += tensor.numel() + -tensor.numel() % LINE
    return found


def _named_tensors(network: nn.Module) -> list[tuple[str, Tensor]]:
    """A network's parameters and buffers, each once."""
    return [*network.named_parameters(), *network.named_buffers()]


def _replace(network: nn.Module, old: Sequence[Tensor], new: Sequence[Tensor]) -> None:
    """Put tensors in the place of a network's parameters and buffers, wherever it has them."""
    found = {id(before): after for before, after in zip(old, new, strict=True)}
    for module in network.modules():
        for tensors in (module._parameters, module._buffers):
            tensors.update({name: found[id(tensor)] for name, tensor in tensors.items() if id(tensor) in found})


def batch_work(network: nn.Module, images: Tensor) -> float:
    """Multiplications in a forward pass of `images`, in millions per convolution."""
    work = []

    def count(module: nn.Conv2d, _: tuple, output: Tensor) -> None:
        work.append(output.numel() * module.weight[0].numel())

    hooks = [module.register_forward_hook(count) for module in network.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        network.eval()(images)
    network.train()
    for hook in hooks:
        hook.remove()
    return sum(work) / 1e6 / max(len(work), 1)
