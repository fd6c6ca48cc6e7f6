"""Colours: profiles become sRGB, transparent pixels get a background."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from understudy.data.depth import eight_bits

GREY_MODES = ("1", "L", "LA", "La")
# Colour spaces of profiles, and the modes of pictures that they can describe.
PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
NONE, SAME, CONVERTED, BROKEN = "", "sRGB", "converted", "broken"
STEPS = 9  # a side of the cube of colours that tells whether a profile is sRGB


def split_alpha(picture: Image.Image) -> tuple[Image.Image, np.ndarray | None]:
    """Return a loaded picture as mode L, RGB or CMYK, and its opacity, 0 to 1 [H, W], None if it is opaque."""
    alpha = None
    if picture.has_transparency_data:
        kind = {"La": "LA", "RGBa": "RGBA"}.get(picture.mode)
        picture = picture.convert(kind) if kind else picture
        alpha = np.asarray(picture.convert("RGBA").getchannel("A"))
        alpha = None if (alpha == 255).all() else alpha.astype(np.float32) / np.float32(255)
    if picture.mode in GREY_MODES:
        return picture if picture.mode == "L" else picture.convert("L"), alpha
    return picture if picture.mode in ("RGB", "CMYK") else picture.convert("RGB"), alpha


def to_srgb(picture: Image.Image, profile: bytes | None) -> tuple[Image.Image, str]:
    """Return a picture of mode L, RGB or CMYK as L or RGB in sRGB, and what became of its profile.

    A profile that can't be used is ignored. Where a profile is sRGB itself, no pixel changes.
    """
    plain = picture.convert("RGB") if picture.mode == "CMYK" else picture
    if not profile:
        return plain, NONE
    try:
        mode, transform = _transform(profile)
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError, ImportError):
        return plain, BROKEN
    if picture.mode != mode and (picture.mode, mode) != ("L", "RGB"):
        return plain, BROKEN
    if transform is None:
        return plain, SAME
    converted = ImageCms.applyTransform(picture.convert(mode), transform)
    return converted.convert("L") if picture.mode == "L" else converted, CONVERTED


@lru_cache(maxsize=16)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """Return the mode that a profile is for, and its way to sRGB; None if that changes nothing worth the name."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = PROFILE_MODES[source.profile.xcolor_space.strip()]
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode == "CMYK":
        return mode, transform
    steps = np.linspace(0, 255, STEPS).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(STEPS, -1, 3)
    given = Image.fromarray(cube) if mode == "RGB" else Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    found = np.asarray(ImageCms.applyTransform(given, transform)).astype(int)
    expected = np.asarray(given.convert("RGB")).astype(int)
    return mode, None if np.abs(found - expected).max() <= 1 else transform


def compose(colours: np.ndarray, alpha: np.ndarray, background: tuple[int, int, int]) -> tuple[np.ndarray, bool]:
    """Lay colours, float [H, W] or [H, W, 3], on a background; say whether a shape that they draw vanishes.

    Grey stays grey on a grey background.
    """
    grey = colours.ndim == 2
    if grey and len(set(background)) > 1:
        colours, grey = np.repeat(colours[..., None], 3, axis=2), False
    ground = np.float32(background[0]) if grey else np.array(background, np.float32)
    opacity = alpha if grey else alpha[..., None]
    composed = eight_bits(colours * opacity + ground * (1 - opacity))
    drawn = np.ptp(alpha) > 0 or np.ptp(colours.reshape(len(alpha), alpha.shape[1], -1), axis=(0, 1)).any()
    return composed, bool(drawn and not np.ptp(composed.reshape(len(alpha), alpha.shape[1], -1), axis=(0, 1)).any())
