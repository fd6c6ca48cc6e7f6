"""Every key of every study is changed: each change is one clear line, or right."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.studies import practice_study, small_study
from tests.test_config_errors import GENERATOR, PREDICTIONS, mistakes, with_value
from understudy.allowed_values import Allowed, read_annotation
from understudy.config import Study, load_study
from understudy.settings import OldName, Settings

pytestmark = pytest.mark.slow(minutes=0.6)  # every key of every study is changed

ROOT = Path(__file__).parent.parent
PYDANTICS_WORDS = re.compile(
    r"Input should|Extra inputs|Field required|validation error|type=|union_tag|tag found|Value error|valid dictionary"
)
IMAGES = {"source": "imagefolder", "root": "images"}


def full_studies() -> dict[str, dict]:
    """Return studies that have what the shipped ones leave out, each member of every union above all."""
    pretrained = {"model": "m", "image_size": 8, "half_precision": False}
    generated = {"images_per_class": 3, "shard_size": 2, "batch_size": 1, "size": 8}
    dit = {"kind": "dit", "class_numbers": "numbers.txt", **pretrained}
    text = {"kind": "stable_diffusion", "prompt": "a {}", "class_names": "names.txt", **pretrained}
    sets = {
        "folder": IMAGES,
        "shards": {"source": "parquet", "root": "shards"},
        "dit": {"source": "dit", "guidance": 2, "steps": 3, **generated},
        "biggan": {"source": "biggan", "model": "m", "truncation": 0.5, **generated},
        "both": {"source": "union", "of": ["folder", "dit"]},
    }
    models = {
        "names": ["resnet18"],
        "filter": "resnet*",
        "number": 2,
        "checkpoints": {"own": {"model": "a", "path": "b"}},
    }
    ranking = {"classes": ["a", "b"], "models": models, "sets": sets, "calibration": IMAGES, "test": IMAGES}
    predicted = {**PREDICTIONS, "labels": "l", "models": "m", "predicted": "p"}
    practice = practice_study(shifted={"corruptions": {"gaussian_blur": 1}, "folders": {"other": "folder"}})
    return {
        "dit": with_value(practice, GENERATOR, dit),
        "stable_diffusion": with_value(practice, GENERATOR, text),
        "ranking": {"study": "full", "seed": 1, "ranking": ranking},
        "predictions": {
            "study": "full",
            "seed": 1,
            "ranking": {"classes": 3, "sets": {"a": predicted}, "real": predicted},
        },
        "selection": small_study(
            feature_extractor={"kind": "inception", "weights": "w.pth"},
            data={**IMAGES, "size": 8, "channels": 1},
            selection={"n_resamples": 200, "subsets": 20, "synthetic_set": {"Train200": "stylegan2_cond"}},
        ),
    }


def shipped_studies() -> dict[str, dict]:
    files = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]
    return {path.name: yaml.safe_load(path.read_text()) for path in files}


KeyPath = tuple[str | int, ...]


def paths_below(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of every key and every entry of a list."""
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from paths_below(one, (*path, key))


def changed(value: object, path: KeyPath, change: Callable[[dict | list, str | int], None]) -> object:
    """Return a copy of ``value`` with what stands at ``path`` changed by a function of its parent and its key."""
    copied = value.copy()
    if len(path) == 1:
        change(copied, path[0])
    else:
        copied[path[0]] = changed(copied[path[0]], path[1:], change)
    return copied


def rename_to(new: str) -> Callable[[dict | list, str | int], None]:
    def change(group: dict | list, key: str | int) -> None:
        if isinstance(group, dict):
            group[new.format(key)] = group.pop(key)

    return change


def remove(group: dict | list, key: str | int) -> None:
    del group[key]


def replace_by(value: object) -> Callable[[dict | list, str | int], None]:
    def change(group: dict | list, key: str | int) -> None:
        group[key] = value

    return change


CHANGES = [rename_to("{}z"), remove, *map(replace_by, [None, "some text", -(10**9), 10**9, 0.37, [["a"]]])]


def alone(study: dict, path: KeyPath) -> dict:
    """Return the study with only that standard architecture on the path: the others have nothing to do with it."""
    standard = study.get("candidates", {}).get("standard", {})
    if len(standard) < 2:
        return study
    kept = path[2] if path[:2] == ("candidates", "standard") and len(path) > 2 else next(iter(standard))
    return with_value(study, "candidates.standard", {kept: standard[kept]})


STUDIES = shipped_studies() | full_studies()


@pytest.fixture
def files_exist(monkeypatch):
    for name in ("exists", "is_file", "is_dir"):
        monkeypatch.setattr(Path, name, lambda self: True)


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_every_changed_key_is_one_clear_line_or_right(study, files_exist):
    assert mistakes(study) == []
    for path in paths_below(study):
        names = [str(key) for key in path if isinstance(key, str)][-2:]
        for change in CHANGES:
            lines = mistakes(changed(alone(study, path), path, change))
            # What is needed may be several keys, where a whole group of them is gone.
            assert len(lines) <= 1 or all(": missing; add it (" in line for line in lines), lines
            for line in lines:
                assert not PYDANTICS_WORDS.search(line), line
                assert any(name in line for name in names), (path, line)


def test_an_old_name_of_a_key_is_read_with_a_warning(files_exist):
    old_names = {new: old for settings in all_settings() for old, new in settings.renamed.items()}
    told = set()
    for study in STUDIES.values():
        for path in paths_below(study):
            if path[-1] in old_names:
                old, given = old_names[path[-1]], alone(study, path)
                with pytest.warns(OldName, match=f"key {old} is called {path[-1]} now"):
                    read = load_study(changed(given, path, rename_to(old)))
                assert read == load_study(given)
                told.add(path[-1])
    assert {"n_resamples", "head_width"} <= told


def test_old_names_of_keys_are_no_keys():
    for settings in all_settings():
        assert set(settings.renamed.values()) <= set(settings.model_fields)
        assert set(settings.renamed).isdisjoint(settings.model_fields)


def all_settings(base: type[Settings] = Settings) -> Iterator[type[Settings]]:
    for settings in base.__subclasses__():
        yield settings
        yield from all_settings(settings)


def test_the_studies_have_every_member_of_every_union():
    texts = json.dumps(STUDIES)
    for key, tag in tags_below(read_annotation(Study)):
        assert f'"{key}": "{tag}"' in texts


def tags_below(allowed: Allowed) -> Iterator[tuple[str, str]]:
    """Yield the discriminator and the tag of every member of every union."""
    for tag, member in allowed.tags().items():
        yield allowed.discriminator, tag
        yield from tags_below(member)
    if allowed.settings:
        for key in allowed.settings.model_fields:
            yield from tags_below(allowed.below(key))
    elif allowed.arguments and not allowed.is_union:
        yield from tags_below(allowed.below(0))
