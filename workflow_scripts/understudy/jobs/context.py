"""What a job is given besides its files and its rule's own parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class JobContext:
    """The surroundings of a job; the same for every rule.

    Attributes
    ----------
    draw : int
        The drawing of the splits that the job belongs to; 0 where it belongs to none.
    split : str
        The split, empty where the job belongs to none.
    seed : int
        The study's seed, which every other seed is derived from.
    device : str
        `auto`, `cpu` or `cuda`.
    version : int
        The version of the rule's stage, recorded in its outputs.
    checkpoints : Path or None
        The folder for checkpoints. It is not among the rule's outputs.
    threads : int
        Threads that the job may use.
    wildcards : mapping
        All wildcards of the rule, as text.
    """

    draw: int = 0
    split: str = ""
    seed: int = 0
    device: str = "cpu"
    version: int = 1
    checkpoints: Path | None = None
    threads: int = 1
    wildcards: Mapping[str, str] = field(default_factory=dict)
