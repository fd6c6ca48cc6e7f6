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


POLICY = "\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit "
POLICY += "limit, user's size and/or time limits)"
FAILED = "Batch job submission failed: "
ENDED = "slurmstepd: error: *** JOB 32391783 ON cn119 CANCELLED AT 2021-06-18T13:05:36"

# What SLURM, its plugin for Snakemake and jobs say, word for word, and words of the one advice that it gets.
MESSAGES = [
    ("QOSMaxSubmitJobPerUserLimit" + POLICY, "set `jobs` in slurm/config.yaml"),
    ("AssocMaxSubmitJobLimit" + POLICY, "set `jobs` in slurm/config.yaml"),
    ("AssocGrpSubmitJobsLimit" + POLICY, "set `jobs` in slurm/config.yaml"),
    ("QOSMaxSubmitJobPerAccountLimit" + POLICY, "set `jobs` in slurm/config.yaml"),
    ("Slurm temporarily unable to accept job, sleeping and retrying", "set `jobs` in slurm/config.yaml"),
    (POLICY, "with many jobs waiting set `jobs`"),
    ("QOSMaxWallDurationPerJobLimit" + POLICY, "max_runtime"),
    (POLICY.lower().replace("\nsbatch", "\nsbatch: error: qosmaxwalldurationperjoblimit\nsbatch"), "max_runtime"),
    (FAILED + "Requested time limit is invalid (missing or exceeds some limit)", "sinfo -o '%P %l'"),
    ("QOSMaxCpuPerUserLimit" + POLICY, "than its QOS or account allows"),
    ("QOSGrpGRES" + POLICY, "than its QOS or account allows"),
    ("QOSMinGRES" + POLICY, "than its QOS or account allows"),
    ("QOSMinNode" + POLICY, "than its QOS or account allows"),
    ("QOSMaxMemoryPerJob" + POLICY, "than its QOS or account allows"),
    ("AssocGrpCPUMinutesLimit" + POLICY, "sshare -U"),
    (FAILED + "Invalid account or account/partition combination specified", "set `slurm_account`"),
    ("The given account lab appears to be invalid. Available accounts:\nphysics", "set `slurm_account`"),
    ("You must specify an account to submit jobs (--account)", "set `slurm_account`"),
    (FAILED + "Invalid qos specification", "change `qos`"),
    ("invalid partition specified: fast", "slurm/partitions.yaml"),
    (FAILED + "Invalid partition name specified", "sinfo -s"),
    (FAILED + "No partition specified or system default partition", "sinfo -s"),
    (FAILED + "User's group not permitted to use this partition", "sinfo -s"),
    (FAILED + "Required partition not available (inactive or drain)", "sinfo -s"),
    (FAILED + "Invalid feature specification", "change `constraint`"),
    (FAILED + "Invalid generic resource (gres) specification", "sinfo -o '%P %G'"),
    (FAILED + "Invalid Trackable RESource (TRES) specification", "change `gpu_model` or `gres`"),
    (FAILED + "Requested node configuration is not available", "%P %G %m"),
    ("Memory specification can not be satisfied", "%P %G %m"),
    ("CPU count per node can not be satisfied", "%P %G %m"),
    (FAILED + "More processors requested than permitted", "%P %G %m"),
    (
        "srun: fatal: SLURM_MEM_PER_CPU, SLURM_MEM_PER_GPU, and SLURM_MEM_PER_NODE are mutually exclusive.",
        "unset SLURM_MEM",
    ),
    ("sbatch: fatal: --mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.", "mem_mb_per_cpu"),
    (
        "srun: fatal: SLURM_TRES_PER_TASK is mutually exclusive with --ntasks-per-gpu and SLURM_NTASKS_PER_GPU",
        "tasks_per_gpu: 0",
    ),
    (FAILED + "Socket timed out on send/recv operation", "did not answer or is overloaded"),
    (FAILED + "Unable to contact slurm controller (connect failure)", "did not answer or is overloaded"),
    (FAILED + "Unexpected message received", "did not answer or is overloaded"),
    ("SLURM-job '7' failed due to a node failure, SLURM status is: 'NODE_FAIL'. Failed nodes", "a node failed"),
    (ENDED + " DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***", "a node failed"),
    (ENDED + " DUE TO PREEMPTION ***", "had to make way"),
    ("SLURM-job '7' failed, SLURM status is: 'PREEMPTED'. Reason: Unknown.", "had to make way"),
    ("SLURM-job '7' failed, SLURM status is: 'OUT_OF_MEMORY'. Reason: Unknown.", "mem_mb"),
    (
        "slurmstepd: error: Detected 1 oom_kill event in StepId=7.0. Some of the step tasks have been OOM Killed.",
        "mem_mb",
    ),
    ("slurmstepd: error: Exceeded job memory limit at some point.", "mem_mb"),
    ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "gpu_model"),
    ("SLURM-job '7' failed, SLURM status is: 'TIMEOUT'. Reason: Unknown.", "ran out of time"),
    (ENDED + " DUE TO TIME LIMIT ***", "ran out of time"),
    (ENDED + " ***", "was cancelled"),
    ("SLURM-job '7' failed, SLURM status is: 'CANCELLED'. Reason: Unknown.", "was cancelled"),
    ("(DependencyNeverSatisfied)", "`scancel` ends it"),
    ("/bin/sh: 1: sbatch: not found", "this machine has no SLURM"),
    ("slurm/bin/sbatch: line 10: sbatch: command not found", "this machine has no SLURM"),
    (
        "snakemake: error: argument --executor/-e: invalid choice: 'slurm' (choose from local, dryrun, touch)",
        "make install",
    ),
    ("main.py: error: argument --executor/-e: invalid choice: 'slurm-jobstep' (choose from 'local')", "make install"),
    ("cannot write a.parquet: Disk quota exceeded; the old file, if any, is as it was", "quota -s"),
]


@pytest.mark.parametrize(("message", "advised"), MESSAGES)
def test_what_slurm_says_is_told_with_what_to_do(message, advised):
    (line,) = advice(PREFIX + message + "'.")
    assert advised in line
    assert "slurm/" in line or "again" in line or "make install" in line or "login node" in line


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
    for line in (
        "Error in rule sample: exited with non-zero code",
        "No SLURM account given, trying to guess.",
        "Unable to guess SLURM account. Trying to proceed without.",
        "Unable to test the validity of the SLURM account, since there is no accounting. Proceeding without account",
        "StudyError: data.root: pictures holds no image",
        "Group job 7: resources: mem_mb=1000, constraint=gpu, qos=normal, slurm_account=lab",
    ):
        assert advice(line) == [], line


def test_the_options_of_a_call_are_no_messages(tmp_path):
    log = tmp_path / "snakemake.log"
    call = "sbatch --parsable --mem 1000 --comment 'NODE_FAIL' --wrap=\"python: not found\""
    log.write_text(f"{PREFIX}{FAILED}Invalid qos specification'.\n    sbatch call:\n        {call}\n")
    (line,) = advice_for_run(log)
    assert "change `qos`" in line


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
