"""Jobs of the data: images from their source, and the splits' parts, each in a file of its own."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from understudy.data.checks import conflict_sets, data_checks, warnings
from understudy.data.decoding import decode, to_picture
from understudy.data.preparation import Prepared, prepare
from understudy.data.settings import DataSettings
from understudy.data.shards import read_parquet, write_encoded, write_rows
from understudy.data.splits import Size, carve_train, divide_held_out, draw_train
from understudy.files import write_json, writing
from understudy.jobs.context import JobContext
from understudy.messages import warn
from understudy.report.data import Shown, data_report
from understudy.tables import write_table


def prepare_images(
    settings: dict, images: Path, classes: Path, checks: Path, checks_csv: Path, report: Path, context: JobContext
) -> None:
    """Read a study's images from their source and write them as one parquet file, with their classes' names as JSON.

    Warnings are printed on the terminal. The table `data_checks` and the page have these and all counts.
    """
    data = DataSettings(**settings)
    prepared = prepare(data)
    lines = warnings(prepared, data)
    for line in lines:
        warn(f"data: {line}")
    found = data_checks(prepared, lines)
    for path in (checks, checks_csv):
        write_table("data_checks", found, path, context.version)
    with writing(report) as temporary:
        temporary.write_text(data_report(found, _shown(prepared)).html(), encoding="utf-8", errors="backslashreplace")
    columns = prepared.columns()
    encoded = [prepared.pictures.encoded[number] for number in prepared.kept]
    write_encoded(images, encoded, columns.pop("label"), **columns)
    write_json(classes, {"classes": prepared.source.classes})


def write_train(images: Path, size: Size, train: Path, context: JobContext) -> None:
    """Draw a split's training images, ``size`` of ``images``, and write them."""
    data = read_parquet(images)
    labels, groups, parts = _columns(data)
    found, _ = draw_train(labels, context.split, size, context.seed, context.draw, groups, parts)
    write_rows(train, data, found)


def write_carved(train: Path, size: int | float | None, subtrain: Path, validation: Path, context: JobContext) -> None:
    """Carve subtrain and validation, the latter of ``size`` images, out of a split's training images."""
    data = read_parquet(train)
    labels, groups, parts = _columns(data)
    found = carve_train(labels, context.split, size, context.seed, context.draw, groups, parts)
    write_rows(subtrain, data, found["subtrain"])
    write_rows(validation, data, found["validation"])


def write_held_out(
    images: Path, train_size: Size, calibration_fraction: float, calibration: Path, test: Path, context: JobContext
) -> None:
    """Divide what a split of ``images`` holds out into calibration and test."""
    data = read_parquet(images)
    labels, groups, parts = _columns(data)
    _, held_out = draw_train(labels, context.split, train_size, context.seed, context.draw, groups, parts)
    found = divide_held_out(labels, held_out, context.split, calibration_fraction, context.seed, context.draw, groups)
    write_rows(calibration, data, found["calibration"])
    write_rows(test, data, found["test"])


def _columns(data: pa.Table) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return the labels of prepared images, their groups, and the parts that they are fixed to, where there are any."""
    labels, groups, parts = (
        data.column(name).to_numpy() if name in data.column_names else None for name in ("label", "group", "part")
    )
    return labels, groups, parts


def _shown(prepared: Prepared) -> Shown:
    source, relations, near = prepared.source, prepared.relations, prepared.relations.near
    kept = prepared.kept
    return Shown(
        picture=lambda number: to_picture(decode(prepared.pictures.encoded[number], str(source.names[number]))),
        names=[str(name) for name in source.names],
        by_class={name: kept[source.labels[kept] == label] for label, name in enumerate(source.classes)},
        equal=relations.sets(relations.equal),
        conflicts=conflict_sets(prepared),
        pairs=list(zip(near.first.tolist(), near.second.tolist(), near.similarity.tolist(), strict=True)),
    )
