"""What timm's source says of its networks, read as text: to import timm takes seconds that no plan should wait for.

Where the source isn't as expected nothing is said, and the job that makes the network says it.
"""

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from understudy.errors import nearest

# Keywords of timm's own factory and builder, whatever the network.
COMMON = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir", "scriptable"}
COMMON |= {"exportable", "no_jit", "num_classes", "in_chans", "pruned", "features_only", "out_indices", "feature_cls"}
COMMON |= {"pretrained_strict", "img_size", "global_pool"}
# Modules whose networks take images of other sizes, though timm's settings of their weights call the size fixed.
RESIZING = {"crossvit", "mvitv2", "sequencer", "swiftformer", "twins", "vision_transformer_sam", "xcit"}
CALLS = 4  # functions between a network's own and the one that builds it


def timm_names() -> frozenset[str]:
    """Return what timm's modules define, and what they know by an older name: all of its networks, and more."""
    found = re.findall(r"^def (\w+)\(|['\"](\w+)['\"] ?: ['\"]", "\n".join(_modules().values()), flags=re.MULTILINE)
    return frozenset(name for pair in found for name in pair if name)


def timm_mistakes(name: str, arguments: Mapping[str, object], size: int | None) -> Iterator[str]:
    """Say which arguments a network of timm doesn't take, and whether it takes no images of ``size`` pixels a side."""
    wanted, _, tag = name.partition(".")
    module_name = next((one for one, text in _modules().items() if f"\ndef {wanted}(" in text), None)
    if module_name is None:
        return
    module = _modules()[module_name]
    allowed = _keywords(module, wanted)
    given = [key for key, value in arguments.items() if value is not None and key not in COMMON]
    for key in given:
        # If the keywords of a network aren't known, a word that its module never uses is surely none of them.
        if key not in allowed if allowed else not re.search(rf"\b{re.escape(key)}\b", module):
            near = nearest(key, allowed)
            hint = (
                f"did you mean {near}?"
                if near
                else f"allowed: {', '.join(sorted(allowed))}"
                if allowed
                else "remove it"
            )
            yield f"{wanted} of timm takes no argument {key!r}; {hint}"
    side = None if module_name in RESIZING else _fixed_side(module, wanted, tag, arguments)
    if None not in (side, size) and side != size:
        yield (
            f"{wanted} of timm takes images of {side} pixels a side alone, and the study's have {size} (data.size); "
            f"set `img_size: {size}`, and a `patch_size` that divides it"
        )


@cache
def _modules() -> dict[str, str]:
    """Return the text of timm's modules of networks, by name."""
    spec = importlib.util.find_spec("timm")
    folders = [Path(folder) / "models" for folder in (spec and spec.submodule_search_locations) or ()]
    files = (path for folder in folders for path in sorted(folder.glob("*.py")))
    return {path.stem: path.read_text(encoding="utf-8") for path in files}


def _block(module: str, kind: str, name: str) -> str:
    """Return the text of a function or class at a module's top level; empty where there is none."""
    found = re.search(
        rf"^{kind} {name}\b.*?(?=^(?:@|def |class |[A-Za-z_])|\Z)", module, flags=re.MULTILINE | re.DOTALL
    )
    return found[0] if found else ""


def _keywords(module: str, name: str) -> set[str]:
    """Return the keywords that a network takes; empty where these can't be known from its module."""
    found: set[str] = set()
    for _ in range(CALLS):
        block = _block(module, "def", name)
        own = _parameters(block)
        if own is None:
            return set()
        found |= {key for key in own if not key.startswith("*")}
        found |= set(re.findall(r"kwargs\.(?:pop|get|setdefault)\(\s*['\"](\w+)", block))
        if built := re.search(r"\bbuild_model_with_cfg\(\s*([A-Z]\w*),", block):
            taken = _parameters(_block(module, "class", built[1]), "__init__")
            if taken is None or any(key.startswith("*") for key in taken):
                return set()
            return (found | set(taken)) - {"self", "variant"}
        calls = [call for call in re.findall(r"\b(_\w+)\(", block.partition("\n")[2]) if f"\ndef {call}(" in module]
        if len(set(calls)) != 1:
            return set()
        name = calls[0]
    return set()


def _parameters(block: str, function: str | None = None) -> list[str] | None:
    """Return the parameters of a block's function; those that take all others begin with a star."""
    try:
        (tree,) = ast.parse(block).body
        if function:
            tree = next(one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == function)
    except (SyntaxError, ValueError, StopIteration):
        return None
    taken = tree.args
    rest = [f"*{one.arg}" for one in (taken.vararg, taken.kwarg) if one]
    return [one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)] + rest


def _fixed_side(module: str, name: str, tag: str, arguments: Mapping[str, object]) -> int | None:
    """Return the pixels a side of the images that a network takes alone; None where it takes others or isn't known."""
    weights = re.escape(f"{name}.{tag}") if tag else rf"{name}(?:\.\w+)?"
    entry = re.search(rf"['\"]{weights}['\"]: (_cfg\w*)\((.*?)\),\n", module, flags=re.DOTALL)
    texts = [entry[2], _block(module, "def", entry[1])] if entry else []
    fixed = [found[1] for text in texts if (found := re.search(r"fixed_input_size['\"]?\s*[:=]\s*(True|False)", text))]
    size = r"input_size['\"]?\s*[:=]\s*\(\d+, (\d+), (\d+)\)"
    sides = [found.groups() for text in texts if (found := re.search(rf"(?<!min_){size}", text))]
    block = _block(module, "def", name)
    free = {"dynamic_img_size": True, "strict_img_size": False}
    if any(arguments.get(key) is value or f"{key}={value}" in block for key, value in free.items()):
        return None
    given = arguments.get("img_size")
    if isinstance(given, int):
        return given
    if entry is None or given is not None or fixed[:1] != ["True"] or not sides or sides[0][0] != sides[0][1]:
        return None
    return int(sides[0][0])
