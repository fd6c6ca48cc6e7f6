"""The engine's speed against a plain training loop on the same cores: ratios, with the accuracy beside each.

The plain loop trains one run at a time with all cores: DataLoader, torchvision's transforms on every image, fp32. Ours
trains the same runs (architecture, epochs, batch size, learning rates, augmentation) in one process per core.

    python tests/benchmarks/benchmark_engine.py [--cores 2] [--steps 150] [--images folder-or-parquet]

Let nothing else run beside it: on a busy machine a plain loop on several threads suffers far more than single-threaded
processes do. Without `--images` the 32x32 images are random prototypes under noise, which say nothing about accuracy on
CIFAR-10 but cost the same.
"""

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision import transforms

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network, image_statistics
from understudy.classifiers.training import Run, train_runs
from understudy.classifiers.weights import load_network
from understudy.data.shards import read_images

DIGITS = {
    "resnet_8_4": ("resnet", {"depth": 8, "width": 4}),
    "resnet_14_4": ("resnet", {"depth": 14, "width": 4}),
    "wrn_10_2": ("wrn", {"depth": 10, "widen": 2, "width": 4}),
    "resnext_11_4x2d": ("resnext", {"depth": 11, "cardinality": 4, "base_width": 2, "width": 4}),
}
CIFAR = {"resnet_20": ("resnet", {"depth": 20})}


def digits() -> tuple[np.ndarray, np.ndarray]:
    loaded = load_digits()
    return np.round(loaded.images * 255 / 16).astype(np.uint8)[:, None], loaded.target


def prototypes(images: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = np.arange(images) % 10
    pixels = generator.integers(60, 190, (10, 3, 32, 32))[labels] + generator.normal(0, 60, (images, 3, 32, 32))
    return pixels.clip(0, 255).astype(np.uint8), labels


def runs_of(architectures: dict, recipe: dict, seeds: int) -> list[Run]:
    return [
        Run(f"{name}-s{i}", "standard", name, ArchitectureSettings(model=m, arguments=a, recipe=recipe), i, i)
        for name, (m, a) in architectures.items()
        for i in range(seeds)
    ]


def plain_loop(run: Run, images: np.ndarray, labels: np.ndarray) -> torch.nn.Module:
    """One run as most people write it."""
    recipe = run.settings.full_recipe
    pixels = torch.from_numpy(images)
    shape = Shape(images.shape[1], images.shape[2], 10)
    network = build_network(run.settings, shape, run.seed, image_statistics(pixels)).train()
    steps = [transforms.RandomCrop(shape.size, padding=recipe.crop)]
    augment = transforms.Compose([*steps, transforms.RandomHorizontalFlip()] if recipe.flip else steps)
    data = TensorDataset(pixels, torch.from_numpy(labels))

    def collate(rows):
        return torch.stack([augment(image) for image, _ in rows]), torch.stack([label for _, label in rows])

    loader = DataLoader(data, recipe.batch_of(len(labels)), shuffle=True, drop_last=True, collate_fn=collate)
    optimizer = torch.optim.SGD(
        network.parameters(), recipe.learning_rate, recipe.momentum, 0, recipe.weight_decay, recipe.nesterov
    )
    epochs, step = recipe.epochs_for(len(labels)), 0
    for _ in range(epochs):
        for batch, answers in loader:
            optimizer.param_groups[0]["lr"] = recipe.learning_rate_at(step, epochs * len(loader))
            optimizer.zero_grad()
            F.cross_entropy(network(batch), answers).backward()
            optimizer.step()
            step += 1
    return network.eval()


def train_share(runs: list[Run], images: np.ndarray, labels: np.ndarray, folder: str, block: int) -> None:
    """One process's share of the runs in our engine."""
    torch.set_num_threads(1)
    train_runs(
        runs,
        images,
        labels,
        10,
        snapshots=1,
        folder=Path(folder),
        checkpoints=Path(folder) / f"part-{runs[0].name}",
        device=torch.device("cpu"),
        seeds_per_block=block,
    )


@torch.no_grad()
def error(network: torch.nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    return (network(torch.from_numpy(images)).argmax(1).numpy() != labels).mean()


def compare(
    title: str, runs: list[Run], shares: list[list[Run]], data: tuple, train: int, cores: int, block: int
) -> None:
    """Train `runs` both ways on the first `train` images, and print times, ratio and errors on the rest."""
    images, labels = data
    torch.set_num_threads(cores)
    started = time.perf_counter()
    networks = [plain_loop(run, images[:train], labels[:train]) for run in runs]
    plain = time.perf_counter() - started
    plain_error = np.mean([error(network, images[train:], labels[train:]) for network in networks])
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        # Importing torch is part of neither: both ways pay it once.
        list(pool.map(abs, range(cores)))
        started = time.perf_counter()
        jobs = [pool.submit(train_share, share, images[:train], labels[:train], folder, block) for share in shares]
        for job in jobs:
            job.result()
        ours = time.perf_counter() - started
        our_error = np.mean(
            [
                error(load_network(Path(folder) / f"{run.name}.safetensors"), images[train:], labels[train:])
                for run in runs
            ]
        )
    print(
        f"{title}: {len(runs)} runs, plain {plain:.1f} s (error {plain_error:.3f}), "
        f"ours {ours:.1f} s (error {our_error:.3f}), {plain / ours:.2f} times as fast on {cores} cores"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--steps", type=int, default=150, help="SGD steps of a digits run")
    parser.add_argument("--images", type=Path, help="32x32 colour images in parquet, such as CIFAR-10's")
    options = parser.parse_args()

    recipe = {"batch_size": 32, "schedule": "cosine", "crop": 1, "flip": False, "steps": options.steps}
    for name in DIGITS:
        runs = runs_of({name: DIGITS[name]}, recipe, 3 * options.cores)
        shares = [runs[3 * core : 3 * core + 3] for core in range(options.cores)]
        compare(f"digits {name}", runs, shares, digits(), 300, options.cores, 3)

    if options.images:
        loaded = read_images(options.images)
        data = loaded.images[:3000], loaded.labels[:3000]
    else:
        data = prototypes()
    runs = runs_of(CIFAR, {"epochs": 1, "batch_size": 128}, options.cores)
    compare("32x32 resnet_20", runs, [[run] for run in runs], data, 1500, options.cores, 3)


if __name__ == "__main__":
    main()
