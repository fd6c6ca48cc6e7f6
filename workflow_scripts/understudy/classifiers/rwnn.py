"""Randomly wired network (Xie et al. 2019) in a CIFAR form: a stem, one graph per stage, a 1x1 convolution.

The papers state neither nodes, channels nor stem at 32 pixels; this form follows public CIFAR implementations: the stem
keeps the resolution, each stage halves it in its source nodes.
"""

import torch
from torch import Tensor, nn

from understudy.classifiers.families import RWNNArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, assemble, conv1x1, conv3x3


def separable_convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A 3x3 convolution of each channel by itself, then a 1x1 convolution across channels."""
    return nn.Sequential(conv3x3(inputs, inputs, stride, groups=inputs), conv1x1(inputs, outputs))


class Node(nn.Module):
    """Weighted sum of the inputs, ReLU, separable 3x3 convolution, BN.

    The weights are sigmoids of learned numbers; a source node has one input, the stage's, and strides.
    """

    def __init__(self, inputs: int, channels: int, outputs: int, stride: int):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(inputs)) if inputs > 1 else None
        self.operation = nn.Sequential(nn.ReLU(), separable_convolution(channels, outputs, stride), BatchNorm(outputs))

    def forward(self, inputs: list[Tensor]) -> Tensor:
        if self.weights is None:
            return self.operation(inputs[0])
        weights = torch.sigmoid(self.weights)[..., None, None, None, None].unbind(-5)  # [..., 1, 1, 1, 1] each
        total = inputs[0] * weights[0]
        for k in range(1, len(inputs)):
            total = total + inputs[k] * weights[k]
        return self.operation(total)


class WiredStage(nn.Module):
    """A directed acyclic graph of nodes; its output is the mean of the sinks'."""

    def __init__(self, nodes: int, edges: tuple[tuple[int, int], ...], channels: int, outputs: int):
        super().__init__()
        self.sources = [[a for a, b in edges if b == node] for node in range(nodes)]
        self.sinks = sorted(set(range(nodes)) - {a for a, _ in edges})
        self.nodes = nn.ModuleList(
            Node(len(before), outputs, outputs, 1) if before else Node(1, channels, outputs, 2)
            for before in self.sources
        )

    def forward(self, x: Tensor) -> Tensor:
        values: list[Tensor] = []
        # Edges lead from smaller to larger numbers, so the nodes' own order is topological.
        for before, node in zip(self.sources, self.nodes, strict=True):
            values.append(node([values[source] for source in before] or [x]))
        return sum(values[sink] for sink in self.sinks) / len(self.sinks)


def randomly_wired_network(arguments: RWNNArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]."""
    shape.check_strides(len(arguments.graphs), "randomly wired network")
    width, head_width = arguments.width, arguments.head_width
    layers: list[nn.Module] = [conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU()]
    layers += [conv3x3(width, width), BatchNorm(width)]
    for edges in arguments.graphs:
        layers.append(WiredStage(arguments.nodes, edges, width, 2 * width))
        width *= 2
    layers += [nn.ReLU(), conv1x1(width, head_width), BatchNorm(head_width), nn.ReLU()]
    return assemble(layers=nn.Sequential(*layers), head=Head(head_width, shape.classes))
