"""Mutations of what a study file says: keys and their values."""

from pathlib import Path

import numpy as np

from benchmarks.input_mutations.cases import Case, mutation
from benchmarks.input_mutations.configs import dumped, paths, place, reads, refuses, study
from tests.studies import small_study

KIND = "configs"
DEPTH = "candidates.standard.resnet_8.arguments.depth"
# Keys of the small study, and what they may not be.
WRONG = (
    ("seed", -1), ("seed", "seven"), ("seed", 1.5), ("seed", None), ("seed", [7]), ("draws", 0), ("draws", "two"),
    ("device", "gpu"), ("device", 1), ("calibration_fraction", 1.0), ("calibration_fraction", -0.1),
    ("calibration_fraction", "much"), ("study", "a b"), ("study", ""), ("study", "../x"), ("splits.Train200.train", -5),
    ("splits.Train200.train", "many"), ("splits.Train200.train", 0), ("splits.Train200.train", 1.5),
    ("splits.Train200.validation", 200), ("synthetic.images_per_class", 9), ("synthetic.shard_size", 0),
    ("candidates.seeds", 0), ("candidates.seeds", True), ("candidates.recipe.steps", -20), ("data.size", 3),
    ("candidates.recipe.flip", "perhaps"), ("candidates.standard.resnet_8.model", "resnt"),
    ("candidates.standard.resnet_8.arguments.depth", 9), ("generators.stylegan2_cond.method", "stylegan9"),
    ("generators.stylegan2_cond.kimg", 0), ("ranking.repeats", 0), ("ranking.calibration_counts", 2),
    ("data.channels", 2), ("data.source", "mnist"), ("data.resize", "stretch"), ("data.background", "no colour"),
    ("data.white", 0), ("data.near_duplicates", "drop"), ("calibration_fraction", float("nan")),
    ("calibration_fraction", float("inf")), ("seed", True), ("seed", float("nan")), ("seed", "1,000"),
    ("device", "“cpu”"), ("study", "ünder"), ("candidates.recipe.learning_rate", "0,1"), ("data.white", float("nan")),
    ("candidates.recipe.learning_rate", "fast"), ("splits.Train200.train", "50%"), ("draws", {"a": 1}),
    ("candidates.standard.resnet_8.arguments.width", "4 px"), ("ranking.calibration_counts", [2, "x"]),
    ("ranking.calibration_counts", []), ("selection", "error"),
    ("data.white", True), ("ranking.calibration_counts", [True, 4]),
    ("calibration_fraction", False), ("selection", {"metric": "accuracy"}),
)  # fmt: skip
# Keys of the small study, what they may also be, and what that is.
ALSO = (
    ("seed", "7", None), ("candidates.recipe.steps", "2e1", 20), ("candidates.recipe.flip", "no", False),
    ("candidates.recipe.flip", "off", False), ("device", '"cpu"', None), ("draws", "1.0", 1), ("seed", "+7", 7),
    ("calibration_fraction", ".2", 0.2), ("calibration_fraction", "2e-1", 0.2),
    ("data.size", "~", None), ("data.size", "null", None), ("data.size", "", None),
    ("generators.wgan_gp_per_class.per_class", "yes", True), ("data.background", '"#ffffff"', "#ffffff"),
    ("synthetic.shard_size", "1_000", 1000), ("synthetic.shard_size", "0x3e8", 1000), ("seed", "7", None),
    ("synthetic.shard_size", "1e3", 1000), ("device", "!!str cpu", None), ("device", ">-\n  cpu", None),
    ("calibration_fraction", "+.2", 0.2), ("ranking.calibration_counts", "[ 2,\n 4, ]", [2, 4]),
)  # fmt: skip


@mutation(KIND)
def misspelled_key(rng: np.random.Generator, folder: Path) -> Case:
    """A letter of a key is missing, doubled, or exchanged with the next."""
    content = study(rng)
    named = ("splits.Train", "generators.", "candidates.standard.", "practice", "candidates.rwnn")
    known = [path for path in paths(content) if not path.startswith(named) and len(path.split(".")[-1]) > 4]
    path = str(rng.choice(known))
    mapping, key = place(content, path)
    at = int(rng.integers(1, len(key) - 1))
    wrong = [key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:], key[:at] + key[at + 1] + key[at] + key[at + 2 :]]
    wrong = [one for one in wrong if one != key and one not in mapping]
    word = wrong[rng.integers(len(wrong))]
    items = [(word if name == key else name, value) for name, value in mapping.items()]
    mapping.clear()
    mapping.update(items)
    return refuses(folder, dumped(content), f"did you mean {key}?")


@mutation(KIND)
def unfit_value(rng: np.random.Generator, folder: Path) -> Case:
    """A value of the wrong type, out of range, or no known choice."""
    content = study(rng)
    content |= {"splits": small_study()["splits"], "generators": small_study()["generators"]}
    path, value = WRONG[rng.integers(len(WRONG))]
    mapping, key = place(content, path)
    mapping[key] = value
    # A message about several keys of a group names the group.
    word = {"splits.Train200.validation": "splits.Train200", DEPTH: f"{DEPTH[:-6]}: depth"}.get(path, path)
    return refuses(folder, dumped(content), word)


@mutation(KIND)
def other_way_to_write(rng: np.random.Generator, folder: Path) -> Case:
    """Another way to write the same value, or one that has but one meaning."""
    content = study(rng) | {"splits": small_study()["splits"], "generators": small_study()["generators"]}
    path, text, value = ALSO[rng.integers(len(ALSO))]
    mapping, key = place(content, path)
    value = mapping.get(key) if value is None else value
    mapping[key] = "HERE"
    written = dumped(content).replace("HERE", text)
    mapping[key] = value
    return reads(folder, written, content)


@mutation(KIND)
def repeated_classes(rng: np.random.Generator, folder: Path) -> Case:
    """A name of a class twice."""
    content = study(rng)
    content["data"]["classes"] = ["cat", "dog", "cat"]
    return refuses(folder, dumped(content), "classes: a name is given twice")


@mutation(KIND)
def missing_part(rng: np.random.Generator, folder: Path) -> Case:
    """A section or key that a study can't do without."""
    content = study(rng)
    key = str(rng.choice(["study", "seed", "data", "splits", "synthetic", "candidates"]))
    del content[key]
    return refuses(folder, dumped(content), key)


@mutation(KIND)
def no_mapping(rng: np.random.Generator, folder: Path) -> Case:
    """A section that is a list, text or nothing in place of keys."""
    content = study(rng)
    key = str(rng.choice(["splits", "generators", "candidates", "data"]))
    content[key] = [["a", "b"], "text", 3][rng.integers(3)]
    return refuses(folder, dumped(content), f"{key}: a mapping")


@mutation(KIND)
def unknown_section(rng: np.random.Generator, folder: Path) -> Case:
    """A key that no study has, at any depth."""
    content = study(rng)
    named = ("splits", "generators", "candidates.standard", "practice", "candidates.rwnn", "synthetic.", "data.")
    found = [path for path in paths(content) if isinstance(place(content, path)[0][path.split(".")[-1]], dict)]
    path = str(rng.choice([path for path in found if path not in named and not path.startswith("practice")]))
    mapping, key = place(content, path)
    mapping[key]["colour_of_walls"] = [1, None, "x", {}][rng.integers(4)]
    return refuses(folder, dumped(content), "colour_of_walls: unknown key")
