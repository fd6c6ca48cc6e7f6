import sys

import pytest

from understudy import dependencies
from understudy.code_cache import CodeCache
from understudy.dependencies import DIGESTS, PACKAGE, SCRIPTS, closure_digest, closure_files, stage_digests
from understudy.files import read_json
from understudy.stages import STAGE_VERSIONS

MADE_UP = {
    "make.py": "from understudy.table import build\nbuild()\n",
    "understudy/table.py": '''
from understudy import numbers
from understudy.names import NAME as title, other

def build(kind: other = None):
    """Build."""
    from understudy.late import finish
    return finish(title, numbers.COUNT)

def unused():
    return other
''',
    "understudy/names.py": "NAME = 'a'\n\ndef other():\n    return NAME\n",
    "understudy/numbers.py": "COUNT = 1\nLIMIT = 2\nprint('loaded')\n",
    "understudy/late.py": "from understudy.registry import ENTRIES\n\ndef finish(*parts):\n    return ENTRIES, parts\n",
    "understudy/registry.py": "from understudy.entry import first\n\nENTRIES = {'first': first}\n",
    "understudy/entry.py": "first = 1\n",
    "understudy/elsewhere.py": "from understudy.table import build\n\nbuild()\n",
}


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A package of a few modules in place of the real one."""
    for name, text in MADE_UP.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(dependencies, "PACKAGE", tmp_path / "understudy")
    monkeypatch.setattr(dependencies, "SCRIPTS", tmp_path)
    dependencies._module.cache_clear()
    yield tmp_path
    dependencies._module.cache_clear()


def test_a_closure_follows_names_through_imports_functions_and_registries(made_up):
    files = closure_files(made_up / "make.py")
    assert [file.stem for file in files] == ["entry", "late", "names", "numbers", "registry", "table"]


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("entry.py", "first = 1", "first = 2", True),
        ("numbers.py", "COUNT = 1", "COUNT = 2", True),
        ("numbers.py", "print('loaded')", "print('here')", True),  # runs on import
        ("numbers.py", "LIMIT = 2", "LIMIT = 3", False),
        ("table.py", "return other", "return None", False),
        ("table.py", '"""Build."""', '"""Build a table."""  # a comment', False),
        ("elsewhere.py", "build()", "build(1)", False),
    ],
)
def test_a_digest_changes_with_the_code_that_is_used_and_with_no_other(made_up, file, old, new, changes):
    before = closure_digest(made_up / "make.py")
    path = made_up / "understudy" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    dependencies._module.cache_clear()
    assert (closure_digest(made_up / "make.py") != before) == changes


def test_the_lists_that_were_kept_by_hand_lacked_these():
    def names(rule: str) -> set[str]:
        return {str(path.relative_to(PACKAGE)) for path in closure_files(SCRIPTS / f"{rule}.py")}

    assert "practice/variants.py" in names("practice_tables")
    assert "statistics/rank_correlation.py" in names("plot_model_ranking")
    assert "selection/choices.py" in names("plot_protocols")
    assert not any(name.startswith(("practice/", "generators/")) for name in names("plot_protocols"))


def test_every_function_that_a_script_runs_is_in_its_closure(tmp_path):
    """The oracle is Python itself: which of the package's functions are called."""
    from understudy.jobs.context import JobContext
    from understudy.jobs.practice_theory import write_theory_table

    called = set()

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_name not in ("<module>", "<lambda>"):
            called.add(frame.f_code.co_filename)

    settings = {"dimension": 8, "trials": 2, "kept_samples": [20, 40]}
    sys.setprofile(note)
    try:
        write_theory_table(settings, tmp_path / "theory.parquet", tmp_path / "theory.csv", JobContext(seed=1))
    finally:
        sys.setprofile(None)
    ours = {path for path in called if path.startswith(str(PACKAGE))}
    assert ours
    assert ours <= {str(path) for path in closure_files(SCRIPTS / "practice_theory.py")}


@pytest.fixture(scope="module")
def digests():
    return stage_digests()


@pytest.mark.parametrize("rule", STAGE_VERSIONS)
def test_somebody_has_said_whether_a_changed_stage_has_the_same_results(rule, digests):
    assert read_json(DIGESTS)[rule] == digests[rule], (
        f"the code of stage {rule} has changed. If its results change too, raise its version in understudy/stages.py. "
        "If they stay the same, bit for bit, leave the version. In both cases run `make stages` and commit "
        "stage_digests.json with the change."
    )


def test_the_answers_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dependencies, "FILES", CodeCache("kept.json"))
    first = dependencies.code_inputs("plot_protocols")
    assert first and all((tmp_path / path).resolve().is_relative_to(PACKAGE) for path in first)
    monkeypatch.setattr(dependencies, "FILES", CodeCache("kept.json"))
    monkeypatch.setattr(dependencies, "closure_files", lambda script: pytest.fail("computed again"))
    assert dependencies.code_inputs("plot_protocols") == first
