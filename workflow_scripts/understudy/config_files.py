"""Read a study's YAML file; messages about mistakes give the line."""

import codecs
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from understudy.errors import StudyError

# The parser written in C, where PyYAML has it, takes a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# `010` is 8 for YAML, and `1:30` is 90: nobody who writes them means that.
OTHER_NUMBER = re.compile(r"[-+]?(0[0-7_]*[1-7][0-7_]*|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")


def read_config(configfile: Path) -> dict:
    """Return what a configuration's YAML file says.

    Raises
    ------
    StudyError
        If the file can't be read or is not YAML, is no mapping, gives a key twice, of which YAML would silently take
        the last, or has a name that YAML reads as something else: one line for each mistake, with the file and the
        line.

    """
    text = _read_text(configfile)
    try:
        node = yaml.compose(text, LOADER)
        mistakes = [*_odd_blanks(text), *_repeated_keys(node, ()), *_changed_names(node, ())]
        content = yaml.load(text, LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        broken = [(mark.line + 1, f"this is not YAML: {error.problem}{_advice(error, text)}")]
        mistakes = [*_odd_blanks(text)] or broken  # which are the cause where there are any
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise StudyError(f"configuration: {configfile} can't be read: {reason}; correct or remove that") from None
    else:
        if not isinstance(node, yaml.MappingNode):
            mistakes = [(1, "keys with values are needed, such as `study: mine` (see config.yaml for an example)")]
    if mistakes:
        raise StudyError("\n".join(f"configuration: {configfile}, line {line}: {told}" for line, told in mistakes))
    return content


def given_configfiles(arguments: Sequence[str]) -> list[Path]:
    """Return the configuration files that a command line of Snakemake names.

    Examples
    --------
    >>> [path.name for path in given_configfiles(["snakemake", "--configfile", "a.yaml", "b.yaml", "--cores", "1"])]
    ['a.yaml', 'b.yaml']
    >>> [path.name for path in given_configfiles(["--configfile=a.yaml", "all"])]
    ['a.yaml']

    """
    found, is_value = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if option in ("--configfile", "--configfiles"):
            is_value = not equals
            found += [Path(value)] if equals else []
        elif argument.startswith("-"):
            is_value = False
        elif is_value:
            found.append(Path(argument))
    return found


def check_given_files(arguments: Sequence[str]) -> None:
    """Exit with one line for each mistake in the files that a command line of Snakemake names.

    Snakemake itself reads them before the Snakefile, and fails on some without a word of the file or the line; the
    workflow's profile is read earlier and calls this.
    """
    try:
        for path in given_configfiles(arguments):
            if path.suffix != ".json":
                read_config(path)
    except StudyError as error:
        sys.exit(str(error))


def _read_text(configfile: Path) -> str:
    """Return the text of a file in UTF-8, with a byte-order mark or without."""
    try:
        content = configfile.read_bytes()
    except OSError as error:
        raise StudyError(f"configuration: {configfile} can't be read: {error.strerror}") from None
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        if marked or b"\0" in content[:4]:
            raise ValueError
        return content.decode("utf-8-sig")
    except ValueError:
        encoding = "it is UTF-16 or UTF-32 text" if marked else "it is not UTF-8 text"
        raise StudyError(
            f"configuration: {configfile} can't be read: {encoding}; save it as UTF-8 in your editor"
        ) from None


def _advice(error: yaml.MarkedYAMLError, text: str) -> str:
    lines, mark = text.splitlines(), error.problem_mark or error.context_mark
    line = lines[mark.line] if mark.line < len(lines) else ""
    return "; indent with blanks, not with tabs" if "\t" in line[: len(line) - len(line.lstrip())] else ""


def _odd_blanks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that begin with blanks which YAML takes for a part of the key, as text from web pages has."""
    for line, content in enumerate(text.split("\n"), 1):
        if re.match("[ \t]*[\u00a0\u2000-\u200b\u202f\u3000\ufeff]", content):
            yield line, "it is indented with no-break or other special blanks; indent with plain blanks"


def _repeated_keys(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield the line of each repeated key below ``node``, and what is wrong with it."""
    if isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _repeated_keys(value, (*path, str(position)))
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in first:
            shown = ".".join((*path, name))
            yield line, f"{shown}: given before, on line {first[name]}; rename one of the two, or remove it"
        first.setdefault(name, line)
        yield from _repeated_keys(value, (*path, name))


def _changed_names(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield names below ``node`` that YAML reads as something else: `no` as false, `010` as 8, `1.10` as 1.1.

    Names are keys, and the items of a list `classes`; elsewhere only numbers of an unusual form are refused.
    """
    if isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            inner = (*path, str(position))
            if path[-1:] == ("classes",):
                yield from _changed(value, inner, "item")
            else:
                yield from _changed_names(value, inner)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _changed(key, path, "key")
            yield from _changed_names(value, (*path, str(key.value)))
    elif node is not None and not node.style and OTHER_NUMBER.fullmatch(node.value):
        yield from _changed(node, path, "value")


def _changed(node: yaml.Node, path: tuple[str, ...], kind: str) -> Iterator[tuple[int, str]]:
    """Yield a plain scalar that is read as another value than the text that stands there."""
    if not isinstance(node, yaml.ScalarNode) or node.style or node.value == "<<":
        return
    read = yaml.load(node.value, LOADER)
    if isinstance(read, str) or (kind != "value" and type(read) is int and str(read) == node.value):
        return
    if type(read) not in (bool, int, float, type(None)) and str(read) == node.value:
        return  # a date, which is text wherever a name is needed
    shown = f"{'.'.join(path)}: " if path else ""
    number = f"; write {json.dumps(read)} if that is meant" if kind == "value" else ""
    yield (
        node.start_mark.line + 1,
        f"{shown}{kind} {node.value or 'without text'} is {json.dumps(read, default=str)} for YAML; put it in quotes, "
        f'"{node.value}"{number}',
    )
