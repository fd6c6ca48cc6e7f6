# What the stages share.


def memory(megabytes):
    """Memory that doubles with the attempt, so that a job killed for want of it may pass when repeated."""
    return lambda wildcards, attempt: megabytes * 2 ** (attempt - 1)


def minutes(amount):
    """Run time that doubles with the attempt."""
    return lambda wildcards, attempt: amount * 2 ** (attempt - 1)


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
SHARED = ("plots/style.py", "plots/rows.py", "tables.py", "schemas")


# Each part of a study, where it has one, adds its targets and the tables that get a page, each with its category.
TARGETS = {"selection": [], "ranking": [], "practice": []}
REPORTED_TABLES = {}


def table_page(table):
    """The page of a table."""
    return f"{PAGES}/{table}.html"
