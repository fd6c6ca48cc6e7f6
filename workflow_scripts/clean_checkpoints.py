"""List the checkpoints of what a study no longer has, and delete them on request: body of `make clean-checkpoints`."""

import argparse
import shutil
import sys
from pathlib import Path

from understudy.config import read_study
from understudy.costs.estimate import as_bytes
from understudy.errors import StudyError
from understudy.leftovers import left_checkpoints
from understudy.plan import Plan

LOCKS = Path(".snakemake") / "locks"


def clean(configfile: str, delete: bool) -> None:
    """Print each folder that is left with its size; delete them if asked to.

    Raises
    ------
    StudyError
        The study can't be read, or a run is at work in this folder.
    """
    plan = Plan(read_study(configfile))
    left = left_checkpoints(plan)
    if delete and left and LOCKS.is_dir() and any(LOCKS.iterdir()):
        raise StudyError(
            "a run is at work in this folder, or was killed: wait for it, or run the study again, then clean"
        )
    total = 0
    for path in left:
        size = sum(file.lstat().st_size for file in (path, *path.rglob("*")) if not file.is_dir())
        total += size
        print(f"{as_bytes(size):>10}  {path}")
        if delete:
            path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    done = "deleted" if delete else "would be deleted; repeat with --delete (make clean-checkpoints DELETE=1)"
    print(f"{as_bytes(total)} in {len(left)} places {done}" if left else f"no checkpoints are left in {plan.root}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", default="config.yaml")
    parser.add_argument("--delete", action="store_true", help="delete what is listed")
    options = parser.parse_args()
    try:
        clean(options.configfile, options.delete)
    except StudyError as error:
        sys.exit(str(error))
