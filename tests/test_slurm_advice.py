import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from understudy.resources import RESOURCES
from understudy.slurm_advice import advice, advice_for_run

ROOT = Path(__file__).parents[1]

PREFIX = "SLURM sbatch failed. The error message was 'sbatch: error: "


@pytest.mark.parametrize(
    ("message", "file", "command"),
    [
        ("invalid partition specified: fast", "slurm/partitions.yaml", "sinfo -s"),
        ("Invalid generic resource (gres) specification", "slurm/config.yaml", "sinfo -o '%P %G'"),
        (
            "Batch job submission failed: Requested node configuration is not available",
            "slurm/partitions.yaml",
            "%G %m",
        ),
        ("Requested time limit is invalid (missing or exceeds some limit)", "max_runtime", "sinfo -o '%P %l'"),
        ("Invalid account or account/partition combination specified", "slurm_account", "sacctmgr"),
    ],
)
def test_a_refusal_is_told_with_the_file_to_change(message, file, command):
    (line,) = advice(PREFIX + message)
    assert file in line
    assert command in line


def test_the_logs_of_failed_jobs_are_read_as_well(tmp_path):
    job, rule = tmp_path / "7.log", tmp_path / "rule.log"
    job.write_text("srun: error: execve(): .venv/bin/python: No such file or directory\n")
    rule.write_text("Understudy: device: 'cuda' is not available here\n")
    log = tmp_path / "snakemake.log"
    log.write_text(f"Error in rule sample:\n    log: {rule}, {job} (check log file(s) for error details)\n")
    lines = advice_for_run(log)
    assert len(lines) == 2
    assert any("make install" in line for line in lines)
    assert any("device: cpu" in line for line in lines)


@pytest.mark.parametrize(
    ("away", "says", "status", "calls"),
    [
        (2, "Submitted batch job 7", 0, 3),  # the controller comes back
        (0, "Submitted batch job 7", 0, 1),
        (99, "invalid partition specified", 1, 1),  # refused: no use in asking again
    ],
)
def test_a_submission_waits_for_an_absent_controller_and_for_nothing_else(tmp_path, away, says, status, calls):
    count = tmp_path / "count"
    error = "Unable to contact slurm controller (connect failure)" if status == 0 else says
    programs = {
        "sbatch": f"""#!/bin/sh
            echo call >> {count}
            if [ "$(wc -l < {count})" -gt {away} ]; then echo "Submitted batch job 7 $*"; exit 0; fi
            echo "sbatch: error: {error}" >&2; exit 1""",
        "sleep": "#!/bin/sh",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = os.pathsep.join([str(ROOT / "slurm" / "bin"), str(tmp_path), os.environ["PATH"]])
    wrapper = ROOT / "slurm" / "bin" / "sbatch"
    result = subprocess.run([wrapper, "--wrap", "a b"], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert result.returncode == status
    assert says in (result.stdout if status == 0 else result.stderr)
    assert status or result.stdout.endswith("--wrap a b\n")
    assert len(count.read_text().splitlines()) == calls


def scripts_with_little_memory() -> list[str]:
    """Return the scripts of rules that ask for less memory than a job needs that imports torch."""
    return [rule for rule, request in RESOURCES.items() if request.megabytes < 2000]


def test_a_job_with_little_memory_imports_no_torch():
    """Snakemake's two processes take 260 MB of what a job asks for, and torch with what it brings 600 to 900."""
    programs = [(ROOT / "workflow_scripts" / f"{name}.py").read_text() for name in scripts_with_little_memory()]
    lines = [line.strip() for text in programs for line in text.splitlines() if re.match(r"\s*(from|import) ", line)]
    program = "\n".join([*dict.fromkeys(lines), "import sys", "print('torch' in sys.modules)"])
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow_scripts")}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert result.stdout == "False\n", result.stderr


def test_an_ordinary_failure_has_no_advice():
    assert advice("Error in rule sample: exited with non-zero code") == []


def rules() -> dict[str, str]:
    """Return the text of every rule by its name."""
    parts = [
        part
        for path in sorted((ROOT / "rules").glob("*.smk"))
        for part in re.split(r"^\s*rule (?=\w+:)", path.read_text(), flags=re.MULTILINE)[1:]
    ]
    return {part.split(":")[0]: part for part in parts}


def test_the_profile_names_every_figure_and_page_and_every_rule_that_uses_a_gpu():
    profile = (ROOT / "slurm" / "config.yaml").read_text()
    groups = yaml.safe_load(profile)["groups"]
    assert {name for name in rules() if name.startswith(("plot_", "write_"))} == {
        name for name, group in groups.items() if group == "report"
    }
    assert set(groups) <= set(rules())
    on_gpu = {rule for rule, request in RESOURCES.items() if request.gpu}
    assert not set(groups) & on_gpu
    assert set(re.findall(r"^#   (\w+): [&*]gpu", profile, flags=re.MULTILINE)) == on_gpu


def test_every_rule_has_a_message_and_is_given_what_all_share():
    assert [name for name, text in rules().items() if "message:" not in text] == []
    # After all rules: environment, resources, log and benchmark. Snakemake's lint finds rules without a log.
    assert (ROOT / "Snakefile").read_text().endswith("\nshare_parts()\n")


def test_the_table_of_resources_has_every_rule_and_no_other():
    assert set(RESOURCES) == set(rules())
    # A step of Snakemake under SLURM takes 135 MB itself; torch alone takes 600.
    assert min(request.megabytes for request in RESOURCES.values()) >= 1000
