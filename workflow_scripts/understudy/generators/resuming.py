"""The loop around a generator's training, whatever its kind: it goes on where an interrupted one stopped, exactly."""

from typing import Protocol

from torch import Tensor

from understudy.checkpoints import Checkpoints
from understudy.progress import progress


class Training(Protocol):
    """A training under way.

    Attributes
    ----------
    steps, done : int
        Steps to take, and those taken.
    history : list of dict
        JSON-able rows.
    note : str
        What progress lines say of it.

    """

    steps: int
    done: int
    history: list[dict]
    note: str

    def advance(self) -> None:
        """Take one step, and whatever is due after it."""

    def check_finite(self) -> None:
        """Raise a StudyError if a loss was not finite of late."""

    def tensors(self) -> dict[str, Tensor]:
        """Return the whole state, but for the history and the number of steps done."""

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what :meth:`tensors` returned."""


def train_to_end(training: Training, checkpoints: Checkpoints, title: str) -> None:
    """Take the steps that are left since the newest checkpoint, if there is one, and save more on the way.

    A state whose losses are not finite is never saved. Nor is the last one: what it gives is written by the caller.
    """
    found = checkpoints.load()
    if found is not None:
        training.done, tensors, state = found
        training.history = state["history"]
        training.load(tensors)
    with progress(training.steps, title, "step", done=training.done) as bar:
        while training.done < training.steps:
            training.advance()
            bar.update(note=training.note)
            if checkpoints.due and training.done < training.steps:
                training.check_finite()
                checkpoints.save(training.done, training.tensors(), {"history": training.history})
