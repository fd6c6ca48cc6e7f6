"""How runs of candidates are batched into jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from understudy.errors import StudyError


@dataclass(frozen=True)
class RunBatch:
    """The runs of one job: some architectures of one family times one fixed block of seeds."""

    name: str
    family: str
    architectures: tuple[str, ...]
    seeds: tuple[int, ...]


def make_batches(families: Mapping[str, Mapping[str, str | None]], seeds: int, seed_block: int) -> list[RunBatch]:
    """Return the batches of ``seeds`` runs of each architecture, ``seed_block`` to a job.

    Parameters
    ----------
    families : of each family the group of each architecture; None: a job of its own

    Raises
    ------
    StudyError
        If jobs of two families would have the same name.
    """
    blocks = [tuple(range(first, min(first + seed_block, seeds))) for first in range(0, seeds, seed_block)]
    return [
        RunBatch(f"{group}-block{number}", family, tuple(names), block)
        for family, groups in _grouped(families).items()
        for group, names in groups.items()
        for number, block in enumerate(blocks)
    ]


def _grouped(families: Mapping[str, Mapping[str, str | None]]) -> dict[str, dict[str, list[str]]]:
    """Return the architectures of each group of each family; one without a group has its own name's."""
    grouped: dict[str, dict[str, list[str]]] = {}
    for family, architectures in families.items():
        groups: dict[str, list[str]] = {}
        for name, group in architectures.items():
            groups.setdefault(group or name, []).append(name)
        for other, theirs in grouped.items():
            if twice := sorted(set(groups) & set(theirs)):
                raise StudyError(
                    f"configuration: candidates: {twice[0]!r} names jobs of both families: of "
                    f"{_shortened(theirs[twice[0]])} ({other}) and of {_shortened(groups[twice[0]])} ({family}), by "
                    "their `group` or their own name; give one of them another `group`"
                )
        grouped[family] = groups
    return grouped


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names if len(names) <= 3 else [names[0], "...", names[-1]])
