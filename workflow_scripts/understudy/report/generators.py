"""The page of the generators' quality."""

from collections.abc import Iterator, Sequence

import pandas as pd

from understudy.report import columns
from understudy.report.pages import Page, Section

GENERATOR = [*columns.SOURCE, columns.text("generator", "generator")]
QUALITY = [
    *GENERATOR,
    columns.count("images", "images"),
    columns.number("Frechet distance to train", "fid"),
    columns.number("to equally many for all splits", "fid_equal_n"),
    columns.percent_interval("total variation to held-out (%)", "total_variation", "total_variation_ci", digits=1),
    columns.percent("real against real (%)", "total_variation_null", 1),
    columns.percent("to train (%)", "total_variation_train", 1),
    columns.percent("nearer to train: excess (points)", "nearest_train_excess", 1),
    columns.percent("of real images (points)", "nearest_train_excess_null", 1),
]
CLASSES_PER_TABLE = 10  # more are wider than a page


def generator_quality_page(table: pd.DataFrame, classes: Sequence[str]) -> Page:
    """Return the page of ``generator_quality``: over all classes, and the Frechet distance by class of these names."""
    extractor = ", ".join(sorted(table["feature_extractor"].unique()))
    explanation = (
        f"Fresh synthetic images, which selected no snapshot. Features: {extractor}. Frechet distances of other "
        "features or of references of other sizes don't compare with these. Brackets: 95 % of the repeats. A total "
        "variation counts only as far as it exceeds that of real images against real ones."
    )
    whole = table[table["label"] == "all"]
    return Page(
        "Quality of the generators",
        [
            Section(texts=[explanation], table=columns.tabulate(whole, QUALITY)),
            Section("Frechet distance to train, by class"),
            *_by_class(table, classes),
        ],
    )


def _by_class(table: pd.DataFrame, classes: Sequence[str]) -> Iterator[Section]:
    """Yield tables with a row for each generator and a column for each class."""
    keys = ["draw", "split", "generator"]
    generators = table[keys].drop_duplicates()
    by_label = table.set_index([*keys, "label"])["fid"].unstack("label").reset_index()
    rows = generators.merge(by_label, how="left")  # in the study's order
    for start in range(0, len(classes), CLASSES_PER_TABLE):
        names = classes[start : start + CLASSES_PER_TABLE]
        distances = [columns.number(name, str(label), 1) for label, name in enumerate(names, start)]
        yield Section(table=columns.tabulate(rows, [*GENERATOR, *distances, columns.number("all", "all", 1)]))
