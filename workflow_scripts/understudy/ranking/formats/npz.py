"""Predictions in an npz file: arrays of names, predicted and true labels, and identifiers of the images if any."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.formats.identifiers import identifiers
from understudy.ranking.formats.set_files import SetFiles
from understudy.ranking.formats.tables import TABLES, TrueLabels, read_labels
from understudy.ranking.label_numbers import Classes
from understudy.ranking.predictions import Predictions, make_predictions
from understudy.text import some


def read_npz(files: SetFiles, classes: Classes) -> Predictions:
    """Read predictions from an npz file; the true labels from it too, or from a table that `labels` names.

    Raises
    ------
    StudyError
        The file is missing, no npz, or lacks an array; otherwise as `make_predictions`.

    """
    (path,), keys = files["files"], ["models", "predicted", "labels"]
    apart = Path(files["labels"]).suffix in TABLES
    names = [files[key] for key in (keys[:2] if apart else keys)]
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in names if name not in file.files]
            if missing:
                raise StudyError(f"{path}: no arrays {some(missing)}; the file has {some(file.files)}")
            images = files.get("images", "images")
            wanted = [*names, *([images] if images in file.files else [])]
            arrays = {name: _plain_array(file, name, path) for name in wanted}
    # What is no npz file numpy takes for a single array, or for a pickle that it proposes to load unsafely.
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise StudyError(
            f"{path}: no npz file, or a damaged one; write it anew with numpy.savez (arrays {', '.join(names)})"
        ) from error
    except OSError as error:
        raise StudyError(f"{path}: not readable ({error}); correct the path, or the file's permissions") from error
    models, predicted = arrays[names[0]], arrays[names[1]]
    ids = identifiers(arrays[images], f"{path}, array {images}") if images in arrays else None
    truth = read_labels(files["labels"], classes) if apart else TrueLabels(arrays[names[2]], None, path)
    if ids is not None and predicted.ndim > 1 and predicted.shape[1] != len(ids):
        raise StudyError(
            f"{path}: {len(ids)} identifiers of images came with predictions of shape {list(predicted.shape)}; give "
            "one for each image, in the order of the predictions [models, images]"
        )
    return make_predictions(models, predicted, truth.in_order(ids, path), classes, source=path)


def _plain_array(file: np.lib.npyio.NpzFile, name: str, path: str) -> np.ndarray:
    try:
        return file[name]
    except ValueError as error:
        raise StudyError(
            f"{path}: array {name} holds Python objects, or is damaged; save names as strings, numpy.array({name}, "
            "dtype=str), and numbers with dtype=int, all models with the same number of images"
        ) from error
