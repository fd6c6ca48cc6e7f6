"""Small members of every family, and a plain training loop, for the tests of this folder."""

import torch
from torch import nn
from torch.nn import functional as F

from understudy.classifiers.architectures import ArchitectureSettings

GRAPHS = [[(0, 1), (0, 2), (1, 3), (2, 3), (2, 4)], [(0, 2), (1, 2), (2, 3), (1, 4)]]

SMALL = {
    "resnet": {"depth": 8, "width": 4},
    "resnet_preact": {"depth": 11, "width": 2, "block": "bottleneck"},
    "se_resnet_preact": {"depth": 8, "width": 4, "reduction": 2},
    "wrn": {"depth": 10, "widen_factor": 2, "width": 2},
    "densenet": {"depth": 10, "growth_rate": 4},
    "pyramidnet": {"depth": 8, "alpha": 7, "width": 4},
    "resnext": {"depth": 11, "cardinality": 2, "base_width": 2, "width": 2},
    "shake_shake": {"depth": 8, "width": 4, "stem": 3},
    "rwnn": {"width": 4, "nodes": 5, "graphs": GRAPHS, "head_width": 12},
}


def small(model: str, **recipe) -> ArchitectureSettings:
    return ArchitectureSettings(model=model, arguments=SMALL[model], recipe=recipe)


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def plain_steps(network: nn.Module, recipe, batches, learning_rates) -> list[float]:
    """One network, torch's own SGD, one batch after the other: returns the losses and leaves the network trained."""
    optimizer = torch.optim.SGD(network.parameters(), 1.0, recipe.momentum, 0, recipe.weight_decay, recipe.nesterov)
    network.train()
    losses = []
    for (images, labels, noise), rate in zip(batches, learning_rates, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        # oneDNN (torch 2.14, AVX2): strided 1x1 convolutions of few channels, channels last, corrupt memory.
        with torch.backends.mkldnn.flags(enabled=False):
            loss = F.cross_entropy(network(images, noise), labels)
            loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
