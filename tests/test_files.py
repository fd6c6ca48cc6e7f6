import errno

import pytest

from understudy.errors import StudyError
from understudy.files import read_json, write_json, writing


def test_a_failed_writer_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), writing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("interrupted")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "deep" / "table.txt"
    with writing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"


def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(StudyError, match=r"cannot write .*No space left"), writing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_json_round_trip_and_truncation(tmp_path):
    path = tmp_path / "card.json"
    write_json(path, {"b": 1, "a": [1.5, None]})
    assert read_json(path) == {"a": [1.5, None], "b": 1}
    path.write_text(path.read_text()[:5])
    with pytest.raises(StudyError, match=r"card\.json"):
        read_json(path)
