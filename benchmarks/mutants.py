"""Mutation test of the package: the share of small faults, drawn by seed, that the tests notice.

For each mutant only the test files that import its module run, its own test file first, until the first failure
or until ``--seconds`` of processor time are over. Run it in a clone that nothing else uses, since it edits files:

python benchmarks/mutants.py --mutants 100 --seed 1 --output mutants.csv
"""

import argparse
import ast
import copy
import csv
import os
import random
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scipy.stats import binomtest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "workflow_scripts" / "understudy"
SWAPS = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div},
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.And: ast.Or, ast.Or: ast.And, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}


def sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield the nodes that can be mutated, and how; annotations and texts are left alone."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    annotations = {
        inside
        for node in ast.walk(tree)
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if part is not None
        for inside in ast.walk(part)
    }
    for node in ast.walk(tree):
        if node in annotations:
            continue
        if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
            yield node, "operator"
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield node, "comparison"
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            yield node, "constant"
        elif isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and not isinstance(parents[node], ast.Module)
        ):
            yield node, "removed statement"


def mutate(node: ast.AST, kind: str) -> None:
    """Change a node in place."""
    if kind == "operator":
        node.op = SWAPS[type(node.op)]()
    elif kind == "comparison":
        node.ops[0] = SWAPS[type(node.ops[0])]()
    elif kind == "constant":
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1


def mutant_source(text: str, number: int) -> tuple[str, str, int]:
    """Return the source with its site ``number`` mutated, the kind of the mutation and its line."""
    tree = copy.deepcopy(ast.parse(text))
    node, kind = list(sites(tree))[number]
    line = node.lineno
    if kind == "removed statement":
        for parent in ast.walk(tree):
            for _, value in ast.iter_fields(parent):
                if isinstance(value, list) and node in value:
                    value[value.index(node)] = ast.copy_location(ast.Pass(), node)
    else:
        mutate(node, kind)
    return ast.unparse(ast.fix_missing_locations(tree)), kind, line


def test_files(module: Path) -> list[str]:
    """Return the test files that import a module, its own first."""
    dotted = ".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    package, _, name = dotted.rpartition(".")
    wanted = re.compile(
        rf"(from|import) {re.escape(dotted)}\b|from {re.escape(package)} import [^\n]*\b{name}\b", flags=re.MULTILINE
    )
    found = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if wanted.search(path.read_text())]
    own = f"test_{module.stem}.py"
    return [str(path.relative_to(ROOT)) for path in sorted(found, key=lambda path: (path.name != own, str(path)))]


def run(tests: list[str], seconds: int) -> str:
    """Run tests until the first failure: caught, survived or out of time."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))

    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, preexec_fn=limit, capture_output=True, timeout=6 * seconds
        )
    except subprocess.TimeoutExpired:
        return "out of time"
    if done.returncode == 0:
        return "survived"
    return "out of time" if done.returncode < 0 else "caught"


def main(mutants: int, seed: int, seconds: int, output: Path) -> None:
    """Draw mutants, run their tests, write a row for each and print the share that was caught with its interval."""
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if path.stem != "__init__"]
    numbered = [
        (path, number) for path in modules for number in range(sum(1 for _ in sites(ast.parse(path.read_text()))))
    ]
    drawn = random.Random(seed).sample(numbered, mutants)
    rows = []
    with output.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["module", "line", "kind", "outcome", "tests"])
        for path, number in drawn:
            text, tests = path.read_text(), test_files(path)
            changed, kind, line = mutant_source(text, number)
            try:
                path.write_text(changed)
                outcome = run(tests, seconds) if tests else "no test"
            finally:
                path.write_text(text)
            rows.append(outcome)
            writer.writerow([path.relative_to(PACKAGE), line, kind, outcome, len(tests)])
            file.flush()
    caught = rows.count("caught")
    interval = binomtest(caught, len(rows)).proportion_ci(0.95, method="wilson")
    print(f"{caught} of {len(rows)} mutants of {len(numbered)} sites caught [{interval.low:.2f}, {interval.high:.2f}]")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60, help="processor time for a mutant's tests")
    parser.add_argument("--output", type=Path, default=Path("mutants.csv"))
    main(**vars(parser.parse_args()))
