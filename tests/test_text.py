import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.errors import StudyError
from understudy.text import check_place, describe, printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("größe", "größe"),
        ("gr\udcf6\udcdfe", r"gr\xf6\xdfe"),  # of a folder in Latin-1
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
        ("\ud800", r"\ud800"),
        ("שלום 😀 👨‍👩‍👧 $x^2$", "שלום 😀 👨‍👩‍👧 $x^2$"),
    ],
)
def test_what_cant_be_shown_is_an_escape_and_all_else_stays(name, shown):
    assert printable(name) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_line_of_utf8(name):
    shown = printable(name)
    assert shown.encode() is not None and len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    assert shown == name or not name.isprintable() or max(name) >= "\u202a"


def failing(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize("error", [MemoryError(), KeyError(""), AssertionError(), RuntimeError(" \n"), ValueError("")])
def test_an_error_without_a_text_is_told_with_its_type_and_place(error):
    assert re.match(rf"{type(error).__name__} in test_text\.py, line \d+ \(failing\)", describe(failing(error)))


@pytest.mark.parametrize("error", [KeyError("name"), ValueError("no\udcf6"), OSError(28, "No space left on device")])
def test_an_error_with_a_text_is_told_with_it(error):
    assert describe(error) == f"{type(error).__name__}: {printable(str(error))}"


@pytest.mark.parametrize("name", ["a b", "it's", 'q"q', "$HOME", "a#b%&;c", r"back\slash", "ünï 😀", "(a)[b]*?", "~x"])
def test_a_clone_may_lie_in_a_folder_of_any_ordinary_name(tmp_path, name):
    check_place(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "shown"), [("a{b}c", "'{'"), ("}", "'}'"), ("a\nb", r"'\n'"), ("gr\udcf6sse", r"'\xf6'")]
)
def test_a_folder_that_snakemake_cant_run_from_is_refused_in_one_line(tmp_path, name, shown):
    with pytest.raises(StudyError, match="move the folder to another place") as raised:
        check_place(tmp_path / name)
    assert shown in str(raised.value) and "\n" not in str(raised.value)


def test_a_process_may_print_any_name(tmp_path):
    program = "import sys; from understudy.text import show_any_text as f; f(); print(name := chr(0xdcf6), '\\u05e9')"
    (tmp_path / "program.py").write_text(f"{program}; print(name, file=sys.stderr)")
    environment = {"LC_ALL": "C", "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-X", "utf8=0", tmp_path / "program.py"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0 and result.stderr == "\\udcf6\n"
