import re
from pathlib import Path

import pytest
import yaml

from understudy.cluster import advice, advice_for_run
from understudy.costs.estimate import gpu_rules

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
    quick = {name for name in rules() if name.startswith(("plot_", "write_"))}
    assert set(yaml.safe_load(profile)["groups"]) == quick
    assert set(re.findall(r"^#   (\w+): [&*]gpu", profile, flags=re.MULTILINE)) == gpu_rules(ROOT / "rules")


@pytest.mark.parametrize("name", sorted(rules()))
def test_every_rule_says_what_it_needs(name):
    text = rules()[name]
    for key in ("mem_mb=memory(", "runtime=minutes(", "threads:", "log:", "benchmark:", "conda:", "message:"):
        assert key in text, f"rule {name} lacks {key}"
    # A step of Snakemake under SLURM takes 135 MB itself; torch alone takes 600.
    assert int(re.search(r"mem_mb=memory\((\d+)\)", text)[1]) >= 1000
