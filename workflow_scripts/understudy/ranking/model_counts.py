"""How many models a calibration takes, and how many it must leave."""

from understudy.errors import StudyError
from understudy.statistics.rank_correlation import MIN_MODELS


def check_model_counts(models: int, calibration_models: int) -> None:
    """Check that of so many models enough calibrate, and enough are left to rank.

    Raises
    ------
    StudyError
        Fewer than two calibrate, or too few are left.
    """
    if calibration_models < 2 or models - calibration_models < MIN_MODELS:
        raise StudyError(
            f"ranking.calibration_models: {calibration_models} of {models} models were asked to calibrate; "
            f"at least 2 must, and at least {MIN_MODELS} must be left to rank"
        )
