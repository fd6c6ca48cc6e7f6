"""Mutations of tables of predictions, in parquet and CSV."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.input_mutations.cases import Case, Reads, Refuses, mutation
from benchmarks.input_mutations.predictions import Answers, answers

KIND = "prediction tables"


def long_table(given: Answers) -> pd.DataFrame:
    """Return a row for each model and image, with its true label."""
    models, images = len(given.models), len(given.labels)
    return pd.DataFrame(
        {
            "model": np.repeat(given.models, images),
            "image": np.tile(given.ids, models),
            "predicted": given.predicted.ravel(),
            "label": np.tile(given.labels, models),
        }
    )


def wide_table(given: Answers) -> pd.DataFrame:
    """Return a row for each image, and a column for each model."""
    return pd.DataFrame({"image": given.ids, "label": given.labels, **dict(zip(given.models, given.predicted))})  # noqa: B905


def written(given: Answers, table: pd.DataFrame | pa.Table, **options: Any) -> Path:
    """Write a table as parquet, or as CSV where options of that are given or by chance."""
    if isinstance(table, pa.Table) or (not options and given.rng.random() < 0.5):
        path = given.folder / "p.parquet"
        pq.write_table(table, path) if isinstance(table, pa.Table) else table.to_parquet(path)
        return path
    path = given.folder / "p.csv"
    table.to_csv(path, **({"index": False} | options))
    return path


def truth(given: Answers, ids: bool = True) -> Path:
    """Write the true labels into a table of their own, their images in any order."""
    table = pd.DataFrame({"image": given.ids, "label": given.labels} if ids else {"label": given.labels})
    path = given.folder / "truth.csv"
    (table.sample(frac=1, random_state=int(given.rng.integers(99))) if ids else table).to_csv(path, index=False)
    return path


@mutation(KIND)
def long_in_any_order(rng: np.random.Generator, folder: Path) -> Case:
    """A row for each model and image, in any order of rows and columns, with others beside them."""
    given = answers(rng, folder)
    table = long_table(given).sample(frac=1, random_state=int(rng.integers(99)))
    table["probability"] = rng.random(len(table))
    table = table[[str(name) for name in rng.permutation(table.columns)]]
    return Reads(given.read(written(given, table)), given.values())


@mutation(KIND)
def labels_apart(rng: np.random.Generator, folder: Path) -> Case:
    """True labels in a table of their own, in another order, matched by the image."""
    given = answers(rng, folder)
    table = long_table(given).drop(columns="label").sample(frac=1, random_state=int(rng.integers(99)))
    return Reads(given.read(written(given, table), truth(given)), given.values())


@mutation(KIND)
def form_of_csv(rng: np.random.Generator, folder: Path) -> Case:
    """Semicolons, tabs, a byte-order mark, CRLF, quotes, pandas's numbers of rows."""
    given = answers(rng, folder)
    table = long_table(given) if rng.random() < 0.5 else wide_table(given)
    options = {
        "sep": str(rng.choice([",", ";", "\t"])),
        "encoding": str(rng.choice(["utf-8", "utf-8-sig"])),
        "lineterminator": str(rng.choice(["\n", "\r\n"])),
        "quoting": int(rng.choice([0, 1])),
        "index": bool(rng.random() < 0.4),
    }
    return Reads(given.read(written(given, table, **options)), given.values())


@mutation(KIND)
def column_for_each_model(rng: np.random.Generator, folder: Path) -> Case:
    """A column for each model, in any order of columns and rows."""
    given = answers(rng, folder)
    table = wide_table(given).sample(frac=1, random_state=int(rng.integers(99)))
    if rng.random() < 0.5:
        return Reads(given.read(written(given, table.drop(columns="label")), truth(given)), given.values())
    return Reads(given.read(written(given, table[[*rng.permutation(table.columns)]])), given.values())


@mutation(KIND)
def types_of_columns(rng: np.random.Generator, folder: Path) -> Case:
    """Text, categories, floats, decimals: pandas, polars and R write all of these."""
    given = answers(rng, folder)
    table = long_table(given)
    table["model"] = table["model"].astype(rng.choice(["category", "string", "object"]))
    table["image"] = table["image"].astype(rng.choice(["category", "string"]))
    for name in ("predicted", "label"):
        table[name] = table[name].astype(str(rng.choice(["int8", "uint16", "float32", "Int64", "str", "category"])))
    table.to_parquet(folder / "p.parquet")
    return Reads(given.read(folder / "p.parquet"), given.values())


@mutation(KIND)
def types_of_arrow(rng: np.random.Generator, folder: Path) -> Case:
    """Arrow's text in its many types, dictionaries that differ between row groups."""
    given = answers(rng, folder)
    table = pa.Table.from_pandas(long_table(given), preserve_index=False)
    kinds = [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    for name in ("model", "image"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(kinds[rng.integers(3)]))
    pq.write_table(table, folder / "p.parquet", row_group_size=int(rng.integers(7, 99)))
    return Reads(given.read(folder / "p.parquet"), given.values())


@mutation(KIND)
def row_for_each_model(rng: np.random.Generator, folder: Path) -> Case:
    """A list for each model, in any of Arrow's forms, with identifiers in an order of its own at times."""
    given = answers(rng, folder)
    orders = [rng.permutation(len(given.labels)) for _ in given.models]
    kinds = [
        pa.list_(pa.int64()),
        pa.large_list(pa.int8()),
        pa.list_(pa.uint16(), len(given.labels)),
        pa.list_(pa.float32()),
        pa.list_view(pa.int32()),
    ]
    kind = kinds[rng.integers(len(kinds))]
    named = rng.random() < 0.6
    rows = [row[order] if named else row for row, order in zip(given.predicted, orders, strict=True)]
    columns = {"model": given.models, "predicted": pa.array([row.tolist() for row in rows], kind)}
    if named:
        columns["images"] = pa.array([given.ids[order].tolist() for order in orders])
    pq.write_table(pa.table(columns), folder / "p.parquet")
    return Reads(given.read(folder / "p.parquet", truth(given, ids=named)), given.values())


@mutation(KIND)
def lists_of_best(rng: np.random.Generator, folder: Path) -> Case:
    """The k best labels of each image, by model or by model and image."""
    given = answers(rng, folder, classes=6)
    best = given.best(int(rng.integers(2, 5)))
    if rng.random() < 0.5:
        columns = {"model": given.models, "predicted": [row.tolist() for row in best]}
        pq.write_table(pa.table(columns), folder / "p.parquet")
        return Reads(given.read(folder / "p.parquet", truth(given, ids=False)), given.values(best))
    flat = best.reshape(-1, best.shape[2])
    table = pa.Table.from_pandas(long_table(given).drop(columns="predicted"), preserve_index=False)
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), flat.shape[1])
    column = fixed if rng.random() < 0.5 else pa.array(flat.tolist())
    table = table.append_column("predicted", column)
    return Reads(given.read(written(given, table)), given.values(best))


@mutation(KIND)
def several_files(rng: np.random.Generator, folder: Path) -> Case:
    """Models in two files, whose images have orders of their own."""
    given = answers(rng, folder)
    table, cut = long_table(given).drop(columns="label"), int(rng.integers(1, len(given.models)))
    first = table["model"].isin(given.models[:cut])
    for name, rows in (("a.csv", table[first]), ("b.csv", table[~first])):
        rows.sample(frac=1, random_state=int(rng.integers(99))).to_csv(folder / name, index=False)
    return Reads(given.read([folder / "a.csv", folder / "b.csv"], truth(given)), given.values())


@mutation(KIND)
def names_of_classes(rng: np.random.Generator, folder: Path) -> Case:
    """Names in place of numbers; `NA`, `null` and numbers as names of classes, which pandas would change."""
    given = answers(rng, folder, classes=4)
    names = np.array([str(name) for name in rng.permutation(["NA", "null", "nan", "True", "10", "two words"])[:4]])
    given.classes = names.tolist()
    table = long_table(given)
    table["predicted"], table["label"] = names[table["predicted"]], names[table["label"]]
    return Reads(given.read(written(given, table)), given.values())


@mutation(KIND)
def numbers_as_identifiers(rng: np.random.Generator, folder: Path) -> Case:
    """Images called by numbers, of one type in the predictions and of another in the true labels."""
    given = answers(rng, folder)
    count, gaps = len(given.labels), bool(rng.random() < 0.5)
    given.ids = np.sort(rng.permutation(500)[:count]) if gaps else np.arange(count) + int(rng.integers(3))
    table = long_table(given).drop(columns="label").sample(frac=1, random_state=int(rng.integers(99)))
    table["image"] = table["image"].astype(str(rng.choice(["int32", "uint16", "str", "category"])))
    path = written(given, table)
    if rng.random() < 0.5:
        return Reads(given.read(path, truth(given)), given.values())
    # Without identifiers, true labels are in the order of numbers without gaps; with gaps nobody knows.
    read = given.read(path, truth(given, ids=False))
    return Refuses(read, "in no rising order") if gaps else Reads(read, given.values())


@mutation(KIND)
def leading_zeros(rng: np.random.Generator, folder: Path) -> Case:
    """Images and models called 007 and 7, which are two."""
    given = answers(rng, folder)
    given.ids = np.array([f"{number:03d}" for number in range(len(given.ids) - 1)] + ["7"])
    given.models = np.array(["07", "7", *given.models[2:]])
    table = long_table(given).drop(columns="label").sample(frac=1, random_state=int(rng.integers(99)))
    return Reads(given.read(written(given, table), truth(given)), given.values())


@mutation(KIND)
def floats_in_csv(rng: np.random.Generator, folder: Path) -> Case:
    """Whole numbers with a point, as pandas writes a column that once had gaps."""
    given = answers(rng, folder)
    table = long_table(given) if rng.random() < 0.5 else wide_table(given)
    names = [name for name in table.columns if name not in ("model", "image")]
    table[names] = table[names].astype(float)
    return Reads(given.read(written(given, table, sep=",")), given.values())


@mutation(KIND)
def models_as_columns(rng: np.random.Generator, folder: Path) -> Case:
    """Columns whose names are numbers, have delimiters or quotes."""
    given = answers(rng, folder)
    pool = ["1", "2", "a,b", 'x "y"', "a;b", "resnet-50 (v2)", "ü", "index", "id"]
    given.models = rng.permutation(pool)[: len(given.models)]
    return Reads(given.read(written(given, wide_table(given), sep=str(rng.choice([",", ";"])))), given.values())
