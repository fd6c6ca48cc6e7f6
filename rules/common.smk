# What the stages share.


REQUESTS = Requests(plan)


def memory(megabytes, training=None):
    """Memory that doubles with the attempt, so that a job killed for want of it may pass when repeated.

    The rule `training` asks for more where its job's work needs more.
    """
    return by_attempt(megabytes, training, REQUESTS.megabytes)


def minutes(amount, training=None):
    """Run time that doubles with the attempt; `training` as above."""
    return by_attempt(amount, training, REQUESTS.minutes)


def by_attempt(least, training, request):
    def of_job(wildcards, attempt):
        # A job's own Snakemake needs none of it: the main one has asked.
        if training is None or not workflow.is_main_process:
            return least * 2 ** (attempt - 1)
        return request(training, dict(wildcards.items()), least) * 2 ** (attempt - 1)

    return of_job


def modules(*folders):
    """The package's files that a quick step depends on: a change in them makes its tables anew."""
    package = Path(workflow.basedir) / "workflow_scripts" / "understudy"
    return sorted(
        os.path.relpath(path)
        for folder in folders
        for path in (
            (package / folder).glob("*.py")
            if (package / folder).is_dir()
            else [package / folder]
        )
    )


ENVIRONMENT = "../envs/understudy.yaml"
# With `--resources gpu=1` jobs that may use the one GPU of a machine take turns.
GPU = 0 if study.device == "cpu" else 1

FIGURES = f"{ROOT}/figures"
PAGES = f"{ROOT}/pages"
# What every figure and page depends on; a rule adds the modules of its own.
SHARED = ("plots/style.py", "plots/loading.py", "tables.py", "schemas")


# Each part of a study, where it has one, adds its targets and the tables that get a page, each with its category.
TARGETS = {"selection": [], "ranking": [], "practice": []}
REPORTED_TABLES = {}


def table_page(table):
    """The page of a table."""
    return f"{PAGES}/{table}.html"
