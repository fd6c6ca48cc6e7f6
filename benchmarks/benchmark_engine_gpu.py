"""The engine's step on a GPU against that of a plain loop: milliseconds per run and step, and their ratio.

The plain loop trains one run in fp32, as torch sets it up (convolutions in TF32), with a DataLoader of many workers,
pinned memory and torchvision's crop and flip on every image. Ours has the data set on the device, augments whole
batches and steps runs of an architecture together, in bfloat16. Images are noise: a step takes as long on any.

    python -m benchmarks.benchmark_engine_gpu [--models resnet_32 resnet_56 wrn_28_10] [--runs 1 10] [--compiled]
"""

import argparse
import time
from collections.abc import Callable
from itertools import count

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision import transforms

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.augmentation import BatchAugmentation, sample_epoch
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network, image_statistics
from understudy.classifiers.stacking import StackedRuns
from understudy.devices import resolve_device

SHAPE = Shape(3, 32, 10)
AUGMENT = transforms.Compose([transforms.RandomCrop(SHAPE.size, padding=4), transforms.RandomHorizontalFlip()])


def collate(rows: list) -> tuple[torch.Tensor, torch.Tensor]:
    """Join (image, label) pairs to a batch, each image augmented by itself."""
    return torch.stack([AUGMENT(image) for image, _ in rows]), torch.stack([label for _, label in rows])


def milliseconds(step: Callable[[], object], steps: int, device: torch.device) -> float:
    """Return the mean time of a step, after a quarter as many that warm up."""
    for number in range(steps // 4 + steps):
        if number == steps // 4:
            wait(device)
            started = time.perf_counter()
        step()
    wait(device)
    return 1000 * (time.perf_counter() - started) / steps


def wait(device: torch.device) -> None:
    """Wait until the device has done all that it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def plain_step(settings: ArchitectureSettings, data: TensorDataset, workers: int, device: torch.device) -> Callable:
    """Return a step of the plain loop."""
    recipe = settings.full_recipe
    network = build_network(settings, SHAPE, 0, image_statistics(data.tensors[0])).to(device).train()
    optimizer = torch.optim.SGD(
        network.parameters(), recipe.learning_rate, recipe.momentum, 0, recipe.weight_decay, recipe.nesterov
    )
    loader = DataLoader(data, recipe.batch_size_for(len(data)), True, num_workers=workers, collate_fn=collate,
                        pin_memory=device.type == "cuda", drop_last=True)  # fmt: skip
    batches = (batch for _ in count() for batch in loader)

    def step() -> None:
        images, labels = (value.to(device, non_blocking=True) for value in next(batches))
        optimizer.zero_grad()
        noise = torch.rand(len(images), network.noise_size, device=device)
        F.cross_entropy(network(images, noise), labels).backward()
        optimizer.step()

    return step


def our_step(
    settings: ArchitectureSettings, data: TensorDataset, runs: int, device: torch.device, compiled: bool
) -> Callable:
    """Return a step of `runs` runs in the engine, augmentation included."""
    recipe, seeds = settings.full_recipe, list(range(runs))
    images, labels = (value.to(device) for value in data.tensors)
    statistics = image_statistics(data.tensors[0])
    stack = StackedRuns([build_network(settings, SHAPE, seed, statistics) for seed in seeds], recipe, device, compiled)
    augmentation, batch = (
        BatchAugmentation(images, recipe, stack.buffers["mean"][0]),
        recipe.batch_size_for(len(labels)),
    )
    sampled = sample_epoch(seeds, 1, len(labels), augmentation.size, recipe, stack.noise_size, device)
    numbers = count()

    def step() -> None:
        part = sampled.step(next(numbers) % recipe.steps_per_epoch(len(labels)), batch)
        stack.step(augmentation.batch(part), labels[part.order], part.noise, recipe.learning_rate)

    return step


def main() -> None:
    """Print the times of both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["resnet_32", "resnet_56", "wrn_28_10"])
    parser.add_argument("--runs", type=int, nargs="+", default=[1, 10], help="runs of an architecture stacked")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=12, help="of the plain loop's DataLoader")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--compiled", action="store_true", help="time ours compiled too")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = resolve_device(options.device)
    print(torch.cuda.get_device_name() if device.type == "cuda" else "CPU", f"torch {torch.__version__}", sep=", ")
    pixels = np.random.default_rng(0).integers(0, 256, (options.images, 3, SHAPE.size, SHAPE.size)).astype(np.uint8)
    data = TensorDataset(torch.from_numpy(pixels), torch.arange(options.images) % SHAPE.classes)
    for model in options.models:
        settings = ArchitectureSettings(model=model)
        plain = milliseconds(plain_step(settings, data, options.workers, device), options.steps, device)
        print(f"{model}, batch {settings.full_recipe.batch_size_for(len(data))}: plain {plain:.2f} ms")
        for runs in options.runs:
            for compiled in (False, True)[: 1 + options.compiled]:
                step = our_step(settings, data, runs, device, compiled)
                ours = milliseconds(step, options.steps, device) / runs
                way = "compiled" if compiled else "as it is"
                print(f"  {runs} together, {way}: {ours:.2f} ms a run and step, {plain / ours:.2f} times as fast")


if __name__ == "__main__":
    main()
