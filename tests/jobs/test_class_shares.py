"""The job that says what classes count for, and the plan's early look at given shares."""

import numpy as np
import pytest

from tests.studies import small_study
from understudy import plan_checks
from understudy.config import load_study
from understudy.data.shards import write_images
from understudy.errors import StudyError
from understudy.files import write_json
from understudy.jobs.choices import write_class_shares
from understudy.jobs.context import JobContext
from understudy.plan import Plan
from understudy.tables import read_table


@pytest.mark.parametrize(
    ("selection", "share", "real"),
    [
        ({}, [0.75, 0.25], [np.nan] * 2),
        ({"metric": "balanced_error"}, [0.5, 0.5], [0.5, 0.5]),
        ({"class_shares": {"cat": 0.9, "dog": 0.1}}, [0.9, 0.1], [0.9, 0.1]),
    ],
)
def test_shares_are_those_of_the_training_images_unless_others_are_given(selection, share, real, tmp_path):
    write_images(tmp_path / "train.parquet", np.zeros((8, 1, 4, 4), np.uint8), np.repeat([0, 1], [6, 2]))
    write_json(tmp_path / "classes.json", {"classes": ["cat", "dog"]})
    settings = load_study(small_study(selection=selection)).selection.share_settings()
    context, path = JobContext(split="S"), tmp_path / "class_shares.parquet"
    write_class_shares(tmp_path / "train.parquet", tmp_path / "classes.json", settings, path, context)
    table = read_table(path, "class_shares")
    np.testing.assert_allclose(table["share"], share)
    np.testing.assert_allclose(table["real_share"], real)
    assert table["images"].tolist() == [6, 2] and table["class"].tolist() == ["cat", "dog"]


def test_shares_of_too_few_classes_are_told_before_any_job():
    study = load_study(small_study(selection={"class_shares": {"0": 0.5, "1": 0.5}}))
    with pytest.raises(StudyError, match="2 shares, but the data has 10 classes"):
        plan_checks.check_shares(Plan(study))
