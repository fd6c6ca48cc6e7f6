"""Files of trained models: safetensors whose metadata say, as JSON, how to build the network again."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from understudy.errors import StudyError
from understudy.files import writing


def write_model(path: Path, weights: Mapping[str, Tensor], model_format: str, **description: object) -> None:
    """Write weights with a JSON-able description, the model's format among it."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    # One entry: the format writes several in an order that differs from time to time.
    metadata = {"model": json.dumps({"format": model_format, **description})}
    with writing(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


def read_description(path: str | Path, model_format: str) -> dict:
    """Return the description of a model without reading its weights.

    Raises
    ------
    StudyError
        If the file is missing, truncated, or of another format.

    """
    try:
        with safe_open(path, framework="pt") as file:
            description = json.loads((file.metadata() or {}).get("model", "{}"))
    except (OSError, SafetensorError) as error:
        raise StudyError(f"{path} is not a readable safetensors file ({error}); train the model again") from error
    found = description.get("format")
    if found != model_format:
        raise StudyError(f"{path} holds no model of format {model_format!r}, but {found!r}; train the model again")
    return description
