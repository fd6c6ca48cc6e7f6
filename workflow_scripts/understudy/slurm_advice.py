"""What to change when a cluster refuses or ends jobs: advice for the messages of SLURM and of jobs on its nodes."""

import re
from pathlib import Path

SETTINGS = "slurm/config.yaml"
PARTITIONS = "slurm/partitions.yaml"

ADVICE = {
    r"[Ii]nvalid partition": f"the cluster has no such partition: `sinfo -s` lists what it has; change {PARTITIONS}",
    r"Invalid generic resource|[Ii]nvalid [Gg][Rr][Ee][Ss]|Invalid Trackable RESource|Invalid TRES": (
        f"the cluster has no GPU of the kind asked for: `sinfo -o '%P %G'` lists them; change `gpu_model` or `gres` in "
        f"{SETTINGS}"
    ),
    r"Requested node configuration is not available|[Mm]emory specification can not be satisfied": (
        "no node of the partition has the GPUs, memory or cores asked for: `sinfo -o '%P %G %m %c'` shows them; change "
        f"{PARTITIONS}, or what a rule asks for under `set-resources` in {SETTINGS}"
    ),
    r"Requested time limit is invalid|exceeds? (the )?(partition's )?time limit|Job violates.*time limit": (
        f"a run time is longer than the partition allows: `sinfo -o '%P %l'`; set `max_runtime` (minutes) in "
        f"{PARTITIONS}, or the rule's `runtime` under `set-resources` in {SETTINGS}: training takes up its checkpoints"
    ),
    r"Invalid account|Invalid qos": (
        f"the account or quality of service is unknown: `sacctmgr show assoc user=$USER format=account,qos`; change "
        f"`slurm_account` or `qos` in {SETTINGS}"
    ),
    r"[Ee]xceeded (job|step) memory limit|OUT_OF_MEMORY|oom.kill": (
        "a job needs more memory than its last attempt asked for: set its rule's `mem_mb` under `set-resources` in "
        f"{SETTINGS}"
    ),
    r"SLURM status is: 'TIMEOUT'|DUE TO TIME LIMIT": (
        "a job ran out of time: run the same command again, training goes on from its checkpoint; or set its rule's "
        f"`runtime` (minutes) under `set-resources` in {SETTINGS}"
    ),
    r"Unable to contact slurm controller": (
        "the cluster's controller did not answer: run the same command again, what was finished stays"
    ),
    r"No module named|python\S*: (not found|No such file or directory|command not found)|[Ee]xecve.*No such file": (
        "a node lacks the environment: this folder and its .venv must lie on a file system that the nodes share (run "
        "`make install` there), or use `--software-deployment-method conda` with envs/"
    ),
    r"device: 'cuda' is not available": (
        f"a job found no GPU: see that its partition in {PARTITIONS} has `max_gpu`, that the site wants `gpu` or "
        f"`gres` ({SETTINGS}), and that PyTorch's CUDA version suits the driver; or set `device: cpu` in the study"
    ),
}


def advice(text: str) -> list[str]:
    """Return what to change for the messages in ``text``, a line each."""
    return [line for pattern, line in ADVICE.items() if re.search(pattern, text)]


def advice_for_run(log: Path) -> list[str]:
    """Return what to change after a run failed: ``log`` is Snakemake's, and names those of the failed jobs."""
    text = log.read_text(errors="replace")
    # "log: RULE'S LOG, SLURM'S LOG (check log file(s) for error details)"
    named = re.findall(r"^\s*log: (.*) \(check log file", text, flags=re.MULTILINE)
    files = {Path(name.strip()) for line in named for name in line.split(",")}
    return advice("\n".join([text, *(path.read_text(errors="replace") for path in sorted(files) if path.is_file())]))
