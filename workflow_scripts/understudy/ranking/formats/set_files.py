"""The paths and column names that a reader of predictions needs for one set."""

from typing import TypedDict

ARRAY = "labels"
"""Default of the key `labels`: of an npz file the array's name, of a table its own column `label`."""


class SetFiles(TypedDict, total=False):
    """Where a set's predictions lie; as :meth:`understudy.ranking.plan.RankingPlan.given_sets` gives it.

    Either `of`, the names of the sets that it unites, or `files` and `labels`: tables of predictions and the table of
    true labels; or one npz file and the names of its arrays `models`, `predicted`, `labels` and `images`.
    """

    of: list[str]
    files: list[str]
    labels: str
    models: str
    predicted: str
    images: str
