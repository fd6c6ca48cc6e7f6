"""Mutations of study files: how text is written, and what keys say."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.input_mutations.cases import Case, Reads, Refuses, mutation
from tests.studies import one_split_study, small_study
from understudy.classifiers.recipes import Recipe
from understudy.config import Study, load_study
from understudy.config_files import read_config

KIND = "configs"


def study(rng: np.random.Generator) -> dict:
    """Return one of the small studies as plain data."""
    return copy.deepcopy(small_study() if rng.random() < 0.6 else one_split_study())


def place(content: dict, path: str) -> tuple[dict, str]:
    """Return the mapping that the last key of a path stands in, and that key."""
    *above, key = path.split(".")
    for one in above:
        content = content[one]
    return content, key


def paths(content: dict, above: tuple[str, ...] = ()) -> list[str]:
    """Return the paths of all keys."""
    found = []
    for key, value in content.items():
        found.append(".".join((*above, key)))
        found += paths(value, (*above, key)) if isinstance(value, dict) else []
    return found


def load(path: Path) -> Any:
    """Read a study's file and return the settings that its jobs get."""
    return meaning(load_study(read_config(path)))


def meaning(study: Study) -> dict[str, Any]:
    """Return all of a study's values, the candidates' with their recipes as the plan resolves them."""
    values, candidates = study.canonical(), study.candidates
    values["candidates"]["recipe"] = Recipe.validate_part(candidates.recipe, "recipe").canonical()
    resolved = {name: entry.resolved(candidates.recipe) for name, entry in candidates.standard.items()}
    return values | {"resolved": resolved, "groups": {name: one.group for name, one in candidates.standard.items()}}


def reads(folder: Path, text: str | bytes, content: dict) -> Case:
    """Write a study file, and return that it says the same as ``content``."""
    (folder / "s.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Reads(lambda: load(folder / "s.yaml"), meaning(load_study(content)))


def refuses(folder: Path, text: str | bytes, word: str) -> Case:
    """Write a study file, and return that it is refused."""
    (folder / "s.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Refuses(lambda: load(folder / "s.yaml"), word)


def dumped(content: dict, **options: Any) -> str:
    """Return data as YAML."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, **options)


@mutation(KIND)
def encoding(rng: np.random.Generator, folder: Path) -> Case:
    """UTF-8 with a mark or without, and any ends of lines."""
    content = study(rng)
    text = f"# Größe\n{dumped(content)}".replace("\n", str(rng.choice(["\n", "\r\n", "\r"])))
    return reads(folder, text.encode(str(rng.choice(["utf-8", "utf-8-sig"]))), content)


@mutation(KIND)
def other_encoding(rng: np.random.Generator, folder: Path) -> Case:
    """UTF-16, UTF-32 or Windows's letters: to be saved anew."""
    text = f"# Größe\n{dumped(study(rng))}"
    encoding = str(rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]))
    return refuses(folder, text.encode(encoding), "save it as UTF-8")


@mutation(KIND)
def style(rng: np.random.Generator, folder: Path) -> Case:
    """Flow style, JSON, quotes, indentation, documents' marks, comments, order of the sections."""
    content = study(rng)
    shuffled = {str(key): content[key] for key in rng.permutation(list(content))}
    text = dumped(
        shuffled,
        default_flow_style=[None, False, True][rng.integers(3)],
        indent=int(rng.choice([2, 4, 7])),
        width=int(rng.choice([40, 80, 10_000])),
        explicit_start=bool(rng.random() < 0.5),
    )
    lines = [
        f"{line}  # {rng.integers(9)}" if rng.random() < 0.2 and len(line) < 9 else line for line in text.split("\n")
    ]
    return reads(folder, "\n".join(lines) + str(rng.choice(["", "\n\n", "...\n"])), content)


@mutation(KIND)
def anchors(rng: np.random.Generator, folder: Path) -> Case:
    """An alias in place of the same mapping again."""
    content = study(rng)
    standard = content["candidates"]["standard"]
    standard["again"] = standard["resnet_8"]
    return reads(folder, dumped(content), copy.deepcopy(content))


@mutation(KIND)
def tabs(rng: np.random.Generator, folder: Path) -> Case:
    """A line that a tab indents."""
    lines = dumped(study(rng)).split("\n")
    inner = [number for number, line in enumerate(lines) if line.startswith("  ")]
    number = inner[rng.integers(len(inner))]
    lines[number] = "\t" + lines[number].lstrip()
    return refuses(folder, "\n".join(lines), f"line {number + 1}: this is not YAML")


@mutation(KIND)
def odd_blanks(rng: np.random.Generator, folder: Path) -> Case:
    """A line that no-break blanks indent, as text from web pages has it."""
    lines = dumped(study(rng)).split("\n")
    inner = [number for number, line in enumerate(lines) if line.startswith("  ") and ":" in line]
    number = inner[rng.integers(len(inner))]
    lines[number] = str(rng.choice(["\u00a0", "\u2003", "\u3000"])) * 2 + lines[number].lstrip()
    return refuses(folder, "\n".join(lines), "plain blanks")


@mutation(KIND)
def key_twice(rng: np.random.Generator, folder: Path) -> Case:
    """A key a second time, of which YAML silently takes the last."""
    content = study(rng)
    key = str(rng.choice([path for path in content if not isinstance(content[path], dict)]))
    return refuses(folder, f"{dumped(content)}{key}: {content[key]}\n", f"{key}: given before")


@mutation(KIND)
def names_that_yaml_changes(rng: np.random.Generator, folder: Path) -> Case:
    """Names of classes or keys that YAML reads as something else: `no`, `1.10`, `010`, `~`."""
    content = study(rng)
    word = str(rng.choice(["no", "yes", "On", "1.10", "010", "~", "null", "1e3", "2024-01-01x", "1_0"]))
    if rng.random() < 0.5:
        text = f"{dumped(content)}".replace("data:\n", f"data:\n  classes: [cat, {word}]\n")
        content["data"]["classes"] = ["cat", word]
    else:
        text = dumped(content).replace("Train200", word)
        content = yaml.safe_load(dumped(content).replace("Train200", f'"{word}"'))
    if word in ("1e3", "2024-01-01x"):  # text for YAML, as for people
        return reads(folder, text, content)
    return refuses(folder, text, "in quotes")


@mutation(KIND)
def quoted_names(rng: np.random.Generator, folder: Path) -> Case:
    """The same names in quotes are names."""
    content = study(rng)
    names = [str(name) for name in rng.permutation(["no", "yes", "1.10", "010", "~", "a b", "ß", "", "#1"])[:3] if name]
    content["data"]["classes"] = [*names, "cat"]
    return reads(folder, dumped(content), content)


@mutation(KIND)
def odd_numbers(rng: np.random.Generator, folder: Path) -> Case:
    """Numbers of an unusual form: 010 is 8 for YAML, and 1:30 is 90."""
    content = study(rng)
    content["seed"] = "HERE"
    text = str(rng.choice(["010", "1:30", "0777"]))
    return refuses(folder, dumped(content).replace("HERE", text), "for YAML")


@mutation(KIND)
def no_study(rng: np.random.Generator, folder: Path) -> Case:
    """Nothing, a list, text, a bracket that stays open, a tag of Python."""
    text = dumped(study(rng))
    kinds = [
        "",
        "# nothing\n",
        "- a\n- b\n",
        "just text\n",
        f"{text}extra: [1, 2\n",
        f"{text}x: !!python/object:a.B {{}}\n",
        f"{text}---\nstudy: other\n",
    ]
    return refuses(folder, kinds[rng.integers(len(kinds))], "s.yaml")


@mutation(KIND)
def merged_mapping(rng: np.random.Generator, folder: Path) -> Case:
    """Keys of another mapping, by YAML's `<<`."""
    content = study(rng)
    standard = content["candidates"]["standard"]
    standard["again"] = standard["resnet_8"] | {"group": "other"}
    text = dumped(content).replace("resnet_8:\n", "resnet_8: &base\n")
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if line.strip() == "again:")
    end = next(number for number in range(at + 1, len(lines)) if not lines[number].startswith("      "))
    lines[at + 1 : end] = ["      <<: *base", "      group: other"]
    return reads(folder, "\n".join(lines), content)


@mutation(KIND)
def missing_blank(rng: np.random.Generator, folder: Path) -> Case:
    """No blank behind a colon: `seed:7` is a text for YAML."""
    content = study(rng)
    return refuses(
        folder, dumped(content).replace(f"seed: {content['seed']}\n", f"seed:{content['seed']}\n", 1), "YAML"
    )
