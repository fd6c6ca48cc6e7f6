"""Predictions of one model on a set of images: the best labels, and the probability of the first."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from understudy.data.decoding import PLAIN, read_picture
from understudy.data.image_sets import EncodedImages
from understudy.data.picture_facts import PictureFacts
from understudy.data.pixel_settings import ValueSettings
from understudy.data.reading import DepthCheck
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
    def __init__(self, images: EncodedImages, preprocessing: Callable[[Image.Image], Tensor], settings: ValueSettings):
        self.images = images
        self.preprocessing = preprocessing
        self.settings = settings

    def __len__(self) -> int:
        return len(self.images)

    def name(self, number: int) -> str:
        path, row = self.images.locations[number]
        return str(path) if row < 0 else f"{path}, row {row}"

    def __getitem__(self, number: int) -> tuple[Tensor, int, PictureFacts]:
        picture, facts = read_picture(self.images.read(number), self.name(number), self.settings)
        return self.preprocessing(picture.convert("RGB")), number, facts


def _together(batch: list[tuple[Tensor, int, PictureFacts]]) -> tuple[Tensor, list[tuple[int, PictureFacts]]]:
    return torch.stack([image for image, _, _ in batch]), [(number, facts) for _, number, facts in batch]


def predict_pictures(
    model: nn.Module,
    preprocessing: Callable[[Image.Image], Tensor],
    images: EncodedImages,
    *,
    batch_size: int,
    workers: int,
    device: torch.device,
    settings: ValueSettings = PLAIN,
) -> ModelPredictions:
    """Predict a whole set; where memory is short the batch is halved, and what is done is kept.

    Its images are read by ``settings`` as the images of a study are, before the model's own preprocessing.

    Raises
    ------
    StudyError
        An image can't be read, it isn't known what is white, or the model's outputs aren't finite.
    RuntimeError
        Not even one image fits into memory, or the model can't take these images.

    """
    pictures, depth = _Pictures(images, preprocessing, settings), DepthCheck(settings, "its key white")
    model = model.to(device)
    labels, probabilities, done = [], [], 0
    while done < len(images):
        rest = Subset(pictures, range(done, len(images)))
        loader = DataLoader(rest, batch_size, num_workers=workers, collate_fn=_together)
        try:
            for batch, facts in loader:
                best, probability = _best(model, batch.to(device, non_blocking=True))
                labels.append(best)
                probabilities.append(probability)
                done += len(batch)
                for number, fact in facts:
                    depth.add(fact, pictures.name(number))
        except RuntimeError as error:
            if batch_size == 1 or not _lacks_memory(error):
                raise
            batch_size //= 2
            print(f"memory is short; going on with batches of {batch_size}", file=sys.stderr)
            if device.type == "cuda":
                torch.cuda.empty_cache()
    for line in depth.finish(len(images)):
        print(line, file=sys.stderr)
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
