"""What to change when a cluster refuses or ends jobs: advice for the messages of SLURM and of jobs on its nodes."""

import re
from pathlib import Path

SETTINGS = "slurm/config.yaml"
PARTITIONS = "slurm/partitions.yaml"

AGAIN = "run the same command again: what was finished stays, and training goes on from its checkpoint"
LIMITS = "`sacctmgr show qos format=name,maxwall,maxsubmitpu,maxtresperjob,maxtrespu` lists the limits"

# What SLURM says of a limit of a QOS or an account. The sentence that follows, of "job submit limit, user's size and/or
# time limits", is the same for all of them.
POLICIES = {
    r"Max\w*Submit|GrpSubmit|unable to accept job|MaxJobCount": (
        "the cluster lets you have fewer jobs waiting or running at a time (`sacctmgr show assoc user=$USER "
        f"format=account,qos,maxsubmit`, `sacctmgr show qos format=name,maxsubmitpu`): set `jobs` in {SETTINGS} below "
        f"that; then {AGAIN}"
    ),
    r"MaxWall|Requested time limit is invalid|exceeds? (the )?(partition's )?time limit|PartitionTimeLimit": (
        f"a run time is longer than partition or QOS allows: `sinfo -o '%P %l'`; set `max_runtime` (minutes) in "
        f"{PARTITIONS}, or the rule's `runtime` under `set-resources` in {SETTINGS}: training takes up its checkpoints"
    ),
    r"(QOS|Assoc)(Max|Grp)\w*Minutes|QOSUsageThreshold": (
        f"the account's budget is used up: `sshare -U` shows it; change `slurm_account` or `qos` in {SETTINGS}"
    ),
    r"(QOS|Assoc)(Max|Min|Grp)(?!\w*(Submit|Wall|Minutes))\w+": (
        f"a job asks for more (or fewer) cores, memory, nodes or GPUs than its QOS or account allows: {LIMITS}; change "
        f"`qos` or `slurm_account`, or what the rule asks for under `set-resources`, in {SETTINGS}"
    ),
}
POLICY = (
    r"violates accounting/QOS policy",
    f"a limit of your account or QOS on the number of jobs, on their size or on their time refuses the job: {LIMITS}; "
    f"with many jobs waiting set `jobs` in {SETTINGS} lower, else change `qos`, or `runtime` and `mem_mb` under "
    "`set-resources` there",
)
ADVICE = {
    r"invalid partition|InvalidPartition|no partition specified|Unable to determine.*partition|group not permitted to "
    r"use this partition|(Required|Requested) partition (configuration )?not available": (
        f"the cluster has no such partition, or not for you: `sinfo -s` lists what it has; change {PARTITIONS}"
    ),
    r"Invalid generic resource|Invalid gres|Invalid Trackable RESource|Invalid TRES|unrecognized option '--gpus": (
        f"the cluster has no GPU of the kind asked for: `sinfo -o '%P %G'` lists them; change `gpu_model` or `gres` in "
        f"{SETTINGS}"
    ),
    r"Invalid feature|Invalid constraint|BadConstraints": (
        f"no node has the feature asked for: `sinfo -o '%P %f'` lists them; change `constraint` in {SETTINGS}"
    ),
    r"Requested node configuration is not available|(memory|CPU count per node|Node count)[\w ]* (can ?not be satisfied"
    r"|invalid)|More processors requested than permitted|ReqNodeNotAvail": (
        "no node of the partition has the GPUs, memory or cores asked for: `sinfo -o '%P %G %m %c'` shows them; change "
        f"{PARTITIONS}, or what a rule asks for under `set-resources` in {SETTINGS}"
    ),
    r"Invalid account|InvalidAccount|account \S+ appears to be invalid|(specify|missing)"
    r"( an?| a valid| your)? account\b|account is (required|missing)": (
        "the account is missing, unknown, or not for this partition: `sacctmgr show assoc user=$USER "
        f"format=account,partition,qos` lists yours; set `slurm_account` in {SETTINGS}"
    ),
    r"Invalid qos|InvalidQOS|QOSNotAllowed": (
        f"the quality of service is unknown, or not for your account: `sacctmgr show assoc user=$USER "
        f"format=account,qos`; change `qos` in {SETTINGS}"
    ),
    r"MEM\S*,? .*mutually exclusive|mem-per-\S+ .*mutually exclusive": (
        f"two memory settings meet: take `mem_mb_per_cpu` and `--mem-per-...` out of {SETTINGS}; inside a job of SLURM "
        "`unset SLURM_MEM_PER_CPU SLURM_MEM_PER_GPU SLURM_MEM_PER_NODE` first, or start on a login node"
    ),
    r"SLURM_TRES_PER_TASK|ntasks-per-gpu.*mutually exclusive": (
        f"two settings of tasks meet: set `tasks_per_gpu: 0` under `default-resources` in {SETTINGS}"
    ),
    r"exceeded (job|step) memory limit|OUT_OF_MEMORY|oom.kill|OOM Killed|(?<!CUDA )(?<!error: )Out Of Memory": (
        "a job needs more memory than its last attempt asked for: set its rule's `mem_mb` under `set-resources` in "
        f"{SETTINGS}"
    ),
    r"CUDA out of memory|CUDA error: out of memory": (
        f"a GPU's memory is too small for a job: ask for a larger kind (`gpu_model` in {SETTINGS}), or set a smaller "
        "batch or network in the study"
    ),
    r"status is: 'TIMEOUT'|DUE TO TIME LIMIT": (
        f"a job ran out of time: {AGAIN}; or set its rule's `runtime` (minutes) under `set-resources` in {SETTINGS}"
    ),
    r"NODE_FAIL|BOOT_FAIL|DUE TO NODE FAILURE|node failure": (
        f"a node failed: {AGAIN}; to leave a node out set `slurm_extra: \"'--exclude=NODE'\"` under "
        f"`default-resources` in {SETTINGS}"
    ),
    r"PREEMPTED|DUE TO PREEMPTION": (
        f"a job had to make way for another: {AGAIN}; or choose a `qos` in {SETTINGS}, or a partition in {PARTITIONS}, "
        "whose jobs aren't preempted"
    ),
    r"status is: 'CANCELLED|CANCELLED AT \S+ (\*\*\*|DUE TO SIGNAL)": (
        f"a job was cancelled, by `scancel` or by an administrator: {AGAIN}"
    ),
    r"DependencyNeverSatisfied|Job dependency (can't|problem)": (
        f"a job waits for one that has failed: `squeue --me` shows it, `scancel` ends it; then {AGAIN}"
    ),
    r"Unable to contact slurm controller|Socket timed out|Unexpected message received|Zero Bytes were transmitted"
    r"|Transport endpoint is not connected|slurm_\w+ error: .*(timed out|refused)|Connection (timed out|refused)": (
        f"the cluster's controller did not answer or is overloaded: `squeue --me` shows what runs; {AGAIN}; with "
        f"`max-jobs-per-timespan: 1/1s` in {SETTINGS} it is asked less often"
    ),
    r"(sbatch|squeue|sacct): (command )?not found|'(sbatch|squeue|sacct)'$": (
        "this machine has no SLURM: start on a login node of the cluster, with SLURM's module loaded where there "
        "is one, or without `--profile slurm`"
    ),
    r"invalid choice: '?slurm": (
        "Snakemake lacks its plugins for SLURM: `make install` brings them (snakemake-executor-plugin-slurm and "
        "snakemake-executor-plugin-slurm-jobstep); use the snakemake of this folder's .venv"
    ),
    r"Disk quota exceeded|No space left on device": (
        "a disk is full, or your share of it (`quota -s`, `df -h .`): make room or move this folder; then " + AGAIN
    ),
    r"No module named|python\S*: (not found|No such file or directory|command not found)|execve.*No such file": (
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

    def said(pattern: str) -> bool:
        return re.search(pattern, text, flags=re.IGNORECASE | re.MULTILINE) is not None

    policies = [line for pattern, line in POLICIES.items() if said(pattern)]
    if not policies and said(POLICY[0]):
        policies = [POLICY[1]]
    return policies + [line for pattern, line in ADVICE.items() if said(pattern)]


def advice_for_run(log: Path) -> list[str]:
    """Return what to change after a run failed: ``log`` is Snakemake's, and names those of the failed jobs."""
    text = _without_calls(log.read_text(errors="replace"))
    if "Terminating processes on user request" in text:
        return [f"stopped; {AGAIN}"]
    # "log: RULE'S LOG, SLURM'S LOG (check log file(s) for error details)"
    named = re.findall(r"^\s*log: (.*) \(check log file", text, flags=re.MULTILINE)
    files = {Path(name.strip()) for line in named for name in line.split(",")}
    return advice("\n".join([text, *(path.read_text(errors="replace") for path in sorted(files) if path.is_file())]))


def _without_calls(log: str) -> str:
    """Return Snakemake's log without the calls of sbatch, whose options look like SLURM's words."""
    return re.sub(r"^ +sbatch (call|script):\n.*$", "", log, flags=re.MULTILINE)
