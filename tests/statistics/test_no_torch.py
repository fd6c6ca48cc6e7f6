"""The packages that read tables import no torch, whatever they import of the package."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "workflow_scripts" / "understudy"


def imported(path: Path) -> set[str]:
    """What a module imports when it is imported."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_tables_are_made_without_torch():
    waiting = [path for name in ("statistics", "selection", "ranking") for path in (PACKAGE / name).glob("*.py")]
    seen = set(waiting)
    assert len(waiting) > 20
    while waiting:
        path = waiting.pop()
        for name in imported(path):
            assert name.partition(".")[0] not in ("torch", "torchvision", "timm"), path
            inner = PACKAGE.parent / f"{name.replace('.', '/')}.py"
            if inner.is_file() and inner not in seen:
                seen.add(inner)
                waiting.append(inner)
