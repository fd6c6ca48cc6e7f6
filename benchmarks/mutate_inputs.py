"""Try mutated inputs of every kind against what is right, and count what becomes of them.

    python -m benchmarks.mutate_inputs --mutations 1000 --seed 1

Prints, for each kind of input, how many mutations are read right, refused rightly, refused though they can be read,
refused in unclear words, read wrong, and how many end with a traceback; then every fault, with what repeats it.
Ends with 1 on any wrong result, traceback or unclear refusal, or if more than 2 % of what can be read is refused.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.input_mutations.all import KINDS_BY_MUTATION, mutated
from benchmarks.input_mutations.cases import CRASH, FALSE, MUTATIONS, OUTCOMES, READ, UNCLEAR, WRONG

ALLOWED_FALSE = 0.02


def main() -> None:
    """Try, print and end with 0 or 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutations whose name has this text")
    options = parser.parse_args()
    names = [name for name in KINDS_BY_MUTATION if options.only in name]
    counts, faults = {kind: Counter() for kind in MUTATIONS}, []
    for number in range(options.mutations):
        name = names[number % len(names)]
        with tempfile.TemporaryDirectory(prefix="mutated-") as folder:
            verdict = mutated(name, (options.seed, number), Path(folder))
        counts[KINDS_BY_MUTATION[name]][verdict.outcome] += 1
        if verdict.message:
            faults.append(f"{verdict.outcome}: {name}, seed ({options.seed}, {number}): {verdict.message}")
    total = sum(counts.values(), Counter())
    _print_table(counts, total)
    print(f"{len(names)} mutations, seed {options.seed}", *faults, sep="\n")
    refused = total[FALSE] / max(1, total[FALSE] + total[READ] + total[WRONG])
    sys.exit(int(any(total[one] for one in (WRONG, CRASH, UNCLEAR)) or refused > ALLOWED_FALSE))


def _print_table(counts: dict[str, Counter], total: Counter) -> None:
    columns = ["kind", "functions", "mutations", *OUTCOMES]
    functions = {kind: len(entries) for kind, entries in MUTATIONS.items()}
    rows = [[kind, functions[kind], count.total(), *(count[one] for one in OUTCOMES)] for kind, count in counts.items()]
    rows.append(["all", sum(functions.values()), total.total(), *(total[one] for one in OUTCOMES)])
    widths = np.max([[len(str(cell)) for cell in row] for row in [columns, *rows]], axis=0)
    for row in [columns, *rows]:
        print(
            str(row[0]).ljust(widths[0]),
            *(str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        )


if __name__ == "__main__":
    main()
