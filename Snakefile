# Understudy: choose models with synthetic data. The stages are in rules/, in the order data flows.
import functools
import re
import sys
import warnings
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.io import strip_wildcard_constraints
from snakemake.utils import min_version

min_version("9.0")
sys.path.insert(0, str(Path(workflow.basedir) / "workflow_scripts"))

from understudy.slurm_advice import AGAIN, advice_for_run
from understudy.config import load_study
from understudy.config_files import read_config
from understudy.costs.disk import short_disk
from understudy.costs.requests import Requests
from understudy.data.file_state import files_state
from understudy.data.shards import shard_name
from understudy.errors import StudyError
from understudy.dependencies import code_inputs
from understudy import plan_checks
from understudy.plan import REGIMES, Plan
from understudy.resources import RESOURCES
from understudy.stages import STAGE_VERSIONS
from understudy.job_lock import name_snakemake
from understudy.text import check_place, end_quietly

name_snakemake()

if workflow.is_main_process:
    end_quietly(f"Understudy: stopped; {AGAIN}")
try:
    check_place(Path(workflow.basedir))
except StudyError as error:
    sys.exit(str(error))

# Jobs read what the main process has checked. Its words about a broken file, with the line, come before Snakemake's.
try:
    if workflow.is_main_process:
        for path in workflow.overwrite_configfiles or ["config.yaml"]:
            read_config(Path(path))
except StudyError as error:
    sys.exit(str(error))

# A study given with --configfile replaces the default one; merged with it, its splits and generators would mix.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


try:
    with warnings.catch_warnings(record=True) as notes:
        study = load_study(config)
    if workflow.is_main_process:
        for note in notes:
            print(f"configuration: {note.message}", file=sys.stderr)
    plan = Plan(study)
    plan_checks.check_sizes(plan)
    plan_checks.check_shares(plan)
    if workflow.is_main_process:
        plan_checks.check_networks(plan)
        plan_checks.check_models(plan)
        plan_checks.check_prompts(plan)
        plan_checks.check_orders(plan)
except StudyError as error:
    sys.exit(str(error))

MISSING = []
if workflow.is_main_process:
    for part in filter(None, [plan.ranking, plan.practice]):
        MISSING += part.missing_files()
for line in MISSING:
    print(line, file=sys.stderr)
ROOT = str(plan.root)
LOGS = f"{ROOT}/logs"
BENCHMARKS = f"{ROOT}/benchmarks"


report: "rules/captions/workflow.rst"


wildcard_constraints:
    draw=r"\d+",
    split="|".join(map(re.escape, plan.splits)),
    generator="|".join(map(re.escape, study.generators)),
    regime="|".join(REGIMES),
    batch="|".join(map(re.escape, plan.batches)),


include: "rules/common.smk"


if study.data:

    include: "rules/data.smk"


if study.has_selection:

    include: "rules/generators.smk"
    include: "rules/generator_figures.smk"
    include: "rules/candidates.smk"
    include: "rules/candidate_figures.smk"
    include: "rules/evaluation.smk"
    include: "rules/selection.smk"
    include: "rules/selection_figures.smk"
    include: "rules/recommendation.smk"


if study.ranking:

    include: "rules/ranking.smk"


if study.practice and study.practice.theory:

    include: "rules/practice_theory.smk"


if plan.practice:

    include: "rules/practice.smk"
    include: "rules/practice_figures.smk"


include: "rules/report.smk"


localrules:
    all,
    selection,
    ranking,
    practice,


# A dry run, which starts nothing, may plan a study where its data isn't.
onstart:
    if MISSING:
        raise WorkflowError("\n".join(MISSING))
    files = [Path(str(job.benchmark)) for job in workflow.dag.needrun_jobs()]
    below = {
        str(file.relative_to(BENCHMARKS)) for file in files if file.suffix == ".tsv"
    }
    if warning := short_disk(plan, below):
        print(f"Understudy: {warning}", file=sys.stderr)


rule all:
    default_target: True
    input:
        TARGETS.values(),


# A cluster's refusals name no file of this project: say what to change where.
onerror:
    for path in log:
        for line in advice_for_run(Path(path)):
            print(f"Understudy: {line}", file=sys.stderr)


# The parts of a study, each alone.
rule selection:
    input:
        TARGETS["selection"],


rule ranking:
    input:
        TARGETS["ranking"],


rule practice:
    input:
        TARGETS["practice"],


# What follows from a rule's name stands in none: the environment, resources, a log and a benchmark.
share_parts()
