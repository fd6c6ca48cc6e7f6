"""Several runs of one architecture trained as one: parameters stacked, gradients taken together.

A small network's step is bound by the overhead of its operations, not by arithmetic, so one operation on W stacked
runs costs less than W operations. `torch.func.vmap` turns the network into that; for W = 1 it is called as it is.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from understudy.classifiers.networks import Classifier
from understudy.classifiers.recipes import Recipe


class Stack:
    """W runs of one architecture under one recipe, stepping together.

    The runs share nothing but the learning rate: each has its own batch, and the loss is summed over runs, so that
    run i's gradient is that of its own mean loss. Parameters, buffers and momenta are stacked in dimension 0.
    """

    def __init__(self, networks: list[Classifier], recipe: Recipe, device: torch.device, compiled: bool = False):
        self.width = len(networks)
        self.device = device
        self.network = networks[0].to(device).train()
        self.noise_size = self.network.noise_size
        self.parameters = {
            name: torch.stack(
                [network.get_parameter(name).detach().to(device) for network in networks]
            ).requires_grad_()
            for name, _ in self.network.named_parameters()
        }
        self.buffers = {
            name: torch.stack([network.get_buffer(name).to(device) for network in networks])
            for name, _ in self.network.named_buffers()
        }
        self.optimizer = torch.optim.SGD(
            list(self.parameters.values()),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
            foreach=True,
        )
        self._losses = self._one if self.width == 1 else vmap(self._loss)
        if compiled:
            # The compiler gives up on a function that it has compiled for eight architectures, unless it forgets them.
            torch.compiler.reset()
            self._losses = torch.compile(self._losses)

    def _loss(self, parameters: dict, buffers: dict, images: Tensor, labels: Tensor, noise: Tensor):
        """Mean loss and number of errors of one run; images [B, C, H, W]."""
        logits = functional_call(self.network, (parameters, buffers), (images, noise))
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        errors = (logits.detach().argmax(1) != labels).sum()
        return F.cross_entropy(logits, labels), errors

    def _one(self, parameters: dict, buffers: dict, images: Tensor, labels: Tensor, noise: Tensor):
        """The same for a stack of one, without the cost of vmap; views, so that buffers are updated in place."""
        loss, errors = self._loss(
            {name: value[0] for name, value in parameters.items()},
            {name: value[0] for name, value in buffers.items()},
            images[0],
            labels[0],
            noise[0],
        )
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
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        if self.width > 1:
            # Runs merged into one channels-last image would be faster still on a CPU, but kernels then treat the last
            # channels of a row apart, and a run's last bits would depend on its place.
            images = images.contiguous()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            losses, errors = self._losses(self.parameters, self.buffers, images, labels, noise)
        losses.sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return losses.detach(), errors

    def state(self) -> dict[str, Tensor]:
        """All that training changes, by name: parameters, buffers and momenta."""
        state = {f"parameter.{name}": value.detach() for name, value in self.parameters.items()}
        state |= {f"buffer.{name}": value for name, value in self.buffers.items()}
        for name, value in self.parameters.items():
            if "momentum_buffer" in self.optimizer.state[value]:
                state[f"momentum.{name}"] = self.optimizer.state[value]["momentum_buffer"]
        return state

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(state[f"parameter.{name}"])
                if f"momentum.{name}" in state:
                    momentum = state[f"momentum.{name}"].to(self.device)
                    self.optimizer.state[value]["momentum_buffer"] = momentum
            for name, value in self.buffers.items():
                value.copy_(state[f"buffer.{name}"])

    def weights(self, place: int) -> dict[str, Tensor]:
        """A run's parameters and persistent buffers under the network's own names, on the CPU."""
        values = self.parameters | self.buffers
        return {name: values[name][place].detach().cpu().clone() for name in self.network.state_dict()}

    def reset(self, place: int) -> None:
        """Put zeros in a failed run's place: what it computes from there on is finite and of no account."""
        with torch.no_grad():
            for name, value in self.state().items():
                # What normalises the images isn't trained, and dividing by a deviation of 0 would give NaN again.
                if name not in ("buffer.mean", "buffer.deviation"):
                    value[place] = 0


def batch_work(network: nn.Module, images: Tensor) -> float:
    """Multiplications and additions in a forward pass of `images`, in millions per convolution."""
    from torch.utils.flop_counter import FlopCounterMode

    layers = sum(isinstance(module, nn.Conv2d) for module in network.modules())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(images)
    network.train()
    return counter.get_total_flops() / 2e6 / max(layers, 1)
