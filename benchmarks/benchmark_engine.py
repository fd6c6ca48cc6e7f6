"""The engine's speed against a plain training loop on the same cores: ratios, with the errors beside each.

The plain loop trains one run at a time with all cores: DataLoader, torchvision's transforms on every image, fp32. Ours
trains the same runs (architecture, epochs, batch size, learning rates, augmentation) in one process per core. The runs
are the candidates of the default study, on 300 digits, and ResNet-20 on real images of 32 x 32 pixels, those of
``cifar10_jpeg.parquet`` in the folder that UNDERSTUDY_DATA names.

    python -m benchmarks.benchmark_engine digits [--cores 2] [--seeds 3] [--steps 120]
    UNDERSTUDY_DATA=... python -m benchmarks.benchmark_engine cifar [--cores 2] [--seeds 4] [--epochs 2]

Let nothing else run beside it: on a busy machine a plain loop on several threads suffers far more than single-threaded
processes do.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from scipy.stats import t as student
from sklearn.datasets import load_digits
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision import transforms

from benchmarks.colour_images import colour_images
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.graphs import draw_graphs, graph_arguments
from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network, image_statistics
from understudy.classifiers.stack_training import Run
from understudy.classifiers.training import TrainingOptions, train_runs
from understudy.classifiers.weights import load_network
from understudy.config import read_study
from understudy.plan import Plan

STUDY = Path(__file__).parents[1] / "config.yaml"


def digits() -> tuple[np.ndarray, np.ndarray]:
    loaded = load_digits()
    return np.round(loaded.images * 255 / 16).astype(np.uint8)[:, None], loaded.target


def study_runs(steps: int, seeds: int) -> list[Run]:
    """The candidates of the default study, trained for `steps` steps."""
    plan = Plan(read_study(STUDY))
    drawn = draw_graphs(study_seed=plan.study.seed, **plan.graph_settings())
    runs = []
    for name, settings in plan.architectures.items():
        wiring = graph_arguments(drawn, name) if settings["model"] == "rwnn" else {}
        recipe = settings["recipe"] | {"steps": steps, "min_epochs": 1}
        runs += runs_of(name, settings["model"], settings["arguments"] | wiring, recipe, seeds)
    return runs


def runs_of(name: str, model: str, arguments: dict, recipe: dict, seeds: int) -> list[Run]:
    settings = ArchitectureSettings(model=model, arguments=arguments, recipe=recipe)
    return [Run(f"{name}-s{i}", "standard", name, settings, i, i) for i in range(seeds)]


def plain_loop(run: Run, images: np.ndarray, labels: np.ndarray) -> torch.nn.Module:
    """One run as most people write it."""
    recipe = run.settings.full_recipe
    pixels = torch.from_numpy(images)
    shape = Shape(images.shape[1], images.shape[2], 10)
    network = build_network(run.settings, shape, run.seed, image_statistics(pixels)).train()
    steps = [transforms.RandomCrop(shape.size, padding=recipe.crop)]
    if recipe.flip:
        steps.append(transforms.RandomHorizontalFlip())
    if recipe.cutout:
        fraction = (recipe.cutout / shape.size) ** 2
        steps.append(transforms.RandomErasing(1.0, (fraction, fraction), (1.0, 1.0), value=int(network.mean.mean())))
    augment = transforms.Compose(steps)
    data = TensorDataset(pixels, torch.from_numpy(labels))

    def collate(rows):
        return torch.stack([augment(image) for image, _ in rows]), torch.stack([label for _, label in rows])

    loader = DataLoader(data, recipe.batch_size_for(len(labels)), shuffle=True, drop_last=True, collate_fn=collate)
    optimizer = torch.optim.SGD(
        network.parameters(), recipe.learning_rate, recipe.momentum, 0, recipe.weight_decay, recipe.nesterov
    )
    epochs, step = recipe.epochs_for(len(labels)), 0
    for _ in range(epochs):
        for batch, answers in loader:
            optimizer.param_groups[0]["lr"] = recipe.learning_rate_at(step, epochs * len(loader))
            optimizer.zero_grad()
            F.cross_entropy(network(batch, torch.rand(len(batch), network.noise_size)), answers).backward()
            optimizer.step()
            step += 1
    return network.eval()


def train_part(runs: list[Run], images: LabelledImages, folder: Path, block: int) -> None:
    """One process's part of the runs in our engine."""
    torch.set_num_threads(1)
    options = TrainingOptions(1, block, folder / f"part-{runs[0].name}", torch.device("cpu"))
    train_runs(runs, images, folder, options)


@torch.no_grad()
def error(network: torch.nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    return (network(torch.from_numpy(images)).argmax(1).numpy() != labels).mean()


def compare(title: str, runs: list[Run], data: tuple, train: int, cores: int, together: int) -> None:
    """Train `runs` both ways on the first `train` images, and print times, ratio and errors on the rest.

    `together` runs, those of an architecture, are one task of our processes.
    """
    images, labels = data
    torch.set_num_threads(cores)
    started = time.perf_counter()
    networks = [plain_loop(run, images[:train], labels[:train]) for run in runs]
    plain = time.perf_counter() - started
    errors = {"plain": [error(network, images[train:], labels[train:]) for network in networks]}
    parts = [runs[first : first + together] for first in range(0, len(runs), together)]
    ours_images = LabelledImages(images[:train], labels[:train], 10)
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        # Importing torch is part of neither: both ways pay it once.
        list(pool.map(abs, range(cores)))
        started = time.perf_counter()
        jobs = [pool.submit(train_part, part, ours_images, Path(folder), together) for part in parts]
        for job in jobs:
            job.result()
        ours = time.perf_counter() - started
        trained = [load_network(Path(folder) / f"{run.name}.safetensors") for run in runs]
        errors["ours"] = [error(network, images[train:], labels[train:]) for network in trained]
    print(f"{title}: {len(runs)} runs, plain {plain:.1f} s, ours {ours:.1f} s, {plain / ours:.2f} times as fast")
    for way, found in errors.items():
        print(f"  error, {way}: {interval(found)} over {len(found)} runs")
    print(f"  error, ours - plain: {interval(np.subtract(errors['ours'], errors['plain']))}")


def interval(values: np.ndarray | list[float]) -> str:
    """Mean and its 95 % interval (Student) in per cent."""
    mean, deviation = np.mean(values), np.std(values, ddof=1)
    half = student.ppf(0.975, len(values) - 1) * deviation / np.sqrt(len(values))
    return f"{100 * mean:.2f} % [{100 * (mean - half):.2f}, {100 * (mean + half):.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["digits", "cifar"])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each architecture")
    parser.add_argument("--steps", type=int, default=120, help="SGD steps of a digits run")
    parser.add_argument("--epochs", type=int, default=2, help="epochs of a ResNet-20")
    parser.add_argument("--images", type=int, default=1000, help="training images of a ResNet-20")
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {options.cores} cores, {torch.backends.cpu.get_cpu_capability()}")
    if options.part == "digits":
        runs = study_runs(options.steps, options.seeds)
        compare(f"digits, {options.steps} steps", runs, digits(), 300, options.cores, options.seeds)
        return
    per_class = (options.images + 1000) // 10
    images, labels = colour_images(Path(os.environ["UNDERSTUDY_DATA"]) / "cifar10_jpeg.parquet", per_class, seed=0)
    order = np.random.default_rng(0).permutation(len(labels))
    recipe = {"epochs": options.epochs, "batch_size": 64, "schedule": "cosine", "learning_rate": 0.1}
    runs = runs_of("resnet_20", "resnet", {"depth": 20}, recipe, options.seeds)
    title = f"ResNet-20, {options.images} images, {options.epochs} epochs"
    compare(title, runs, (images[order], labels[order]), options.images, options.cores, 1)


if __name__ == "__main__":
    main()
