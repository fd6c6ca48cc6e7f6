"""Mistakes in tables of predictions: each is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.input_mutations.cases import Case, Refuses, mutation
from benchmarks.input_mutations.prediction_tables import long_table, truth, wide_table, written
from benchmarks.input_mutations.predictions import answers

KIND = "prediction tables"


@mutation(KIND)
def ragged(rng: np.random.Generator, folder: Path) -> Case:
    """Lists of different lengths."""
    given = answers(rng, folder)
    rows = given.predicted.tolist()
    rows[rng.integers(len(rows))].pop()
    pq.write_table(pa.table({"model": given.models, "predicted": rows}), folder / "p.parquet")
    return Refuses(given.read(folder / "p.parquet", truth(given, ids=False)), "predictions")


@mutation(KIND)
def row_missing_or_again(rng: np.random.Generator, folder: Path) -> Case:
    """A row of one model and image is missing, or there twice."""
    given = answers(rng, folder)
    table = long_table(given)
    place = int(rng.integers(len(table)))
    again = rng.random() < 0.5
    table = pd.concat([table, table.iloc[[place]]]) if again else table.drop(index=place)
    return Refuses(given.read(written(given, table)), f"{2 if again else 0} rows for model")


@mutation(KIND)
def two_labels(rng: np.random.Generator, folder: Path) -> Case:
    """An image with one true label in one row and another in the next."""
    given = answers(rng, folder)
    table = long_table(given)
    place = int(rng.integers(len(table)))
    table.loc[place, "label"] = (table.loc[place, "label"] + 1) % given.count
    return Refuses(given.read(written(given, table)), "two labels")


@mutation(KIND)
def other_images(rng: np.random.Generator, folder: Path) -> Case:
    """Images of the predictions and of the true labels that aren't the same."""
    given = answers(rng, folder)
    table = long_table(given).drop(columns="label")
    place = given.ids[rng.integers(len(given.ids))]
    table = table[table["image"] != place] if rng.random() < 0.5 else table.replace({"image": {place: "x"}})
    return Refuses(given.read(written(given, table), truth(given)), "its images are not those of")


@mutation(KIND)
def empty_cells(rng: np.random.Generator, folder: Path) -> Case:
    """A prediction, label, model or image that is missing."""
    given = answers(rng, folder)
    table, column = long_table(given).astype(object), str(rng.choice(["predicted", "model", "image"]))
    table.loc[int(rng.integers(len(table))), column] = None
    return Refuses(given.read(written(given, table)), "give every image a label" if column == "predicted" else "empty")


@mutation(KIND)
def unfit_columns(rng: np.random.Generator, folder: Path) -> Case:
    """A column that is missing, or there twice."""
    given = answers(rng, folder)
    table = long_table(given)
    kind = rng.integers(3)
    if kind == 0:
        return Refuses(
            given.read(written(given, table.rename(columns={"predicted": "prediction"}))), "no columns predicted"
        )
    if kind == 1:
        return Refuses(given.read(written(given, table.drop(columns="label"))), "label")
    (folder / "p.csv").write_text(table.to_csv(index=False).replace("label", "model", 1))
    return Refuses(given.read(folder / "p.csv"), "more than once")


@mutation(KIND)
def shifted(rng: np.random.Generator, folder: Path) -> Case:
    """Predictions counted from 1, as R and Matlab do, the true labels from 0."""
    given = answers(rng, folder)
    table = long_table(given) if rng.random() < 0.5 else wide_table(given)
    names = [name for name in table.columns if name not in ("model", "image", "label")]
    table[names] += 1
    return Refuses(given.read(written(given, table)), "begin at 1")


@mutation(KIND)
def broken_file(rng: np.random.Generator, folder: Path) -> Case:
    """Cut short, emptied, in another encoding, or something else."""
    given = answers(rng, folder)
    table = long_table(given)
    if rng.random() < 0.5:
        table.to_parquet(folder / "p.parquet")
        content = (folder / "p.parquet").read_bytes()
        kinds = [b"", content[: int(len(content) * rng.uniform(0.1, 0.9))], b"<html>404", table.to_csv().encode()]
        (folder / "p.parquet").write_bytes(kinds[rng.integers(4)])
        return Refuses(given.read(folder / "p.parquet"), "no parquet file")
    kinds = [(b"", "no csv"), (b"PAR1\xff\xfe\x00", "no csv"), (b"<html>404</html>", "no columns"),
             (b"model,image,predicted,label\na,1,2,3,4,5\nb,1\n", "p.csv")]  # fmt: skip
    content, word = kinds[rng.integers(len(kinds))]
    (folder / "p.csv").write_bytes(content)
    return Refuses(given.read(folder / "p.csv"), word)
