import errno
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from understudy.checkpoints import Checkpoints
from understudy.data.shards import write_images
from understudy.errors import StudyError
from understudy.files import read_json, write_json, writing
from understudy.tables import write_table


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


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 KB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_folder_that_may_not_be_written_is_one_line_and_keeps_its_file(small_disk):
    path = small_disk / "results" / "card.json"
    write_json(path, {"old": True})
    # Even root may write no file here.
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StudyError, match=r"cannot write .*card\.json: Read-only file system; the old file"):
        write_json(path, {"old": False})
    with pytest.raises(StudyError, match=r"cannot write .*other/card\.json: Read-only file system"):
        write_json(small_disk / "other" / "card.json", {})
    assert read_json(path) == {"old": True}


def _table(path):
    columns = dict.fromkeys(("stage", "nodes", "source", "target"), NOISE)
    write_table("graphs", pd.DataFrame({"graph": NOISE.astype(str), **columns}), path)


NOISE = np.random.default_rng(0).integers(0, 2**60, 100_000)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("graphs.parquet", _table),
        ("graphs.csv", _table),
        (
            "images.parquet",
            lambda path: write_images(path, NOISE.view(np.uint8).reshape(-1, 1, 8, 8), np.zeros(12_500)),
        ),
        ("card.json", lambda path: write_json(path, NOISE.tolist())),
        ("step-000000001.safetensors", lambda path: Checkpoints(path.parent).save(1, {"w": torch.tensor(NOISE)}, {})),
    ],
)
def test_a_disk_that_fills_is_one_line_and_leaves_no_broken_file(small_disk, name, write):
    with pytest.raises(StudyError, match=rf"cannot write .*{name}: No space left on device"):
        write(small_disk / name)
    assert list(small_disk.iterdir()) == []


def temporary_of(process: int, host: str | None = None, stem: str = "weights") -> str:
    return f".{stem}.{host or platform.node().partition('.')[0]}-{process}.safetensors"


@pytest.fixture
def gone() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        pass
    return process.pid


def test_a_half_written_file_of_a_killed_writer_does_not_stay(tmp_path, gone):
    left, other = tmp_path / temporary_of(gone), tmp_path / temporary_of(gone, stem="weights.b")
    left.write_text("half")
    other.write_text("another file's")
    with writing(tmp_path / "weights.safetensors") as temporary:
        temporary.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.name, "weights.safetensors"]


def test_what_another_machines_writer_began_stays_for_a_day(tmp_path, gone):
    begun = tmp_path / temporary_of(gone, host="elsewhere")
    begun.write_text("half")
    path = tmp_path / "weights.safetensors"
    with writing(path) as temporary:
        temporary.write_text("whole")
    assert begun.exists()
    yesterday = time.time() - 25 * 3600
    os.utime(begun, (yesterday, yesterday))
    with writing(path) as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == [path]


def test_two_live_writers_keep_their_files_apart(tmp_path):
    path = tmp_path / "weights.safetensors"
    code = (
        "import sys; from understudy.files import writing\n"
        "with writing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('of the other'); print('begun', flush=True); input()\n"
    )
    with writing(path) as temporary:
        temporary.write_text("of this one")
        other = subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdout.readline() == b"begun\n"
        assert len(list(tmp_path.iterdir())) == 2
    assert path.read_text() == "of this one"
    other.communicate(b"\n", timeout=60)
    assert other.returncode == 0
    assert path.read_text() == "of the other"
    assert list(tmp_path.iterdir()) == [path]


def test_json_round_trip_and_truncation(tmp_path):
    path = tmp_path / "card.json"
    write_json(path, {"b": 1, "a": [1.5, None]})
    assert read_json(path) == {"a": [1.5, None], "b": 1}
    path.write_text(path.read_text()[:5])
    with pytest.raises(StudyError, match=r"card\.json"):
        read_json(path)


def _weights(path):
    from safetensors.torch import save_file

    with writing(path) as temporary:
        save_file({"w": torch.ones(2)}, temporary)


WRITERS = {
    "weights.safetensors": _weights,
    "step-000000001.safetensors": lambda path: Checkpoints(path.parent).save(1, {"w": torch.ones(2)}, {}),
    "images.parquet": lambda path: write_images(path, np.zeros((2, 1, 8, 8), np.uint8), np.zeros(2)),
    "graphs.csv": _table,
    "graphs.parquet": _table,
    "card.json": lambda path: write_json(path, {}),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o002, 0o664)])
def test_others_read_a_file_as_far_as_the_umask_lets_them(tmp_path, name, umask, mode):
    old = os.umask(umask)
    try:
        WRITERS[name](tmp_path / name)
    finally:
        os.umask(old)
    assert (tmp_path / name).stat().st_mode & 0o777 == mode


def test_weights_are_written_through_what_sets_their_mode():
    """Safetensors makes a file that its owner alone may read, whatever the umask."""
    root = Path(__file__).parents[1] / "workflow_scripts"
    for path in root.rglob("*.py"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if "save_file(" in line:
                assert any("with writing(" in above for above in lines[number - 3 : number]), f"{path}:{number + 1}"
