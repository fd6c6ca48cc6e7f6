"""Time StyleGAN2's training step against the straightforward form, in one process, alternating between them.

Three forms: the default one of this machine (bfloat16 convolutions where the machine multiplies those), the same in
float32, and the straightforward one in float32.

The straightforward form gives every image modulated weights of its own, convolves them as groups, and runs the
discriminator on real and generated images one after the other.

    python benchmarks/benchmark_stylegan2.py --preset cifar --batch 8 --repeats 3
"""

import argparse
import platform
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from understudy.devices import multiplies_bfloat16, resolve_device
from understudy.generators.batches import RealImages, TrainingImages
from understudy.generators.configuration import GeneratorSettings
from understudy.generators.layers import multiply_in
from understudy.generators.stylegan2 import ModulatedConv
from understudy.generators.stylegan2_step import StyleGAN2Step

SHAPES = {"cifar": (32, 3), "digits": (8, 1)}


def grouped(self: ModulatedConv, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    """Convolve each image with weights of its own, as one convolution of as many groups as images."""
    count, out_channels = len(x), len(self.weight)
    weight = self.weight * self.affine(w)[:, None, :, None, None]  # [N, out_channels, in_channels, k, k]
    if self.demodulate:
        weight = weight * (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    else:
        weight = weight / self.weight[0].numel() ** 0.5
    x = x.reshape(1, -1, *x.shape[2:])
    if self.blur is None:
        y = F.conv2d(x, weight.flatten(0, 1), padding=weight.shape[-1] // 2, groups=count)
    else:
        y = F.conv_transpose2d(x, weight.transpose(1, 2).flatten(0, 1), stride=2, groups=count)
    y = y.reshape(count, out_channels, *y.shape[2:])
    return (y if self.blur is None else self.blur(y)), torch.ones(1, 1, device=x.device)


def train_discriminator_apart(self, random, real, images, labels):
    """Take the discriminator's step with real and generated images in separate passes."""
    with torch.no_grad():
        fakes, fake_labels = self._fakes(random, real, self.settings.batch)
    real_logits = self.discriminator(self._augment(images, random), labels)
    fake_logits = self.discriminator(self._augment(fakes, random), fake_labels)
    loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    self.optimizers["discriminator"].zero_grad()
    loss.backward()
    self.optimizers["discriminator"].step()
    self._count_signs(real_logits)
    return loss.detach()[None]


def seconds_per_step(method: StyleGAN2Step, real: RealImages, steps: range, device: torch.device) -> float:
    """Return the mean time of the steps numbered ``steps``."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    for number in steps:
        method.step(number, real)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / len(steps)


def main() -> None:
    """Print images per second of both forms and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=sorted(SHAPES), default="cifar")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=2, help="steps per measurement, none with a penalty")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device, (size, channels) = resolve_device(options.device), SHAPES[options.preset]
    settings = GeneratorSettings(method="stylegan2", preset=options.preset, batch=options.batch,
                                 minibatch_std_group=min(4, options.batch)).resolve()  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (512, channels, size, size)).astype(np.uint8)
    real = RealImages(TrainingImages(images, np.arange(512) % 10, 10), [0], device, settings.mirror)
    method = StyleGAN2Step(settings, size, channels, 10, [0], device)
    shared, apart = (ModulatedConv.forward, StyleGAN2Step._train_discriminator), (grouped, train_discriminator_apart)
    reduced = multiplies_bfloat16(device) if settings.precision == "auto" else settings.precision == "bfloat16"
    forms = {
        "default": (shared, torch.bfloat16 if reduced else None),
        "float32": (shared, None),
        "straightforward": (apart, None),
    }
    measured: dict[str, list[float]] = {name: [] for name in forms}
    for repeat in range(options.repeats + 1):
        for name, (functions, precision) in forms.items():
            ModulatedConv.forward, StyleGAN2Step._train_discriminator = functions
            for stacked in method.networks.values():
                multiply_in(stacked.network, precision)
            seconds = seconds_per_step(method, real, range(1, 1 + options.steps), device)
            if repeat:  # the first round warms up
                measured[name].append(settings.batch / seconds)
    hardware = torch.cuda.get_device_name() if device.type == "cuda" else f"{platform.machine()} CPU"
    print(f"{options.preset}, batch {options.batch}, n = {options.repeats} x {options.steps} steps, {hardware}, "
          f"{options.threads} thread(s), torch {torch.__version__}, "
          f"default: {'bfloat16' if reduced else 'float32'}")  # fmt: skip
    plain = np.median(measured["straightforward"])
    for name, rates in measured.items():
        print(f"{name:>16}: {np.median(rates):8.2f} images/s (from {min(rates):.2f} to {max(rates):.2f}), "
              f"{np.median(rates) / plain:.2f} times the straightforward form")  # fmt: skip


if __name__ == "__main__":
    main()
