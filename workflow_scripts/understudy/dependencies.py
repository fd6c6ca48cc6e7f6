"""Which code of the package a rule's script depends on, computed by `ast` from the function that it calls.

The closure of a script holds the definitions (functions, classes, module constants) that are reachable from the names
that it imports, through all names that their bodies use. A cheap rule has the files of its closure among its inputs, so
that a change in one of them makes its output anew. An expensive rule has a version instead: `make stages` records the
digest of its closure, and a test compares it with the code as it is.
"""

import ast
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from understudy.code_cache import PACKAGE, SCRIPTS, CodeCache
from understudy.files import write_json
from understudy.stages import STAGE_VERSIONS

DIGESTS = PACKAGE / "stage_digests.json"
FILES = CodeCache("understudy_code.json")
WHOLE = "*"
"""Stands for all definitions of a module."""

Definition = tuple[str, str]
"""A module's dotted name and the name of a definition in it."""


@dataclass(frozen=True)
class Module:
    """A module of the package as a syntax tree."""

    name: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree, without docstrings and without functions' annotations, which change no result."""
        tree = ast.parse(_path(self.name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
                node.body[0] = ast.Pass()
            if isinstance(node, ast.arg):
                node.annotation = None
            elif isinstance(node, ast.FunctionDef):
                node.returns = None
        return tree

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """The statements at the module's top level that define each name; those that define none under ''."""
        found: dict[str, list[ast.stmt]] = {"": []}
        for node in self.tree.body:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                for name in _defined(node) or [""]:
                    found.setdefault(name, []).append(node)
        return found

    @cached_property
    def imports(self) -> dict[str, Definition]:
        """What each name that the module imports from the package stands for."""
        return {name: target for node in self.tree.body for name, target in _imported(node)}


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)]


def _imported(node: ast.stmt) -> Iterator[tuple[str, Definition]]:
    """Yield the names that an import statement binds to things of the package."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == PACKAGE.name:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            target = (inner, WHOLE) if _path(inner) else (node.module, alias.name)
            yield alias.asname or alias.name, target


def _path(module: str) -> Path | None:
    """Return the file of a module of the package, or None if there is none."""
    base = SCRIPTS.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


_module = cache(Module)


def _references(node: ast.AST, module: Module) -> Iterator[Definition]:
    """Yield what a statement of ``module`` refers to."""
    known = {name: (module.name, name) for name in module.definitions} | module.imports
    known |= dict(pair for inner in ast.walk(node) for pair in _imported(inner))
    attributes = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            target, kind = known.get(inner.value.id, ("", ""))
            if kind == WHOLE:  # an attribute of a module
                attributes.add(inner.value)
                yield target, inner.attr
        elif isinstance(inner, ast.Name) and inner.id in known and inner not in attributes:
            yield known[inner.id]


def closure(script: Path) -> frozenset[Definition]:
    """Return all definitions of the package that a script depends on."""
    found: set[Definition] = set()
    waiting = [target for node in ast.walk(ast.parse(script.read_text())) for _, target in _imported(node)]
    while waiting:
        name, definition = waiting.pop()
        if (name, definition) in found or _path(name) is None:
            continue
        found.add((name, definition))
        module = _module(name)
        if definition == WHOLE:
            waiting += [(name, one) for one in module.definitions]
        elif definition in module.imports:  # a package's __init__ hands on what another module defines
            waiting.append(module.imports[definition])
        waiting.append((name, ""))
        for node in module.definitions.get(definition, []):
            waiting += _references(node, module)
    return frozenset(found)


def closure_files(script: Path) -> list[Path]:
    """Return the files that hold the closure of a script, and the templates beside them, sorted."""
    files = {_path(name) for name, _ in closure(script)}
    templates = {path for file in files for path in (file.parent / "templates").glob("*")}
    return sorted(files | templates)


def closure_digest(script: Path) -> str:
    """Return a digest of the closure of a script; layout, comments and docstrings don't change it."""
    digest = hashlib.blake2b(digest_size=8)
    for name, definition in sorted(closure(script)):
        for node in _module(name).definitions.get(definition, []):
            digest.update(f"{name}:{ast.dump(node)}\n".encode())
    return digest.hexdigest()


def code_inputs(rule: str) -> list[Path]:
    """Return the files of the closure of a rule's script, which bears its name, relative to the working directory.

    Every job starts a Snakemake that asks this for all rules, so the answers are kept in a file until code changes.
    """
    files = FILES.get(rule, lambda: [str(path) for path in closure_files(SCRIPTS / f"{rule}.py")])
    return [Path(os.path.relpath(path)) for path in files]


def stage_digests() -> dict[str, dict]:
    """Return version and digest of the code of every stage as they are now."""
    digests = {rule: closure_digest(SCRIPTS / f"{rule}.py") for rule in STAGE_VERSIONS}
    return {rule: {"version": version, "code": digests[rule]} for rule, version in STAGE_VERSIONS.items()}


if __name__ == "__main__":
    write_json(DIGESTS, stage_digests())
