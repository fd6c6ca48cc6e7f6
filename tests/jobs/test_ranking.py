"""The jobs of a ranking by one's own prediction files: from files to tables, and every mistake in them is one line."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.ranking.made_up import predictions
from understudy.errors import StudyError
from understudy.jobs.context import JobContext
from understudy.jobs.ranking import rank_models, write_calibration_tables
from understudy.ranking.methods import METHODS
from understudy.ranking.settings import RankingSettings
from understudy.ranking.tables import SUMMARIES
from understudy.tables import read_table, write_table

SETTINGS = RankingSettings(
    calibration_models=4, calibration_counts=[3, 4], repeats=3, penalties=[1.0, 10.0]
).calibration_settings()
OUTPUTS = ("calibration_comparisons", "model_ranking", "image_weights")


def npz(path, seed: int, **changes) -> dict:
    """Write predictions of nine models on sixty images of three classes, changed; say where they lie."""
    made = predictions(seed)
    arrays = {"models": np.array(made.models), "predicted": made.predicted[:, :, 0], "labels": made.labels} | changes
    np.savez(path, **arrays)
    return {"files": [str(path)], "models": "models", "predicted": "predicted", "labels": "labels"}


def rank(folder, synthetic: dict, real: dict, classes=3, evaluations=(), **settings) -> dict:
    outputs = {name: folder / f"{name}.parquet" for name in OUTPUTS}
    if not {"real", "test"} & set(real):
        outputs.pop("calibration_comparisons")
    rank_models({"s": synthetic}, real, classes, evaluations, outputs, SETTINGS | settings, JobContext(threads=2))
    return outputs


def test_prediction_files_become_tables(tmp_path):
    outputs = rank(tmp_path, npz(tmp_path / "s.npz", 0), {"real": npz(tmp_path / "r.npz", 1)})
    names = ("model_ranking", *SUMMARIES)
    tables = {name: tmp_path / f"t_{name}.parquet" for name in names}
    tables |= {f"{name}_csv": tmp_path / f"t_{name}.csv" for name in names}
    write_calibration_tables(
        [outputs["calibration_comparisons"]], [outputs["model_ranking"]], tables, SETTINGS, JobContext()
    )
    found = {name: read_table(tables[name], name) for name in names}
    rows = found["calibration"]
    assert rows.loc[rows["set"] == "s", "method"].tolist() == list(METHODS)
    assert set(found["calibration_models"]["calibration_models"]) == {3, 4}
    assert set(found["calibration_penalties"]["penalty"]) == {1.0, 10.0}
    assert len(pd.read_csv(tables["model_ranking_csv"])) == len(found["model_ranking"]) == 3 * 9


def test_real_errors_of_a_few_models_calibrate_all(tmp_path):
    made = predictions(1)
    few = npz(tmp_path / "r.npz", 1, models=np.array(made.models[2:6]), predicted=made.predicted[2:6, :, 0])
    outputs = rank(tmp_path, npz(tmp_path / "s.npz", 0), {"calibration": few})
    ranking = read_table(outputs["model_ranking"], "model_ranking")
    assert set(ranking["method"]) == set(METHODS) and ranking["model"].nunique() == 9
    assert set(ranking.loc[ranking["calibrates"], "model"]) == set(made.models[2:6])


def test_a_model_that_failed_on_one_set_is_left_out_of_all(tmp_path):
    made = predictions(0)
    rows = pd.DataFrame({"set": "s", "model": made.models, "reason": "", "images": 60, "batch_size": 1})
    rows["top1_error"] = 0.5
    rows.loc[2, "reason"] = "it failed"
    write_table("model_evaluations", rows, tmp_path / "e.parquet")
    real = {"real": npz(tmp_path / "r.npz", 1)}
    outputs = rank(tmp_path, npz(tmp_path / "s.npz", 0), real, evaluations=[tmp_path / "e.parquet"])
    ranked = set(read_table(outputs["model_ranking"], "model_ranking")["model"])
    assert ranked == set(made.models) - {made.models[2]}


MADE = predictions(0)
TOP1 = MADE.predicted[:, :, 0]


MISTAKES = [
    (
        {"predicted": TOP1[:, :50]},
        r"s.npz: predictions of shape \[9, 50\] came with .* 60 true labels",
    ),
    (
        {"predicted": np.where(TOP1 == 1, 3, TOP1)},
        r"s.npz: predictions: .* labels out of range, 3 the first, of model m0, image \d+ .*; 0 to 2 allowed",
    ),
    ({"labels": MADE.labels - 1}, "s.npz: true labels: 20 labels out of range, -1 the first"),
    (
        {"models": np.array([*MADE.models[:8], "new"])},
        "with synthetic predictions only: new; with real ones only: m8",
    ),
    ({"models": np.array([*MADE.models[:8], "m0"])}, "s.npz: models m0 occur more than once"),
    ({"predicted": np.where(TOP1 == 1, np.nan, TOP1)}, "s.npz: predictions: .* values are NaN or infinite"),
    ({"predicted": np.array(["cat", "dog", "eel"])[TOP1]}, "s.npz: predictions: unknown classes cat, dog, eel"),
    ({"labels": MADE.labels % 2}, r"classes 2 have no images .* `ranking.drop_classes: true`"),
]


def test_a_mistake_in_a_file_is_one_line(tmp_path):
    real = {"real": npz(tmp_path / "r.npz", 1)}
    for changes, message in MISTAKES:
        with pytest.raises(StudyError, match=message) as raised:
            rank(tmp_path, npz(tmp_path / "s.npz", 0, **changes), real)
        assert "\n" not in str(raised.value)
    assert not list(tmp_path.glob("*.parquet"))


def test_a_class_without_synthetic_images_is_dropped_as_asked(tmp_path):
    synthetic = npz(tmp_path / "s.npz", 0, labels=MADE.labels % 2)
    outputs = rank(tmp_path, synthetic, {"real": npz(tmp_path / "r.npz", 1)}, drop_classes=True)
    assert set(read_table(outputs["image_weights"], "image_weights")["label"]) == {0, 1}


@pytest.mark.parametrize(("count", "message"), [(1, "1 of 9 models were asked to calibrate"), (7, "7 of 9 models")])
def test_too_few_models_to_calibrate_or_to_rank_are_one_line(tmp_path, count, message):
    with pytest.raises(StudyError, match=message):
        rank(tmp_path, npz(tmp_path / "s.npz", 0), {"real": npz(tmp_path / "r.npz", 1)}, calibration_models=count)


def test_a_number_of_calibration_models_that_leaves_too_few_is_told(tmp_path, capsys):
    outputs = rank(
        tmp_path, npz(tmp_path / "s.npz", 0), {"real": npz(tmp_path / "r.npz", 1)}, calibration_counts=[3, 7, 8]
    )
    assert "ranking.calibration_counts: 7, 8 left out of the tables: of 9 models" in capsys.readouterr().err
    rows = read_table(outputs["calibration_comparisons"], "calibration_comparisons")
    assert not set(rows["calibration_models"]) & {7, 8}


def test_lists_of_differing_lengths_in_parquet_are_one_line(tmp_path):
    pq.write_table(pa.table({"model": ["a", "b"], "predicted": [[0, 1, 2], [0, 1]]}), tmp_path / "p.parquet")
    pq.write_table(pa.table({"label": [0, 1, 2]}), tmp_path / "l.parquet")
    place = {"files": [str(tmp_path / "p.parquet")], "labels": str(tmp_path / "l.parquet")}
    with pytest.raises(StudyError, match=r"p.parquet: model b has 2 predictions, but there are 3 true labels"):
        rank(tmp_path, place, {"real": npz(tmp_path / "r.npz", 1)})
