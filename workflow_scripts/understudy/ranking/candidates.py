"""The candidates of a selection study as the models of a ranking study."""

import numpy as np
import pandas as pd

from understudy.ranking.predictions import Predictions, make_predictions


def candidate_predictions(rows: pd.DataFrame, labels: np.ndarray, classes: int) -> Predictions:
    """Return what the runs' last snapshots predict on one set.

    Parameters
    ----------
    rows
        Of table `predictions`, of one draw, split, regime and set.
    labels
        int64 [I], true labels in the order of the set's images.

    Raises
    ------
    StudyError
        No run has predictions, or a run's are not as many as the labels.

    """
    last = rows[rows["is_last"]].sort_values("run", kind="stable")
    return make_predictions(last["run"].tolist(), last["predicted"].tolist(), labels, classes, source="candidates")
