"""Which models a job evaluates. No torch import but where a filter asks timm for its list."""

from understudy.zoo.settings import ZooSettings


def model_batches(settings: ZooSettings, classes: int, study_seed: int) -> dict[str, list[str]]:
    """Return the names of the models that each job evaluates, by the batch's name.

    Raises
    ------
    StudyError
        See `understudy.zoo.models.model_names`.

    """
    if settings.filter is None:
        names = [*settings.names, *settings.checkpoints]
    else:
        # Imported here: timm's list takes seconds that no other study needs.
        from understudy.zoo.models import model_names

        names = model_names(settings, classes, study_seed)
    size = settings.models_per_job
    return {f"block{start // size:03d}": names[start : start + size] for start in range(0, len(names), size)}
