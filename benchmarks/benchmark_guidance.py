"""Guided against plain sampling: 30 DDIM steps with classifier-free guidance, guidance at every fifth step.

The networks are the digits study's, untrained: what an image costs doesn't depend on their weights. Plain and guided
batches take turns in one process; prints the seconds of each and the ratio of the medians. Reference points: the
paper's 1.82 (on one GPU), and the cost of the method as its authors' earlier code has it, where the gradient takes a
pass of the network of its own. Run: python benchmarks/benchmark_guidance.py
"""

import platform
import statistics
import tempfile
import time
from pathlib import Path

import diffusers
import numpy as np
import torch

from understudy.classifiers.layers import Shape
from understudy.config import Study, read_study
from understudy.generators.batches import TrainingImages
from understudy.generators.denoisers import TrainedDenoiser
from understudy.generators.diffusion import train_diffusion
from understudy.practice.comparison_settings import GuidanceSettings, SamplingSettings
from understudy.practice.learner import LearnerTraining
from understudy.practice.sampling import Sampler

IMAGES = 50
ROUNDS = 7
CPU = torch.device("cpu")
STUDY = Path(__file__).parents[1] / "config.yaml"


def untrained(study: Study, folder: Path) -> tuple[TrainedDenoiser, LearnerTraining]:
    """Return the study's diffusion model after a single step, and its learner before the first."""
    comparison = study.practice.comparison
    settings = comparison.generator.model_copy(update={"steps": 1})
    images = np.random.default_rng(0).integers(0, 256, (100, 1, 8, 8), dtype=np.uint8)
    data = TrainingImages(images, np.arange(100) % 10, 10)
    train_diffusion(data, settings, 0, folder / "model", folder / "checkpoints", CPU)
    statistics_of_pixels = torch.tensor([80.0]), torch.tensor([90.0])
    learner = LearnerTraining(comparison.learner, Shape(1, 8, 10), statistics_of_pixels, 0, CPU)
    return TrainedDenoiser(folder / "model", CPU), learner


def main() -> None:
    """Print the benchmark."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        denoiser, learner = untrained(read_study(STUDY), Path(folder))
    sampling = SamplingSettings(steps=30, guidance_scale=1.0, batch=IMAGES)
    sampler = Sampler(denoiser, sampling, GuidanceSettings(interval=5))
    labels, seeds = np.arange(IMAGES) % 10, np.arange(IMAGES)
    times: dict[float, list[float]] = {0.0: [], 0.1: []}
    for turn in range(ROUNDS + 1):
        for omega, found in times.items():
            began = time.perf_counter()
            sampler.sample(labels, seeds, learner.guide, omega)
            if turn:  # the first round warms up
                found.append(time.perf_counter() - began)
    plain, guided = (statistics.median(found) / IMAGES for found in times.values())
    print(f"{platform.processor() or platform.machine()}, one thread; torch {torch.__version__}, "
          f"diffusers {diffusers.__version__}; {IMAGES} images a batch, {ROUNDS} batches of each")  # fmt: skip
    print(f"plain  {1000 * plain:6.1f} ms an image")
    ratios = [b / a for a, b in zip(*times.values(), strict=True)]
    print(f"guided {1000 * guided:6.1f} ms an image: {guided / plain:.2f} times (pairs: {min(ratios):.2f} to "
          f"{max(ratios):.2f})")  # fmt: skip


if __name__ == "__main__":
    main()
