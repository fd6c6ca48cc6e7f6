import doctest
import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from understudy import settings
from understudy.settings import FrozenSettings, Neutral, PathOrName, Settings


class Part(FrozenSettings):
    size: int = 8
    precision: Annotated[str | None, Neutral(None)] = None


class Whole(Settings):
    part: Part = Part()
    either: Part | int = 1
    parts: dict[str, Part] = Field({})
    series: tuple[Part, ...] = ()
    free: dict[str, Any] = Field({})
    root: Path | None = None
    group: str | None = None
    later: Annotated[tuple[int, ...], Neutral((1, 2))] = (3,)


def test_canonical_has_every_value_in_plain_form_and_leaves_neutral_ones_out():
    whole = Whole(
        either={"size": 2},
        parts={"a": {"precision": "half"}},
        series=[{"size": 4}],
        free={"stages": (True, False), "in": {"file": Path("a/b")}},
        root="c/d",
        later=[1, 2],
    )
    expected = {
        "part": {"size": 8},
        "either": {"size": 2},
        "parts": {"a": {"size": 8, "precision": "half"}},
        "series": [{"size": 4}],
        "free": {"stages": [True, False], "in": {"file": "a/b"}},
        "root": "c/d",
        "group": None,
    }
    assert whole.canonical() == expected
    assert json.loads(json.dumps(whole.canonical())) == expected
    assert list(whole.canonical()) == list(expected)


def test_a_value_that_is_not_neutral_appears():
    assert Whole().canonical()["later"] == [3]
    assert Whole(part=Part(precision="half")).canonical()["part"] == {"size": 8, "precision": "half"}


def test_keys_are_included_and_excluded_at_the_top_alone():
    canonical = Whole(free={"group": 1}).canonical(exclude={"group", "part"})
    assert {"group", "part"}.isdisjoint(canonical)
    assert canonical["free"] == {"group": 1}
    assert Whole(root="a", free={"b": 1}).canonical(include={"free", "root"}, exclude={"root"}) == {"free": {"b": 1}}


def test_equal_settings_have_equal_texts_however_they_were_made():
    one = Whole(parts={"a": {"size": 3}}, later=[5])
    other = Whole.model_validate({"later": (5,), "parts": {"a": Part(size=3)}})
    assert json.dumps(one.canonical()) == json.dumps(other.canonical())
    assert json.dumps(one.canonical()) == json.dumps(Whole.model_validate(one.canonical()).canonical())
    assert one.canonical() != Whole(parts={"a": {"size": 4}}, later=[5]).canonical()


def test_unknown_keys_are_refused_and_frozen_settings_stay():
    with pytest.raises(ValidationError):
        Whole(unknown=1)
    with pytest.raises(ValidationError):
        Part().size = 3


def test_the_examples_are_right():
    assert doctest.testmod(settings).failed == 0


def test_the_home_folder_may_be_a_tilde_in_every_path(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    class Files(Settings):
        one: Path
        many: dict[str, Path]
        name: PathOrName

    given = Files(one="~/a", many={"x": "~"}, name="~/model")
    assert given.canonical() == {"one": f"{tmp_path}/a", "many": {"x": str(tmp_path)}, "name": f"{tmp_path}/model"}
    other = Files(one="a~b", many={"x": "~nobody_of_this_name/x"}, name="org/model")
    assert other.canonical() == {"one": "a~b", "many": {"x": "~nobody_of_this_name/x"}, "name": "org/model"}
