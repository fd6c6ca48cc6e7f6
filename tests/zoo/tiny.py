"""Tiny pretrained generators saved to disk with random weights, and a folder of images."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

CLASSES = 10
MODELS = [
    "test_byobnet",
    "test_convnext",
    "test_convnext2",
    "test_convnext3",
    "test_efficientnet",
    "test_efficientnet_ln",
    "test_efficientnet_gn",
    "test_mambaout",
    "test_nfnet",
    "test_resnet",
    "test_vit",
    "test_vit2",
    "test_vit3",
]
"""timm's own smallest models."""


def save_dit(folder: Path) -> Path:
    """Save a DiT pipeline of images 8 x 8."""
    from diffusers import AutoencoderKL, DDIMScheduler, DiTPipeline, DiTTransformer2DModel

    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformer = DiTTransformer2DModel(
            num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8, num_layers=1, sample_size=4,
            patch_size=2, num_embeds_ada_norm=1000, norm_num_groups=4,
        )  # fmt: skip
        blocks = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
        vae = AutoencoderKL(block_out_channels=[8, 8], latent_channels=4, norm_num_groups=4, sample_size=8, **blocks)
        # Random weights are as good as nothing if the last layer's are zero.
        for parameter in transformer.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        DiTPipeline(transformer, vae, DDIMScheduler()).save_pretrained(folder)
    return folder


def save_biggan(folder: Path) -> Path:
    """Save a BigGAN of images 16 x 16; its package is optional."""
    from pytorch_pretrained_biggan import BigGAN, BigGANConfig

    folder.mkdir(parents=True)
    # Up-sampling, channels in and out, in units of the width; attention stands before the second block.
    layers = [[True, 16, 8], [False, 8, 4], [False, 4, 2], [True, 2, 1]]
    about = {"output_dim": 16, "z_dim": 8, "class_embed_dim": 8, "channel_width": 8, "num_classes": CLASSES,
             "layers": layers, "attention_layer_position": 1, "eps": 1e-4, "n_stats": 51}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(about))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = BigGAN(BigGANConfig.from_json_file(folder / "config.json"))
        # Left without a value by the package.
        torch.nn.init.ones_(network.generator.bn.weight)
        torch.nn.init.zeros_(network.generator.bn.bias)
        torch.save(network.state_dict(), folder / "pytorch_model.bin")
    return folder


def save_images(folder: Path, images_per_class: int, seed: int = 0) -> Path:
    """Save noise whose mean depends on the class, a folder for each class, named by its number."""
    random = np.random.default_rng(seed)
    for label in range(CLASSES):
        place = folder / str(label)
        place.mkdir(parents=True)
        for number in range(images_per_class):
            pixels = random.integers(0, 128, (24, 20, 3)) + 12 * label
            Image.fromarray(pixels.astype(np.uint8)).save(place / f"{number:03d}.png")
    return folder
