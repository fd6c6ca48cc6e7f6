"""Predictions to mutate, and what a ranking reads of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.input_mutations.cases import Case, Reads, Refuses
from understudy.ranking.label_numbers import Classes
from understudy.ranking.prediction_formats import read_set
from understudy.ranking.predictions import Predictions

WORDS = ("ant", "bee", "cat", "dog", "eel", "fox")


@dataclass
class Answers:
    """What models say about images, and what is true."""

    folder: Path
    rng: np.random.Generator
    models: np.ndarray  # names [N]
    predicted: np.ndarray  # [N, I]
    labels: np.ndarray  # [I]
    classes: Classes
    ids: np.ndarray  # [I], rising
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of classes."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)

    @property
    def words(self) -> np.ndarray:
        """Names of the classes."""
        return np.array(WORDS[: self.count])

    def arrays(self, **changes: Any) -> dict[str, np.ndarray]:
        """Return the arrays of an npz file; ``changes`` replace these."""
        return {"models": self.models, "predicted": self.predicted, "labels": self.labels} | changes

    def values(self, predicted: np.ndarray | None = None) -> Any:
        """Return what is to be read, in a form that doesn't depend on the order of images and models."""
        predicted = self.predicted if predicted is None else predicted
        return described(Predictions(tuple(self.models.tolist()), predicted.reshape(*self.predicted.shape, -1),
                                     self.labels, self.count))  # fmt: skip

    def read(self, path: Path | list[Path], labels: str | Path = "labels") -> Any:
        """Return what reads a file."""
        files = [str(one) for one in (path if isinstance(path, list) else [path])]
        keys = {"models": "models", "predicted": "predicted"} | self.keys
        return lambda: described(
            read_set("s", {"s": {"files": files, "labels": str(labels), **keys}}, self.classes, None)
        )

    def npz(self, word: str | None = None, **changes: Any) -> Case:
        """Write an npz file with changes, and return that it is refused, if there is a word, or read."""
        np.savez(self.folder / "p.npz", **self.arrays(**changes))
        read = self.read(self.folder / "p.npz")
        return Refuses(read, word) if word else Reads(read, self.values())

    def best(self, k: int) -> np.ndarray:
        """Return the k best labels [N, I, k], all different, best first."""
        return (self.predicted[:, :, None] + np.arange(k)) % self.count


def described(found: Predictions) -> dict[str, Any]:
    """Return predictions as values to compare: models by name, images as a set of what all models say of each."""
    order = np.argsort(np.array(found.models))
    rows = np.concatenate(
        [found.labels[:, None], found.predicted[order].transpose(1, 0, 2).reshape(len(found.labels), -1)], axis=1
    )
    return {
        "models": sorted(found.models),
        "classes": found.classes,
        "labels per image": found.predicted.shape[2],
        "images": sorted(map(tuple, rows.astype(int).tolist())),
    }


def answers(rng: np.random.Generator, folder: Path, classes: int | None = None) -> Answers:
    """Return models of different error on some images; each class occurs."""
    count = classes or int(rng.integers(3, 7))
    models, images = int(rng.integers(4, 8)), int(rng.integers(40, 90))
    labels = rng.permutation(np.arange(images) % count)
    wrong = rng.random((models, images)) < np.linspace(0.05, 0.5, models)[:, None]
    predicted = np.where(wrong, (labels + rng.integers(1, count, (models, images))) % count, labels)
    names = np.array([f"net {number}" for number in rng.permutation(models)])
    ids = np.array([f"img{number:03d}.png" for number in range(images)])
    return Answers(folder, rng, names, predicted, labels, count, ids)
