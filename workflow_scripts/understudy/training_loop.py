"""The loop around every long training: it continues an interrupted training exactly where its checkpoint left it."""

from torch import Tensor

from understudy.checkpoints import Checkpoints
from understudy.progress import progress


class Training:
    """A training under way, whatever is trained.

    Attributes
    ----------
    total : int
        Units of the whole training, as the progress bar counts them.
    done : int
        Units that are finished; it grows by at least one with each call of ``advance``.
    note : str
        What the progress line says, such as the current loss.
    history : list of dict
        Rows about the training, as JSON-able data.

    """

    total: int
    done: int = 0
    note: str = ""
    history: list[dict]

    def advance(self) -> None:
        """Do the next unit of work, and write whatever is due after it."""
        raise NotImplementedError

    def check_finite(self) -> None:
        """Raise a StudyError if a loss since the last check was not finite; work without a loss checks nothing."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return all tensors of the state by name; work without tensors has none."""
        return {}

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Take over what ``state_dict`` returned."""

    def log_dict(self) -> dict:
        """Return the rest of the state, but for the units that are done, as JSON-able data."""
        return {"history": self.history}

    def load_log_dict(self, log: dict) -> None:
        """Take over what ``log_dict`` returned."""
        self.history = log["history"]


def resume(training: Training, checkpoints: Checkpoints) -> None:
    """Load the newest checkpoint into ``training``; without one it starts at the beginning."""
    found = checkpoints.load()
    if found is not None:
        training.done, tensors, log = found
        training.load_log_dict(log)
        training.load_state_dict(tensors)


def save(training: Training, checkpoints: Checkpoints) -> None:
    """Write a checkpoint of ``training``, unless a loss is not finite."""
    training.check_finite()
    checkpoints.save(training.done, training.state_dict(), training.log_dict())


def train(training: Training, checkpoints: Checkpoints, title: str, unit: str = "step") -> None:
    """Resume ``training``, run it to its end, and save a checkpoint whenever one is due.

    The last state is not saved: the caller writes the results.
    """
    resume(training, checkpoints)
    with progress(training.total, title, unit, done=training.done) as bar:
        while training.done < training.total:
            before = training.done
            training.advance()
            bar.update(training.done - before, training.note)
            if checkpoints.due and training.done < training.total:
                save(training, checkpoints)
