"""Networks applied to many images, a batch at a time."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

EVALUATION_BATCH = 256
"""Images at once: few enough that a batch stays in a core's cache between layers."""


@torch.inference_mode()
def predict(
    network: Callable[[Tensor], Tensor],
    images: np.ndarray | Tensor,
    device: torch.device,
    batch_size: int = EVALUATION_BATCH,
) -> Tensor:
    """Apply a network in eval mode to images and return its outputs.

    Parameters
    ----------
    network : callable
        Maps a batch of images on ``device`` to a tensor [B, ...], for example logits [B, classes].
    images : uint8 array or tensor [N, C, H, W]
        A tensor may lie on ``device`` already.

    Returns
    -------
    Tensor [N, ...]
        The outputs of all batches, on the CPU.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(images)) if isinstance(images, np.ndarray) else images
    return torch.cat([network(batch.to(device)) for batch in pixels.split(batch_size)]).cpu()
