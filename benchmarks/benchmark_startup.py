"""What the start of a job costs: Python itself, libraries, and this package's own modules.

    python -m benchmarks.benchmark_startup [REPEATS]

Each script's imports are timed in a fresh process by `python -X importtime`; printed are the least of all starts, to
which other work on the machine only adds.
"""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
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


def main(repeats: int) -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.processor() or platform.machine()}, {repeats} starts each")
    print(f"{'script':24} {'libraries':>10} {'ours':>8}   seconds, the least")
    for script in sorted((ROOT / "workflow_scripts").glob("*.py")):
        if "with job(snakemake)" not in script.read_text():
            continue
        runs = [start_up(imports(script)) for _ in range(repeats)]
        libraries, ours = (min(run[part] for run in runs) for part in ("libraries", "ours"))
        print(f"{script.stem:24} {libraries:10.2f} {ours:8.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
