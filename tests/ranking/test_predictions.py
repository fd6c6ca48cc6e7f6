"""Predictions and prediction files: both formats give the same, and every bad input is one clear line."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.errors import StudyError
from understudy.ranking.matching import check_same_models
from understudy.ranking.prediction_formats import FORMATS, read_npz, read_set, read_tables
from understudy.ranking.predictions import make_predictions

MODELS = ["a", "b", "c"]
LABELS = np.array([0, 1, 2, 1])
TOP1 = np.array([[0, 1, 2, 1], [0, 0, 2, 2], [1, 2, 0, 0]])
TOP2 = np.stack([TOP1, (TOP1 + 1) % 3], axis=2)


def npz(path, models="models", predicted="predicted", labels="labels"):
    return {"files": [str(path)], "models": models, "predicted": predicted, "labels": labels}


def parquet(path, labels):
    return {"files": [str(path)], "labels": str(labels)}


def write_parquet(folder, predicted=TOP1, models=MODELS, labels=LABELS):
    pq.write_table(pa.table({"model": models, "predicted": [row.tolist() for row in predicted]}), folder / "p.parquet")
    pq.write_table(pa.table({"label": labels}), folder / "labels.parquet")
    return parquet(folder / "p.parquet", folder / "labels.parquet")


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
    sets = {"n": npz(tmp_path / "p.npz", "names", "pred_v4", "y_v4"), "p": write_parquet(tmp_path, predicted)}
    assert set(FORMATS) == {".npz", ".parquet", ".csv"}
    for name in sets:
        read = read_set(name, sets, 3, None)
        assert read.models == tuple(MODELS)
        np.testing.assert_array_equal(read.predicted, predicted.reshape(3, 4, -1))
        np.testing.assert_array_equal(read.labels, LABELS)


def test_names_of_classes_become_their_numbers(tmp_path):
    names = np.array(["cat", "dog", "owl"])
    paths = write_parquet(tmp_path, names[TOP1], labels=names[LABELS])
    np.testing.assert_array_equal(read_tables(paths, list(names)).predicted[:, :, 0], TOP1)
    with pytest.raises(StudyError, match="unknown classes owl; known are cat, dog"):
        read_tables(paths, ["cat", "dog"])


def test_models_are_matched_by_name():
    first, second = (make_predictions(names, TOP1, LABELS, 3) for names in (MODELS, ["c", "b", "a"]))
    check_same_models(first, second)
    np.testing.assert_array_equal(second.of_models(MODELS).predicted, first.predicted[::-1])
    with pytest.raises(StudyError, match="models d have no predictions here; there are a, b, c"):
        first.of_models(["a", "d"])
    with pytest.raises(StudyError, match="synthetic predictions only: c; with real ones only: d"):
        check_same_models(first, make_predictions(["a", "b", "d"], TOP1, LABELS, 3))


BAD_PREDICTIONS = [
    ({"models": ["a", "b", "a"]}, "models a occur more than once"),
    ({"models": ["a", "b"]}, r"shape \[3, 4\] came with 2 names of models .*\[models, images\], \[2, 4\], or"),
    ({"labels": LABELS[:3]}, r"shape \[3, 4\] .* and 3 true labels; .*: give every model one prediction, and one"),
    ({"predicted": TOP1.T}, r"shape \[4, 3\] .*\[3, 4\], or \[models, images, 5\].*they seem transposed: save"),
    ({"predicted": TOP2.swapaxes(0, 1)}, r"shape \[4, 3, 2\] .*they seem transposed"),
    ({"predicted": LABELS}, r"shape \[4\] came with 3 names"),
    ({"predicted": [[0, 1, 2, 1], [0, 1, 2], [0, 1, 2, 1]]}, "model b has 3 predictions, .* 4 true labels; give"),
    (
        {"predicted": TOP1 + 1},
        r"labels out of range, 3 the first, of model a, image 2 .*; .*: they seem to begin at 1",
    ),
    ({"predicted": TOP2 - (TOP2 == 0)}, "-1 the first, of model a, image 0"),
    ({"predicted": np.where(TOP1 == 2, np.nan, TOP1)}, "4 values are NaN .* first of model a, image 2 .*; give"),
    ({"labels": [0, 1, np.nan, 1]}, "true labels: 1 values are NaN .* first of image 2 "),
    ({"predicted": TOP1 + 0.5}, "aren't whole numbers"),
    ({"labels": [0, 1, 2, 7]}, "true labels: 1 labels out of range, 7 the first, of image 3 "),
    ({"labels": []}, r"true labels have shape \[0\]; give one label for each image"),
    ({"predicted": [[[0, 1], [1]], [[0, 1], [1]], [[0], [1]]], "labels": [0, 1]}, "labels per image differ"),
]


def test_bad_predictions_are_named():
    given = {"models": MODELS, "predicted": TOP1, "labels": LABELS, "classes": 3, "source": "mine.npz"}
    for change, message in BAD_PREDICTIONS:
        with pytest.raises(StudyError, match=f"mine.npz.*{message}"):
            make_predictions(**given | change)


def test_bad_files_are_named(tmp_path):
    (tmp_path / "text").write_text("models")
    np.savez(tmp_path / "p.npz", models=MODELS)
    np.savez(tmp_path / "objects.npz", models=np.array(MODELS, dtype=object), predicted=TOP1, labels=LABELS)
    pq.write_table(pa.table({"model": MODELS}), tmp_path / "p.parquet")
    np.save(tmp_path / "single.npy", TOP1)
    (tmp_path / "empty").touch()
    for path in ("text", "single.npy", "empty"):
        with pytest.raises(StudyError, match=rf"{path}: no npz file, or a damaged one; write it anew .* labels\)$"):
            read_npz(npz(tmp_path / path), 3)
    with pytest.raises(StudyError, match=r"absent: not readable .*; correct the path"):
        read_npz(npz(tmp_path / "absent"), 3)
    with pytest.raises(StudyError, match=r"array models holds Python objects.*numpy\.array\(models, dtype=str\)"):
        read_npz(npz(tmp_path / "objects.npz"), 3)
    with pytest.raises(StudyError, match="no arrays predicted, labels; the file has models"):
        read_npz(npz(tmp_path / "p.npz"), 3)
    with pytest.raises(StudyError, match="no columns label; the file has model"):
        read_tables(parquet(tmp_path / "p.parquet", tmp_path / "p.parquet"), 3)
    with pytest.raises(StudyError, match=r"text: no parquet file, or a damaged one; write it anew \(columns: label\)$"):
        read_tables(parquet(tmp_path / "text", tmp_path / "text"), 3)
    with pytest.raises(StudyError, match=r"not readable as parquet .*; correct the path"):
        read_tables(parquet(tmp_path / "absent", tmp_path / "absent"), 3)


def test_a_null_row_is_named(tmp_path):
    labels = write_parquet(tmp_path)["labels"]
    pq.write_table(pa.table({"model": ["a", "b"], "predicted": [[0, 1, 2, 1], None]}), tmp_path / "null.parquet")
    with pytest.raises(StudyError, match="predictions are null"):
        read_tables(parquet(tmp_path / "null.parquet", labels), 3)
