import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.errors import StudyError
from understudy.schemas import CONTENTS, SCHEMAS
from understudy.tables import TYPES, read_table, read_tables, write_table


def scores() -> pd.DataFrame:
    rows = [("a.safetensors", 1000, 3.5, False), ("b.safetensors", 2000, 1.25, True)]
    return pd.DataFrame(rows, columns=["snapshot", "images_seen", "fid", "selected"])


def test_schemas_are_well_formed():
    for name, schema in SCHEMAS.items():
        columns = [column for column, _, _ in schema]
        assert len(columns) == len(set(columns)), name
        assert all(kind in TYPES and meaning for _, kind, meaning in schema), name
    assert SCHEMAS.keys() == CONTENTS.keys()
    meanings = {column: meaning for column, _, meaning in SCHEMAS["protocol_comparison"]}
    assert meanings["regret_ci_low"] == "test: lower end of the interval of regret"
    assert meanings["ci_high"] == "test: upper end of that interval"


def test_round_trip_with_meanings(tmp_path):
    path = tmp_path / "snapshot_scores.parquet"
    write_table("snapshot_scores", scores(), path)
    pd.testing.assert_frame_equal(read_table(path, "snapshot_scores"), scores(), check_dtype=False)
    assert pq.read_schema(path).field("fid").metadata[b"meaning"].startswith(b"Frechet distance")


def test_columns_come_in_the_schemas_order_and_bytes_depend_on_content_alone(tmp_path):
    write_table("snapshot_scores", scores(), tmp_path / "a.parquet")
    shuffled = scores()[["selected", "fid", "snapshot", "images_seen"]].set_index(pd.Index([5, 9]))
    write_table("snapshot_scores", shuffled, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_missing_unknown_and_wrong_columns_are_named(tmp_path):
    with pytest.raises(StudyError, match=r"missing columns \['fid'\]"):
        write_table("snapshot_scores", scores().drop(columns="fid"), tmp_path / "a.parquet")
    with pytest.raises(StudyError, match=r"unknown \['more'\]"):
        write_table("snapshot_scores", scores().assign(more=1), tmp_path / "a.parquet")
    with pytest.raises(StudyError, match="snapshot_scores"):
        write_table("snapshot_scores", scores().assign(fid="far"), tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


def test_test_columns_may_be_left_out_together_only_by_name(tmp_path):
    optional = [column for column, _, meaning in SCHEMAS["selection_gain"] if meaning.startswith("test:")]
    assert {"test_error", "gain"} <= set(optional)
    kept = {column: [] for column, _, _ in SCHEMAS["selection_gain"] if column not in optional}
    write_table("selection_gain", pd.DataFrame(kept), tmp_path / "gain.parquet")
    assert "gain" not in read_table(tmp_path / "gain.parquet").columns


def test_foreign_and_truncated_files_are_named(tmp_path):
    path = tmp_path / "scores.parquet"
    write_table("snapshot_scores", scores(), path)
    with pytest.raises(StudyError, match="not a table counts but snapshot_scores"):
        read_table(path, "counts")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(StudyError, match="a foreign file"):
        read_table(tmp_path / "foreign.parquet", "counts")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StudyError, match=r"scores\.parquet is not a readable parquet file"):
        read_tables([path], "snapshot_scores")


def test_csv_holds_the_same(tmp_path):
    write_table("snapshot_scores", scores(), tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "scores.csv"), scores())
