# What the stages share. What a user names, a path or a class, is handed to a job by a function; elsewhere Snakemake takes
# braces for wildcards.


REQUESTS = Requests(plan)


def resources_for(rule):
    """The row of `understudy/resources.py`, or more where a job's work needs it; twice as much with each attempt."""
    request = RESOURCES[rule]

    def growing(least, needed):
        def of_job(wildcards, attempt):
            # A job's own Snakemake needs none of it: the main one has asked.
            if not workflow.is_main_process:
                return least
            return needed(rule, dict(wildcards.items())) * 2 ** (attempt - 1)

        return of_job

    found = {
        "mem_mb": growing(request.megabytes, REQUESTS.megabytes),
        "runtime": growing(request.minutes, REQUESTS.minutes),
    }
    return found | ({"gpu": GPU} if request.gpu else {})


def stage(rule):
    """The parameters of an expensive stage that its settings don't hold: seed, device, version."""
    device = {"device": study.device} if RESOURCES[rule].gpu else {}
    return {"seed": study.seed, "version": STAGE_VERSIONS[rule]} | device


def share_parts():
    """Give every rule the environment, its resources, a log and a benchmark; what a rule says itself stays.

    The path of log and benchmark is the rule's name and those parts of its first output's path that hold wildcards.
    """
    for one in [one for one in workflow.rules if one.script]:
        one.conda_env = "../envs/understudy.yaml"
        one.resources.update(resources_for(one.name))
        # What --set-resources or a profile gives wins.
        given = workflow.resource_settings.overwrite_resources
        one.resources.update(given.get(one.name, {}))
        if not one.log:
            output = Path(strip_wildcard_constraints(one.output[0])).with_suffix("")
            keys = [part for part in output.parts if "{" in part]
            path = "/".join([one.name, *keys])
            one.log_modifier = one.benchmark_modifier = one.output_modifier
            one.set_log(f"{LOGS}/{path}.log")
            one.benchmark = f"{BENCHMARKS}/{path}.tsv"


# With `--resources gpu=1` jobs that may use the one GPU of a machine take turns.
GPU = 0 if study.device == "cpu" else 1

FIGURES = f"{ROOT}/figures"
PAGES = f"{ROOT}/pages"

# Each part of a study, where it has one, adds its targets and the tables that get a page, each with its category.
TARGETS = {"selection": [], "ranking": [], "practice": []}
REPORTED_TABLES = {}


def figure(path, category, contents, caption=None, subcategory=None, **labels):
    """A figure of the report. The caption's file bears the figure's name, unless `caption` names it."""
    return report(
        f"{FIGURES}/{path}.png",
        caption=f"captions/{caption or Path(path).name}.rst",
        category=category,
        subcategory=subcategory,
        labels={"contents": contents, **labels},
    )


def table_files(*names):
    """The files of tables by name, and their CSV files by the name and `_csv`."""
    found = {name: plan.table(name) for name in names}
    return found | {f"{name}_csv": plan.table(name, "csv") for name in names}


def table_page(table):
    """The page of a table."""
    return f"{PAGES}/{table}.html"


def by_category(category, value, otherwise):
    """A function of a page's wildcards: `value` for a table of this category, `otherwise` for one of another."""
    return lambda wildcards: (
        value if REPORTED_TABLES[wildcards.table] == category else otherwise
    )
