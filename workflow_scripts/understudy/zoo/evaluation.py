"""Predictions of one model on a set of images: the best labels, and the probability of the first."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from understudy.data.decoding import decode_picture
from understudy.data.image_sets import EncodedImages
from understudy.errors import StudyError

LABELS_KEPT = 5


@dataclass(frozen=True)
class ModelPredictions:
    """What a model says about N images.

    Attributes
    ----------
    predicted
        int16 [N, k], the k best labels, best first, k = min(5, classes).
    probability
        float16 [N], of the best label.
    batch_size
        Images at once, at the end.

    """

    predicted: np.ndarray
    probability: np.ndarray
    batch_size: int


class _Pictures(Dataset):
    def __init__(self, images: EncodedImages, preprocessing: Callable[[Image.Image], Tensor]):
        self.images = images
        self.preprocessing = preprocessing

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> Tensor:
        path, row = self.images.locations[number]
        name = str(path) if row < 0 else f"{path}, row {row}"
        return self.preprocessing(decode_picture(self.images.read(number), name).convert("RGB"))


def predict_pictures(
    model: nn.Module,
    preprocessing: Callable[[Image.Image], Tensor],
    images: EncodedImages,
    *,
    batch_size: int,
    workers: int,
    device: torch.device,
) -> ModelPredictions:
    """Predict a whole set; where memory is short the batch is halved, and what is done is kept.

    Raises
    ------
    StudyError
        An image can't be read, or the model's outputs aren't finite.
    RuntimeError
        Not even one image fits into memory, or the model can't take these images.

    """
    pictures = _Pictures(images, preprocessing)
    model = model.to(device)
    labels, probabilities, done = [], [], 0
    while done < len(images):
        loader = DataLoader(Subset(pictures, range(done, len(images))), batch_size, num_workers=workers)
        try:
            for batch in loader:
                best, probability = _best(model, batch.to(device, non_blocking=True))
                labels.append(best)
                probabilities.append(probability)
                done += len(batch)
        except RuntimeError as error:
            if batch_size == 1 or not _lacks_memory(error):
                raise
            batch_size //= 2
            print(f"memory is short; going on with batches of {batch_size}", file=sys.stderr)
            if device.type == "cuda":
                torch.cuda.empty_cache()
    return ModelPredictions(np.concatenate(labels), np.concatenate(probabilities), batch_size)


@torch.inference_mode()
def _best(model: nn.Module, batch: Tensor) -> tuple[np.ndarray, np.ndarray]:
    with torch.autocast("cuda", torch.float16, enabled=batch.device.type == "cuda"):
        outputs = model(batch)
    outputs = outputs.float()  # [B, classes]
    if not torch.isfinite(outputs).all():
        raise StudyError("its outputs aren't finite")
    probability, labels = outputs.softmax(dim=1).topk(min(LABELS_KEPT, outputs.shape[1]), dim=1)
    return labels.cpu().numpy().astype(np.int16), probability[:, 0].cpu().numpy().astype(np.float16)


def _lacks_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "not enough memory" in str(error)
