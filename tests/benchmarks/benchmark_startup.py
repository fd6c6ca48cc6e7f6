"""What the start of a job costs: Python itself, libraries, and this package's own modules.

    python -m tests.benchmarks.benchmark_startup [REPEATS]

Each script's imports are timed in a fresh process by `python -X importtime`; printed are the least of all starts, to
which other work on the machine only adds. Beside them the wall time of a finished study's jobs over the sum of their
working time, from its benchmark files and Snakemake's log:

    python -m tests.benchmarks.benchmark_startup 5 FOLDER     # where Snakemake ran
"""

import csv
import os
import platform
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("understudy", "adapter")


def imports(script: Path) -> str:
    """Return the import statements of a script, in order, as a program."""
    lines = [line.strip() for line in script.read_text().splitlines()]
    return "\n".join(line for line in lines if re.match(r"(from|import) ", line))


def start_up(program: str) -> dict[str, float]:
    """Return seconds of Python, of libraries and of this package to run the imports of ``program``."""
    scripts = ROOT / "workflow_scripts"
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(scripts)},
    )
    ours = others = 0.0
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", result.stderr):
        if name.split(".")[0] in OURS:
            ours += int(own) / 1e6
        else:
            others += int(own) / 1e6
    return {"libraries": others, "ours": ours}


def overhead(folder: Path) -> str:
    """Return the wall time of a run over its jobs' working time."""
    working = 0.0
    files = list(folder.glob("results/*/benchmarks/**/*.tsv"))
    for path in files:
        with path.open() as file:
            working += sum(float(row["s"]) for row in csv.DictReader(file, delimiter="\t"))
    log = max((folder / ".snakemake" / "log").glob("*.log"))
    times = re.findall(r"^\[(\w{3} \w{3} +\d+ [\d:]+ \d{4})\]", log.read_text(), flags=re.MULTILINE)
    first, last = (datetime.strptime(times[place], "%a %b %d %H:%M:%S %Y") for place in (0, -1))
    wall = (last - first).total_seconds()
    return f"{len(files)} jobs: {wall:.0f} s of wall time, {working:.0f} s of work, ratio {wall / working:.2f}"


def main(repeats: int, folder: Path | None) -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.processor() or platform.machine()}, {repeats} starts each")
    print(f"{'script':24} {'libraries':>10} {'ours':>8}   seconds, the least")
    for script in sorted((ROOT / "workflow_scripts").glob("*.py")):
        if "with job(snakemake)" not in script.read_text():
            continue
        runs = [start_up(imports(script)) for _ in range(repeats)]
        libraries, ours = (min(run[part] for run in runs) for part in ("libraries", "ours"))
        print(f"{script.stem:24} {libraries:10.2f} {ours:8.3f}")
    if folder:
        print(overhead(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
