"""The recipes of docs/prediction_files.md write files that are read as what they were made from."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from understudy.ranking.prediction_formats import read_set

PAGE = Path(__file__).parents[2] / "docs" / "prediction_files.md"
RECIPES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
CLASSES, IMAGES = 10, 40


def networks(scores: dict) -> dict:
    """Return networks that give known scores to images that are their own numbers."""
    return {name: lambda images, of=of: torch.from_numpy(of)[images] for name, of in scores.items()}


@pytest.mark.parametrize("number", range(len(RECIPES)))
def test_a_recipe_gives_the_predictions_that_it_was_given(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    library = re.findall(r"^import (\w+)", RECIPES[number], flags=re.MULTILINE)
    if not all(map(importlib.util.find_spec, library)):
        pytest.skip(f"needs {library}")
    random = np.random.default_rng(number)
    labels = random.integers(0, CLASSES, IMAGES)
    scores = {f"model-{i}": random.random((IMAGES, CLASSES)) + np.eye(CLASSES)[labels] for i in range(3)}
    features = random.random((IMAGES, 4))
    classifiers = {"a": DummyClassifier().fit(features, labels), "b": LogisticRegression().fit(features, labels)}
    given = {
        "scores": scores, "labels": labels, "ids": [f"{i:03d}.png" for i in random.permutation(IMAGES)],
        "networks": networks(scores), "classifiers": classifiers, "features": features,
        "loader": [(torch.arange(i, i + 10), torch.from_numpy(labels[i : i + 10])) for i in range(0, IMAGES, 10)],
    }  # fmt: skip
    exec(RECIPES[number], given)
    path = next(tmp_path.glob("predictions.*"))
    truth = "truth.parquet" if Path("truth.parquet").exists() else "labels"
    files = {"files": [str(path)], "labels": truth, "models": "models", "predicted": "predicted"}
    read = read_set("s", {"s": files}, CLASSES, None)
    expected = {name: of.argmax(axis=1) for name, of in scores.items()}
    if "classifiers" in RECIPES[number]:
        expected = {name: model.predict(features) for name, model in classifiers.items()}
    assert read.models == tuple(expected)
    wrong = read.errors()
    for name, row in zip(read.models, wrong, strict=True):
        assert row.mean() == (expected[name] != labels).mean()
    assert sorted(read.labels) == sorted(labels)
