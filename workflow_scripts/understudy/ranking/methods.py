"""The methods of calibration: their registry, which comparison, tables, figures and pages read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.calibration import Calibration, CalibrationData, uncalibrated
from understudy.ranking.ridge import ridge_calibrations

NO_PENALTY = np.nan
"""Stands for the penalty of a method that has none."""


@dataclass(frozen=True)
class Method:
    """A method of calibration.

    Attributes
    ----------
    label
        What figures and pages call it.
    description
        One sentence for pages.
    colour, marker
        Of its points in figures: the name of a colour in `understudy.plots.style`, and Matplotlib's marker.
    fit
        Calibrates with the models of known real risk, for each penalty if the method has penalties: returns pairs of
        penalty (else NaN) and calibration.

    """

    label: str
    description: str
    colour: str
    marker: str
    fit: Callable[[CalibrationData, Sequence[float]], list[tuple[float, Calibration]]]


def _plain(data: CalibrationData, penalties: Sequence[float]) -> list[tuple[float, Calibration]]:
    return [(NO_PENALTY, uncalibrated(data.image_weights))]


def _ridge(data: CalibrationData, penalties: Sequence[float]) -> list[tuple[float, Calibration]]:
    return list(zip(map(float, penalties), ridge_calibrations(data, penalties), strict=True))


def _adaptive(data: CalibrationData, penalties: Sequence[float]) -> list[tuple[float, Calibration]]:
    return [(NO_PENALTY, adaptive_calibration(data))]


METHODS = {
    "none": Method("no calibration", "The plain error on the set.", "GREY", "o", _plain),
    "ridge": Method(
        "ridge",
        "Each class's images weighted by ridge regression so that they give the calibration models' real errors (the "
        "paper's).",
        "BLUE",
        "s",
        _ridge,
    ),
    "adaptive": Method(
        "adaptive",
        "An average of the plain error and of calibrations that never count a wrong image in a model's favour, each "
        "weighing as much as it foretells errors of models left out.",
        "VERMILION",
        "D",
        _adaptive,
    ),
}
"""By their names in tables, in the order of tables and figures."""


def calibrations(data: CalibrationData, penalties: Sequence[float]) -> Iterator[tuple[str, float, Calibration]]:
    """Fit every method on the calibration models; yield its name, its penalty (NaN where it has none) and the fit."""
    for name, method in METHODS.items():
        for penalty, fit in method.fit(data, penalties):
            yield name, penalty, fit
