"""Read a study's YAML file; messages about mistakes give the line."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from understudy.errors import StudyError

# The parser written in C, where PyYAML has it, takes a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_config(configfile: Path) -> dict:
    """Return what a configuration's YAML file says.

    Raises
    ------
    StudyError
        If the file can't be read or is not YAML, is no mapping, or gives a key twice, of which YAML would silently
        take the last: one line for each mistake, with the file and the line.

    """
    try:
        text = configfile.read_text(encoding="utf-8")
        node = yaml.compose(text, LOADER)
        mistakes = list(_repeated_keys(node, ()))
        content = yaml.load(text, LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        mistakes = [(mark.line + 1, f"this is not YAML: {error.problem}{_advice(error)}")]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise StudyError(f"configuration: {configfile} can't be read: {reason}") from None
    else:
        if not isinstance(node, yaml.MappingNode):
            mistakes = [(1, "keys with values are needed, such as `study: mine` (see config.yaml for an example)")]
    if mistakes:
        raise StudyError("\n".join(f"configuration: {configfile}, line {line}: {told}" for line, told in mistakes))
    return content


def _advice(error: yaml.MarkedYAMLError) -> str:
    return "; indent with blanks" if "tab" in (error.problem or "") or "\\t" in (error.problem or "") else ""


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
