import pytest

from understudy import code_cache
from understudy.code_cache import CodeCache


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def never():
    raise AssertionError("the answer is known")


def test_answers_are_kept_until_code_changes(monkeypatch):
    assert CodeCache("kept.json").get("a", lambda: [1, 2.5]) == [1, 2.5]
    again = CodeCache("kept.json")
    assert again.get("a", never) == [1, 2.5]
    assert again.get("b", lambda: 3) == 3
    assert CodeCache("kept.json").get("a", never) == [1, 2.5]
    monkeypatch.setattr(code_cache, "_state", lambda: "changed")
    assert CodeCache("kept.json").get("a", lambda: 4) == 4
    assert CodeCache("kept.json").get("b", lambda: 5) == 5


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_broken_file_is_made_anew(tmp_path, content):
    path = tmp_path / ".snakemake" / "kept.json"
    path.parent.mkdir()
    path.write_text(content)
    assert CodeCache("kept.json").get("a", lambda: 1) == 1
    assert CodeCache("kept.json").get("a", never) == 1


def test_answers_need_no_file(tmp_path):
    (tmp_path / ".snakemake").write_text("no folder can be made here")
    kept = CodeCache("kept.json")
    assert (kept.get("a", lambda: 1), kept.get("a", never)) == (1, 1)
    assert CodeCache("kept.json").get("a", lambda: 2) == 2
