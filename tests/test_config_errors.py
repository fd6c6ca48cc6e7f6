"""A mistake in a configuration is one clear line: the key's path, what was given, what is allowed."""

import re
from typing import Annotated, Literal

import pytest
import yaml
from pydantic import Field, ValidationError

from tests.studies import practice_study, small_study
from understudy.config import load_study
from understudy.config_errors import explain_all
from understudy.errors import StudyError
from understudy.settings import Settings


def mistakes(study: dict) -> list[str]:
    """Return the lines about a study, without what they have in common; none if it is right."""
    try:
        load_study(study)
    except StudyError as error:
        return [line.removeprefix("configuration: ") for line in str(error).splitlines()]
    return []


def with_value(study: dict, path: str, value: object) -> dict:
    """Return the study with another value at a path; what it leaves alone is shared, not copied."""
    key, _, rest = path.partition(".")
    return study | {key: with_value(study[key], rest, value) if rest else value}


GENERATOR, NETWORK = "practice.comparison.generator", "practice.comparison.learner.network"
PREDICTIONS = {"source": "predictions", "path": "p.npz"}


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (GENERATOR, {"kind": "unet", "stepz": 6},
         [r"\.stepz: unknown key \(given: 6\); allowed: .*; did you mean steps\?"]),
        (GENERATOR, {"kindd": "unet"},
         [r"\.kindd: unknown key \(given: \"unet\"\); allowed: kind; did you mean kind\?"]),
        (GENERATOR, {"kind": "unets"},
         [r"\.kind: unet, stable_diffusion or dit is needed \(given: \"unets\"\); did you mean unet\?"]),
        (GENERATOR, {"kind": ["unet"]}, [r"\.kind: unet, stable_diffusion or dit is needed \(given: \[\"unet\"\]\)"]),
        (GENERATOR, {"steps": 6}, [r"\.kind: missing; add it \(unet, stable_diffusion or dit\)"]),
        (GENERATOR, "unet", [r": a mapping \(`key: value`\) is needed \(given: \"unet\"\); allowed: kind"]),
        (GENERATOR, {"kind": "unet", "channels": [8, 0]},
         [r"\.channels\.1: a whole number above 0 is needed \(given: 0\)"]),
        (GENERATOR, {"kind": "unet", "channels": 8},
         [r"\.channels: a list \(each a whole number above 0\) is needed \(given: 8\)"]),
        (GENERATOR, {"kind": "unet", "channels": [9]}, [r": channels \[9\]: multiples of 8 are allowed"]),
        (GENERATOR, {"kind": "unet", "label_dropout": float("nan")},
         [r"\.label_dropout: a number of at least 0 and below 1 is needed \(given: NaN\)"]),
        (GENERATOR, {"kind": "dit", "model": "m"},
         [r"\.image_size: missing; add it \(a whole number from 4 to 1024\)"]),
        (GENERATOR, {"kind": "dit", "model": "m", "image_size": 8, "prompt": "a"},
         [r"\.prompt: a text with \{\} for the name of the class is needed \(given: \"a\"\)"]),
        (NETWORK, {"model": "resnet", "arguments": {"depht": 8, "width": "a"}},
         [r"\.arguments\.depht: unknown key .*allowed: block, depth, width; did you mean depth\?",
          r"\.arguments\.width: a whole number of at least 1 is needed \(given: \"a\"\)"]),
        (NETWORK, {"model": "resnet", "arguments": {"depth": 9}}, [r"\.arguments: depth 9: the basic form has"]),
        (NETWORK, {"model": "resnt"}, [r"\.model: unknown 'resnt'; allowed: .*, timm:NAME, .*; did you mean resnet\?"]),
        (NETWORK, {"model": " timm:resnet18"}, [r"\.model: remove the blanks before or after ' timm:resnet18'"]),
        ("practice.comparison.shifted.corruptions", {"gaussian_blu": 1},
         [r"\.gaussian_blu: unknown key .*allowed: gaussian_noise, gaussian_blur, .*; did you mean gaussian_blur\?"]),
        ("practice.comparison.shifted.corruptions", {"blur": 1, "gaussian_blur": 1},
         [r"\.blur: renamed to gaussian_blur; write .*\.corruptions\.gaussian_blur"]),
        ("practice.comparison.shifted.folders", {"A": "x"}, [r"\.A: a name \(a small letter, .*\) is needed"]),
    ],
)  # fmt: skip
def test_a_mistake_in_practice_is_one_line(path, value, lines):
    check_lines(with_value(practice_study(), path, value), path, lines)


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        ("seed", True, [r": a whole number of at least 0 is needed \(given: \"true\"\)"]),
        ("candidates.seeds", True, [r": a whole number from 1 to 1000 is needed \(given: \"true\"\)"]),
        ("sed", 1, [r": unknown key \(given: 1\); allowed: .*; did you mean seed\?"]),
        ("study", 3, [r": a name \(letters .*, digits, _, - and \.; .*\) is needed \(given: 3\); .* in quotes"]),
        ("device", "gpu", [r": auto, cpu or cuda is needed \(given: \"gpu\"\); did you mean cpu\?"]),
        ("candidates.seeds", 0, [r": a whole number from 1 to 1000 is needed \(given: 0\)"]),
        ("candidates.seeds", "x", [r": a whole number from 1 to 1000 is needed \(given: \"x\"\)"]),
        ("candidates.recipe", {"epoch": 3, "milestones": "x"},
         [r"\.epoch: unknown key .*did you mean epochs\?", r"\.milestones: a list \(each a number\) is needed"]),
        ("candidates.recipe", {"milestones": [2]}, [r": milestones \[2\.0\]: rising fractions"]),
        ("candidates.rwnn.recipe", {"epoch": 3}, [r"\.epoch: unknown key .*did you mean epochs\?"]),
        ("candidates.rwnn.neighbours", 3, [r": an even number of at least 2 is needed \(given: 3\)"]),
        ("candidates.standard.resnet_8.recipe", {"epoch": 8}, [r"\.epoch: unknown key .*did you mean epochs\?"]),
        ("candidates.standard.-a", {"model": "resnet_32"}, [r": a name \(letters .*\) is needed \(given: \"-a\"\)"]),
        ("splits.Train200.train", "some",
             [r": a whole number of at least 1, a share above 0 and below 1 or all is needed \(given: \"some\"\)"]),
        ("splits", [1, 2], [r": a mapping \(`key: value`\) is needed \(given: \[1, 2\]\)"]),
        ("data", "cifar", [r": a mapping \(`key: value`\) or null is needed \(given: \"cifar\"\); allowed: .*source"]),
        ("data.source", "torchvisoin:A", [r": allowed: sklearn-digits, .*\(given: \"torchvisoin:A\"\)"]),
        ("generators.stylegan2_cond.augmentations", ["flp"],
         [r"\.0: flip, .* is needed \(given: \"flp\"\); .*mean flip\?"]),
        ("generators.stylegan2_cond.critic_steps", 3, [r": not a setting of stylegan2"]),
        ("selection", {"bootstrap_draws": 300, "n_resamples": 300},
         [r"\.bootstrap_draws: renamed to n_resamples; write selection\.n_resamples \(given: 300\)"]),
        ("ranking", {"classes": ["a", 3.5]},
         [r"\.classes: a whole number of at least 2, a list \(each a text\) or null is needed .*3.5\]\)"]),
        ("selection", {"class_shares": {"a": -0.1, "b": 1.1}}, [r"\.class_shares\.a: a number of at least 0 is"]),
        ("selection", {"class_shares": {"a": 0.5, "b": 0.4}},
         [r"\.class_shares: they sum to 0\.9; allowed: shares that sum to 1"]),
        ("selection", {"class_shares": {"a": 50, "b": 50}},
         [r"\.class_shares: they sum to 100; .* divide percentages by 100"]),
        ("selection", {"class_shares": {"a": "half", "b": 0.5}}, [r"\.class_shares\.a: "]),
        ("selection", {"metric": "accuracy"}, [r"\.metric: error or balanced_error is needed"]),
        ("ranking", {"sets": {"a": {"source": "imagefold"}, "b": {"sorce": "union"}, "c": PREDICTIONS | {"pth": 3}}},
         [r"\.sets\.b\.sorce: unknown key .*did you mean source\?",
          r"\.sets\.c\.pth: unknown key \(given: 3\); allowed: images, .*, source; did you mean path\?",
          r"\.sets\.a\.source: predictions, imagefolder, parquet, dit, biggan or union is .*mean imagefolder\?"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_selection_is_one_line(path, value, lines):
    check_lines(with_value(small_study(), path, value), path, lines)


def check_lines(study: dict, path: str, expected: list[str]) -> None:
    found = mistakes(study)
    assert len(found) == len(expected)
    for line, end in zip(found, expected, strict=True):
        assert re.match(re.escape(path) + end, line), line


def test_a_misspelled_key_that_is_required_is_one_mistake():
    study = small_study()
    study["candidates"]["seedz"] = study["candidates"].pop("seeds")
    del study["study"]
    assert [line.split(" (")[0] for line in mistakes(study)] == [
        "candidates.seedz: unknown key", "study: missing; add it",
    ]  # fmt: skip


def test_names_may_have_hyphens_and_begin_with_digits():
    study = yaml.safe_load("{study: 2024-01-02, seed: 1, splits: {1: {train: 2, validation: 1}, a-b.c_2: 3}}")
    assert all("a name" not in line for line in mistakes(study))
    for name in ("-a", ".a", "a b", "a/b", "größe", "", "a\n"):
        assert mistakes(small_study() | {"study": name})[0].startswith("study: a name (letters from a to z, digits")


class Circle(Settings):
    shape: Literal["circle"] = "circle"
    radius: Annotated[float, Field(gt=0)]


class Polygon(Settings):
    shape: Literal["square", "triangle"]
    sides: tuple[float, float] = (1, 1)


class Text(Settings):
    form: Literal["text"]
    said: dict[str, list[int]] = Field({})


Drawn = Annotated[Circle | Polygon, Field(discriminator="shape")]


class Picture(Settings):
    anything: dict[str, list[Drawn]] = Field({})
    one: Drawn | None = None
    label: Text | int | None = None


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"anything": {"a": [{"shape": "circle", "radus": 1}]}},
         "anything.a.0.radus: unknown key (given: 1); allowed: radius, shape; did you mean radius?"),
        ({"anything": {"a": [{"shape": "circle", "radius": 1}, {"shape": "squar"}]}},
         'anything.a.1.shape: circle, square or triangle is needed (given: "squar"); did you mean square?'),
        ({"one": {"shape": "square", "sides": [1]}}, "one.sides.1: missing; add it (a number)"),
        ({"one": {"shape": "square", "sides": 2}}, "one.sides: a list of 2 (each a number) is needed (given: 2)"),
        ({"one": {"shap": "square"}}, 'one.shap: unknown key (given: "square"); allowed: shape; did you mean shape?'),
        ({"one": {}}, "one.shape: missing; add it (circle, square or triangle)"),
        ({"label": "a"}, 'label: a mapping (`key: value`), a whole number or null is needed (given: "a")'),
    ],
)  # fmt: skip
def test_unions_of_any_discriminator_are_explained_at_every_depth(given, line):
    with pytest.raises(ValidationError) as raised:
        Picture.model_validate(given)
    assert explain_all(raised.value, Picture) == [line]
