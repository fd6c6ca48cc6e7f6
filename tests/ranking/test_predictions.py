"""Prediction files: both formats give the same, and every bad input is one clear line."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.errors import StudyError
from understudy.ranking.matching import check_same_models
from understudy.ranking.predictions import make_predictions, read_npz, read_parquet

MODELS = ["a", "b", "c"]
LABELS = np.array([0, 1, 2, 1])
TOP1 = np.array([[0, 1, 2, 1], [0, 0, 2, 2], [1, 2, 0, 0]])
TOP2 = np.stack([TOP1, (TOP1 + 1) % 3], axis=2)


def write_parquet(folder, predicted=TOP1, models=MODELS, labels=LABELS):
    pq.write_table(pa.table({"model": models, "predicted": [row.tolist() for row in predicted]}), folder / "p.parquet")
    pq.write_table(pa.table({"label": labels}), folder / "labels.parquet")
    return folder / "p.parquet", folder / "labels.parquet"


def test_errors_and_class_risks():
    predictions = make_predictions(MODELS, TOP2, LABELS, classes=3)
    np.testing.assert_array_equal(predictions.errors(), [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]])
    # Top 2: model b's second label for images 1 and 3 is 1 and 0; model c's are 2, 0, 1, 1.
    np.testing.assert_array_equal(predictions.errors(top=2), [[0, 0, 0, 0], [0, 0, 0, 1], [1, 1, 1, 0]])
    np.testing.assert_array_equal(predictions.class_risks(), [[0, 0, 0], [0, 1, 0], [1, 1, 1]])
    with pytest.raises(StudyError, match="2 labels per image"):
        predictions.errors(top=3)


@pytest.mark.parametrize("predicted", [TOP1, TOP2, TOP1.astype(float)])
def test_both_formats_give_the_same(tmp_path, predicted):
    np.savez(tmp_path / "p.npz", names=MODELS, pred_v4=predicted, y_v4=LABELS)
    from_npz = read_npz(tmp_path / "p.npz", 3, models="names", predicted="pred_v4", labels="y_v4")
    from_parquet = read_parquet(*write_parquet(tmp_path, predicted), classes=3)
    for read in (from_npz, from_parquet):
        assert read.models == tuple(MODELS)
        np.testing.assert_array_equal(read.predicted, predicted.reshape(3, 4, -1))
        np.testing.assert_array_equal(read.labels, LABELS)


def test_names_of_classes_become_their_numbers(tmp_path):
    names = np.array(["cat", "dog", "owl"])
    paths = write_parquet(tmp_path, names[TOP1], labels=names[LABELS])
    np.testing.assert_array_equal(read_parquet(*paths, classes=list(names)).predicted[:, :, 0], TOP1)
    with pytest.raises(StudyError, match="unknown classes owl; known are cat, dog"):
        read_parquet(*paths, classes=["cat", "dog"])


def test_models_are_matched_by_name():
    first, second = (make_predictions(names, TOP1, LABELS, 3) for names in (MODELS, ["c", "b", "a"]))
    check_same_models(first, second)
    np.testing.assert_array_equal(second.of_models(MODELS).predicted, first.predicted[::-1])
    with pytest.raises(StudyError, match="models d have no predictions here; there are a, b, c"):
        first.of_models(["a", "d"])
    with pytest.raises(StudyError, match="synthetic predictions only: c; with real ones only: d"):
        check_same_models(first, make_predictions(["a", "b", "d"], TOP1, LABELS, 3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": ["a", "b", "a"]}, "models a occur more than once"),
        ({"models": ["a", "b"]}, "2 names of models came with predictions of 3"),
        ({"predicted": TOP1[:, :3]}, "model a has 3 predictions, there are 4 true labels"),
        ({"predicted": [[0, 1, 2, 1], [0, 1, 2], [0, 1, 2, 1]]}, "model b has 3 predictions"),
        ({"predicted": TOP1 + 1}, "labels out of range, 3 the first; 0 to 2 allowed"),
        ({"predicted": TOP1 - 1}, "-1 the first"),
        ({"predicted": np.where(TOP1 == 0, np.nan, TOP1)}, "values are NaN"),
        ({"predicted": TOP1 + 0.5}, "aren't whole numbers"),
        ({"labels": [0, 1, 2, 7]}, "true labels: 1 labels out of range, 7"),
        ({"labels": []}, "3 models and true labels of shape"),
        ({"predicted": [[[0, 1], [1]], [[0, 1], [1]], [[0], [1]]], "labels": [0, 1]}, "labels per image differ"),
    ],
)
def test_bad_predictions_are_named(change, message):
    given = {"models": MODELS, "predicted": TOP1, "labels": LABELS, "classes": 3, "source": "mine.npz"} | change
    with pytest.raises(StudyError, match=f"mine.npz.*{message}"):
        make_predictions(**given)


def test_bad_files_are_named(tmp_path):
    (tmp_path / "text").write_text("models")
    np.savez(tmp_path / "p.npz", models=MODELS)
    np.savez(tmp_path / "objects.npz", models=np.array(MODELS, dtype=object), predicted=TOP1, labels=LABELS)
    pq.write_table(pa.table({"model": MODELS}), tmp_path / "p.parquet")
    for path in ("absent", "text", "objects.npz"):
        with pytest.raises(StudyError, match=f"{path}: not readable as an npz"):
            read_npz(tmp_path / path, 3)
    with pytest.raises(StudyError, match="no arrays predicted, labels; the file has models"):
        read_npz(tmp_path / "p.npz", 3)
    with pytest.raises(StudyError, match="no columns label; the file has model"):
        read_parquet(tmp_path / "p.parquet", tmp_path / "p.parquet", 3)
    with pytest.raises(StudyError, match="not readable as parquet"):
        read_parquet(tmp_path / "text", tmp_path / "text", 3)


def test_a_null_row_is_named(tmp_path):
    _, labels = write_parquet(tmp_path)
    pq.write_table(pa.table({"model": ["a", "b"], "predicted": [[0, 1, 2, 1], None]}), tmp_path / "null.parquet")
    with pytest.raises(StudyError, match="predictions are null"):
        read_parquet(tmp_path / "null.parquet", labels, 3)
