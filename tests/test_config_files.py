import pytest
import yaml

from tests.studies import small_study
from understudy.config import load_study, read_study
from understudy.config_files import read_config
from understudy.errors import StudyError


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"study: a\n\tseed: 1\n", ", line 2: this is not YAML: .*indent with blanks"),
        (b"splits: {a: 1\nseed: 2\n", ", line 2: this is not YAML: "),
        (b"a: 1\n? [b]\n: 2\n", ", line 2: this is not YAML: .*unhashable key"),
        (b"a: &x [1]\nb: *y\n", ", line 2: this is not YAML: .*undefined alias"),
        (b"- a\n- b\n", ", line 1: keys with values are needed"),
        (b"study\n", ", line 1: keys with values are needed"),
        (b"", ", line 1: keys with values are needed"),
        (b"study: \xff\n", " can't be read: it is not UTF-8 text"),
        (b"study: \x00\n", " can't be read: "),
        (None, " can't be read: No such file"),
    ],
)
def test_a_malformed_file_is_one_line_with_file_and_line(content, mistake, tmp_path):
    path = tmp_path / "study.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudyError, match=f"^configuration: {path}{mistake}") as raised:
        read_config(path)
    assert "\n" not in str(raised.value)


def test_a_key_that_is_given_twice_is_refused_with_both_lines(tmp_path):
    path = tmp_path / "study.yaml"
    study = yaml.safe_dump(small_study(), sort_keys=False)
    path.write_text(study)
    assert read_study(path) == load_study(small_study())
    path.write_text(study.replace("    resnet_14:", "    resnet_8:"))
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if line == "    resnet_8:"]
    with pytest.raises(StudyError) as raised:
        read_study(path)
    where = f"{path}, line {lines[1]}: candidates.standard.resnet_8: given before, on line {lines[0]}"
    assert str(raised.value) == f"configuration: {where}; rename one of the two, or remove it"
    path.write_text("a: [{b: 1, c: 2, b: 3}]\nseed: 1\nseed: 2\n")
    with pytest.raises(StudyError) as raised:
        read_config(path)
    assert [line.split(": ")[2] for line in str(raised.value).splitlines()] == ["a.0.b", "seed"]
