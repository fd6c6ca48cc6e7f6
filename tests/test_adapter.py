"""The scripts' common part, run as Snakemake runs a script: in a process of its own."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "workflow_scripts"

PROGRAM = """
import sys
sys.path.insert(0, {scripts!r})
from types import SimpleNamespace
from adapter import job
class Named(dict):  # of Snakemake's containers, what the adapter uses
    __getattr__ = dict.__getitem__
    __iter__ = lambda self: iter(self.values())
rule = SimpleNamespace(log=[{log!r}], threads=2)
rule.input = Named(images="a.parquet", shards=["b.parquet", "c.parquet"], graphs=[])
rule.output = Named(table="out")
rule.params = Named(seed=7, checkpoints="kept", settings={{"steps": 3}})
rule.wildcards = Named(draw="1", split="Train300", batch="small-block0")
with job(rule) as (input, output, params, context):
    import os
    from understudy.errors import StudyError
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.system("echo from a library")
    {body}
"""


def run(tmp_path: Path, body: str) -> tuple[subprocess.CompletedProcess, str]:
    log = tmp_path / "logs" / "rule.log"
    program = PROGRAM.format(scripts=str(SCRIPTS), log=str(log), body=body)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    return result, log.read_text()


def test_all_output_goes_to_the_log(tmp_path):
    result, log = run(tmp_path, "pass")
    assert result.returncode == 0
    assert result.stdout == result.stderr == ""
    assert {"to stdout", "to stderr", "from a library"} <= set(log.splitlines())


def test_a_script_gets_paths_its_parameters_and_the_surroundings_of_the_job(tmp_path):
    body = "print(input.images, input.shards, input.optional('graphs'), output.table, params.settings, context)"
    _, log = run(tmp_path, body)
    assert "a.parquet [PosixPath('b.parquet'), PosixPath('c.parquet')] None out {'steps': 3} JobContext(draw=1" in log
    assert "split='Train300', seed=7, device='cpu', version=1, checkpoints=PosixPath('kept'), threads=2" in log


def test_a_study_error_is_its_message_on_the_terminal_and_in_the_log(tmp_path):
    result, log = run(tmp_path, "raise StudyError('splits.S.train: too many; allowed: 5')")
    assert result.returncode == 1
    assert "Understudy: splits.S.train: too many; allowed: 5" in result.stderr
    assert "Traceback" not in result.stderr + log


def test_any_other_error_leaves_its_traceback_in_the_log(tmp_path):
    result, log = run(tmp_path, "1 / 0")
    assert result.returncode == 1
    assert "ZeroDivisionError: division by zero" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in log


def test_an_error_without_a_text_shows_its_type_and_place(tmp_path):
    result, log = run(tmp_path, "from understudy.files import read_json; os.environ = None; raise MemoryError()")
    assert "Understudy: MemoryError in <string>, line" in result.stderr and "memory is short" in result.stderr
    assert "Traceback" in log


def test_names_that_are_no_utf8_reach_the_terminal_and_the_log(tmp_path):
    body = "name = 'gr' + chr(0xdcf6) + 'sse.png'; print(name); raise StudyError(name + ' is no image')"
    result, log = run(tmp_path, body)
    assert r"Understudy: gr\xf6sse.png is no image" in result.stderr
    assert r"gr\xf6sse.png is no image" in log and r"gr\udcf6sse.png" in log
    assert "Traceback" not in log + result.stderr


def test_warnings_are_on_the_terminal_and_in_the_log(tmp_path):
    body = "import logging; from understudy.messages import warn; warn('18 images twice \\udcff'); "
    body += "logging.getLogger('understudy.data').warning('3 files passed over')"
    result, log = run(tmp_path, body)
    assert result.returncode == 0
    for line in ("18 images twice", "3 files passed over"):
        assert result.stderr.count(f"Understudy: warning: {line}") == log.count(f"warning: {line}") == 1
