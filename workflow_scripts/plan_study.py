"""Print what a study will cost before it runs: jobs, hours of GPUs and cores, wall time, disk. Body of `make plan`."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from understudy.config import read_study
from understudy.costs.estimate import describe, estimate
from understudy.costs.measured import measure
from understudy.costs.profiles import asked_minutes
from understudy.errors import StudyError
from understudy.plan import Plan


def count_jobs(configfile: str) -> dict[str, int]:
    """Return the jobs of each rule in the whole study, finished ones included, as Snakemake plans them."""
    command = [sys.executable, "-m", "snakemake", "--configfile", configfile, "--dry-run", "--forceall"]
    result = subprocess.run([*command, "--quiet", "rules"], capture_output=True, text=True)
    text = result.stdout + result.stderr
    if result.returncode:
        raise StudyError(text.strip())
    rows = re.findall(r"^(\w+)\s+(\d+)$", text.split("Job stats:")[-1].split("total")[0], flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule not in ("all", "count")}


def earlier_studies(configfile: str) -> list[Plan]:
    """Return the studies of this folder that have run here, the one that is planned first."""
    files = dict.fromkeys([configfile, "config.yaml", *map(str, sorted(Path("studies").glob("*.yaml")))])
    plans = []
    for file in files:
        try:
            plan = Plan(read_study(file))
        except StudyError:
            continue  # a template, or a study whose data aren't here
        if (plan.root / "benchmarks").exists():
            plans.append(plan)
    return plans


def main(configfile: str, gpus: int, cores: int, profile: str | None) -> None:
    """Print the plan of the study in ``configfile``; the ``profile`` is what Snakemake would be given."""
    plan = Plan(read_study(configfile))
    measured = measure(earlier_studies(configfile), plan.hardware)
    asked = asked_minutes(profile) if profile else {}
    stages = estimate(plan, count_jobs(configfile), measured, asked)
    print(describe(stages, plan.study.study, gpus, cores, measured.jobs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", default="config.yaml")
    parser.add_argument("--gpus", type=int, default=1, help="GPUs that work at a time")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="cores, for a study on the CPU")
    parser.add_argument("--profile", help="folder of the cluster's profile, for the run times that it sets")
    options = parser.parse_args()
    if min(options.gpus, options.cores) < 1:
        parser.error("at least one GPU and one core are needed; a study with `device: cpu` is planned for cores")
    try:
        main(options.configfile, options.gpus, options.cores, options.profile)
    except StudyError as error:
        sys.exit(str(error))
