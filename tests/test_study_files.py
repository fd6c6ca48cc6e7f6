"""Study files as people save them: encodings, blanks, and names that YAML reads as something else."""

import doctest
import re

import pytest
import yaml

from tests.studies import small_study
from understudy import config_files
from understudy.config import load_study, read_study
from understudy.config_files import check_given_files, read_config
from understudy.errors import StudyError

RANKING = """study: s
seed: 1
ranking:
  classes: {classes}
  sets: {{a: {{source: predictions, path: p.npz}}}}
"""


def lines(path, content) -> list[str]:
    """Return the lines about a study file without what they have in common; none if it is right."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        read_study(path)
    except StudyError as error:
        return [line.removeprefix("configuration: ") for line in str(error).splitlines()]
    return []


@pytest.mark.parametrize(
    "change", [lambda t: t.encode("utf-8-sig"), lambda t: t.replace("\n", "\r\n"), lambda t: t + "\n\n# é"]
)
def test_marks_and_line_ends_change_nothing(change, tmp_path):
    text = yaml.safe_dump(small_study(), sort_keys=False)
    assert lines(tmp_path / "study.yaml", change(text)) == []
    assert read_study(tmp_path / "study.yaml") == load_study(small_study())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_another_encoding_is_one_line(encoding, tmp_path):
    (line,) = lines(tmp_path / "study.yaml", "study: größe\nseed: 1\n".encode(encoding))
    told = "UTF-16 or UTF-32" if encoding in ("utf-16", "utf-32") else "not UTF-8"
    assert line.endswith(f"it is {told} text; save it as UTF-8 in your editor")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("study: s\nranking:\n\tclasses: 3\n", "line 3: this is not YAML: .*; indent with blanks, not"),
        ("study: s\nranking:\n  \tclasses: 3\n  sets: 2\n", "line 3: this is not YAML: .*; indent with blanks, not"),
        ("study: s\nranking:\n\u00a0\u00a0classes: 3\n", "line 3: it is indented with no-break"),
        ("study: s\nranking:\n  sets: 2\n\u00a0\u00a0classes: 3\n", "line 4: it is indented with no-break"),
        ("study: s\nseed: 010\n", "line 2: seed: value 010 is 8 for YAML; .*quotes, \"010\"; write 8 if that is meant"),
        ("study: 1:30\nseed: 1\n", "line 1: study: value 1:30 is 90 for YAML"),
        ("study: s\nsplits: {no: {train: 3}}\n", "line 2: splits: key no is false for YAML; put it in quotes, \"no\""),
        ("study: s\nsplits: {1.10: {train: 3}}\n", "line 2: splits: key 1.10 is 1.1 for YAML"),
        ("study: s\nsplits: {~: 1}\n", "line 2: splits: key ~ is null for YAML"),
        ("study: s\nseed: 2024-13-45\n", "can't be read: month must be in 1..12"),
    ],
)  # fmt: skip
def test_what_is_not_meant_is_one_line(content, message, tmp_path):
    (line,) = lines(tmp_path / "study.yaml", content)
    assert re.match(rf"{tmp_path}/study.yaml,? {message}", line), line


@pytest.mark.parametrize(
    "name", ["yes", "no", "on", "Off", "null", "~", "True", "1.5", "1.0e+3", "1_000", "0x1F", "007", ".inf"]
)
def test_a_class_name_that_yaml_changes_is_to_be_quoted(name, tmp_path):
    (line,) = lines(tmp_path / "study.yaml", RANKING.format(classes=f"[cat, {name}]"))[:1]
    assert f"line 4: ranking.classes.1: item {name} is " in line and f'put it in quotes, "{name}"' in line
    assert lines(tmp_path / "study.yaml", RANKING.format(classes=f'[cat, "{name}"]')) == []
    assert read_study(tmp_path / "study.yaml").ranking.classes == ["cat", name]


def test_class_names_stay_as_they_are_written(tmp_path):
    path = tmp_path / "study.yaml"
    for written, names in (
        ("[0, 1, 2]", ["0", "1", "2"]),
        ("[10, 2, -1]", ["10", "2", "-1"]),
        ("[n, y, 1e-4, größe, 2024-01-02]", ["n", "y", "1e-4", "größe", "2024-01-02"]),
        ("[on the road, nope]", ["on the road", "nope"]),
    ):
        assert lines(path, RANKING.format(classes=written)) == []
        assert read_study(path).ranking.classes == names


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["crane", "robin", "crane"], "'crane' stands at positions 0 and 2 "),
        (["cat", "cat "], "'cat' stands at positions 0 and 1 "),
        ([1, "1"], "'1' stands at positions 0 and 1 "),
        (["cat"], "at least 2 are needed"),
        (["cat", ""], "the name at position 1 .* is empty"),
        ([True, False], r"a .*, a list \(each a text\) or null is needed"),
    ],
)
def test_class_names_that_can_not_be_told_apart(classes, message):
    study = yaml.safe_load(RANKING.format(classes=3))
    study["ranking"]["classes"] = classes
    with pytest.raises(StudyError, match=f"^configuration: ranking.classes: {message}"):
        load_study(study)


def test_numbers_that_yaml_reads_as_text_are_numbers():
    study = small_study()
    study["seed"] = "1e3"
    study["selection"] = {"n_resamples": "1.5e2"}
    study["calibration_fraction"] = "1e-1"
    study["candidates"]["recipe"]["learning_rate"] = "1e-4"
    read = load_study(study)
    assert (read.seed, read.selection.n_resamples, read.calibration_fraction) == (1000, 150, 0.1)
    for wrong in ("1e-3", "1.55e1", "many"):
        with pytest.raises(StudyError, match=r"configuration: seed: a whole number of at least 0 is needed"):
            load_study(study | {"seed": wrong})


def test_files_of_a_command_line_are_read_before_snakemake_reads_them(tmp_path):
    assert doctest.testmod(config_files).failed == 0
    (tmp_path / "study.yaml").write_bytes("study: s\n".encode("utf-16"))
    with pytest.raises(SystemExit, match=r"study.yaml can't be read: it is UTF-16 or UTF-32 text"):
        check_given_files(["snakemake", "--cores", "1", "--configfile", str(tmp_path / "study.yaml"), "-n"])
    check_given_files(["snakemake", "--cores", "1", "all"])


def test_our_own_studies_have_no_mistakes():
    for path in [*config_files.Path("studies").glob("*.yaml"), config_files.Path("config.yaml")]:
        read_config(path)
