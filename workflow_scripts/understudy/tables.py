"""Parquet tables with a schema each: columns, types and meanings, checked on write.

A file's bytes depend on its content alone, so that two equal runs give equal files. Each column carries its meaning in
the file (``pyarrow.parquet.read_schema(path).field("gain").metadata``).
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from understudy.errors import StudyError
from understudy.files import writing
from understudy.schemas import CONTENTS, SCHEMAS, Column

TYPES = {
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "bool": pa.bool_(),
    "list<str>": pa.list_(pa.string()),
    "list<int>": pa.list_(pa.int64()),
    "list<int16>": pa.list_(pa.int16()),
    "list<list<int16>>": pa.list_(pa.list_(pa.int16())),
    "list<float32>": pa.list_(pa.float32()),
}


def arrow_schema(name: str, columns: Sequence[str] | None = None) -> pa.Schema:
    """Return the Arrow schema of the table called ``name``, cut to ``columns`` where given."""
    fields = [
        pa.field(column, TYPES[kind], metadata={"meaning": meaning})
        for column, kind, meaning in _spelled_out(name, columns or [])
        if columns is None or column in columns
    ]
    return pa.schema(fields, metadata={"table": name})


def _spelled_out(name: str, columns: Sequence[str]) -> list[Column]:
    """Return a table's schema; a column whose name ends with ``*`` stands for all those of ``columns`` that fit it."""
    found = []
    for column, kind, meaning in SCHEMAS[name]:
        fitting = [other for other in columns if fnmatchcase(other, column)] if column.endswith("*") else [column]
        found += [(other, kind, meaning) for other in fitting]
    return found


def write_table(name: str, frame: pd.DataFrame, path: str | Path, version: int | None = None) -> None:
    """Write ``frame`` as the table called ``name``, whole or not at all; a ``.csv`` path gives the same as CSV.

    Columns are put into the schema's order. A study without a test set leaves out columns whose schema meaning begins
    with "test:"; every other column must be there, and no other may be. Missing values (NaN, None) are kept as such in
    a column of any type. ``version``, that of the stage which made the table, is kept in the file's metadata as
    ``stage_version``.

    Raises
    ------
    StudyError
        If columns are missing or unknown, or a value doesn't fit its type.
    """
    columns = _spelled_out(name, list(frame.columns))
    optional = {column for column, _, meaning in columns if meaning.startswith("test:")}
    known = [column for column, _, _ in columns]
    missing = [column for column in known if column not in frame.columns and column not in optional]
    unknown = [column for column in frame.columns if column not in known]
    if missing or unknown:
        raise StudyError(f"table {name} ({path}): missing columns {missing}, unknown {unknown}; known: {known}")
    schema = arrow_schema(name, list(frame.columns))
    try:
        table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise StudyError(f"table {name} ({path}): {error}") from error
    with writing(path) as temporary:
        if temporary.suffix == ".csv":
            frame[schema.names].to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
        else:
            # Pandas' own metadata names its version and would make equal tables differ between installations.
            metadata = schema.metadata | ({"stage_version": str(version)} if version is not None else {})
            pq.write_table(table.replace_schema_metadata(metadata), temporary, compression="zstd")


def read_table(path: str | Path, name: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table; with ``name``, check that it is that table.

    Raises
    ------
    StudyError
        If the file is missing, truncated, not parquet, or another table than ``name``.
    """
    try:
        with pq.ParquetFile(path) as file:
            found = (file.schema_arrow.metadata or {}).get(b"table", b"").decode()
            if name is not None and found != name:
                raise StudyError(f"{path} is not a table {name} but {found or 'a foreign file'}; remove it")
            return file.read(columns=columns).to_pandas()
    except FileNotFoundError as error:
        raise StudyError(f"{path} does not exist") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise StudyError(f"{path} is not a readable parquet file ({error}); delete it and run again") from error


def read_tables(paths: Sequence[str | Path], name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read tables of one kind and put them one below the other, in the order of ``paths``."""
    return pd.concat([read_table(path, name, columns) for path in paths], ignore_index=True)


def describe_tables() -> str:
    """Return the documentation of all tables as Markdown, generated from the schemas."""
    parts = ["# Tables\n\nGenerated from the schemas by `make docs`; do not edit.\n"]
    for name, columns in SCHEMAS.items():
        rows = "\n".join(f"| `{column}` | {kind} | {meaning} |" for column, kind, meaning in columns)
        parts.append(f"## `{name}`\n\n{CONTENTS[name]}\n\n| column | type | meaning |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)
