"""Count the lines of the project without blank lines, comments and docstrings.

python benchmarks/count_lines.py [FOLDER OF A CHECKOUT]
"""

import ast
import io
import sys
import tokenize
from pathlib import Path

PARTS = {
    "package, scripts, rules": ["Snakefile", "rules/**/*.smk", "workflow_scripts/**/*.py", "workflow_scripts/**/*.j2"],
    "tests, benchmarks": ["tests/**/*.py", "benchmarks/**/*.py"],
}


def python_lines(text: str) -> set[int]:
    """Return the numbers of the lines that hold code."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                lines -= set(range(first.lineno, first.end_lineno + 1))
    return lines


def count(path: Path) -> int:
    """Return the number of lines of code in a file; in rules and templates those that aren't blank or comments."""
    text = path.read_text()
    if path.suffix == ".py":
        return len(python_lines(text))
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and not line.startswith(("#", "{#", '"""')) for line in lines)


if __name__ == "__main__":
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for part, patterns in PARTS.items():
        files = sorted({path for pattern in patterns for path in root.glob(pattern)})
        print(f"{part}: {sum(map(count, files)):,} lines in {len(files)} files")
