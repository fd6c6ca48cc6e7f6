"""Pages of the generators' tables."""

from collections.abc import Callable, Sequence

import pandas as pd

from understudy.plots import pages
from understudy.plots.placed_tables import PLACE, place, placed_table


def generator_quality_page(table: pd.DataFrame, classes: Sequence[str]) -> str:
    """Return the page of ``generator_quality``: over all classes, and the Frechet distance by class of these names."""
    whole = table[table["label"] == "all"]
    rows = [
        [
            *place(row),
            row.generator,
            f"{row.images:,}",
            pages.number(row.fid),
            pages.number(row.fid_equal_n),
            pages.interval(
                row.total_variation, row.total_variation_ci_low, row.total_variation_ci_high, scale=100, digits=1
            ),
            pages.percent(row.total_variation_null, 1),
            pages.percent(row.total_variation_train, 1),
            pages.percent(row.nearest_train_excess, 1),
            pages.percent(row.nearest_train_excess_null, 1),
        ]
        for row in whole.itertuples()
    ]
    head = [*PLACE, "generator", "images", "Frechet distance to train", "to equally many for all splits"]
    head += ["total variation to held-out (%)", "real against real (%)", "to train (%)"]
    head += ["nearer to train: excess (points)", "of real images (points)"]
    extractor = ", ".join(sorted(table["feature_extractor"].unique()))
    return pages.page(
        "Quality of the generators",
        [
            pages.paragraph(
                f"Fresh synthetic images, which selected no snapshot. Features: {extractor}. Frechet distances of "
                "other features or of references of other sizes don't compare with these. Brackets: 95 % of the "
                "repeats. A total variation counts only as far as it exceeds that of real images against real ones."
            ),
            placed_table(whole, head, rows),
            pages.heading("Frechet distance to train, by class"),
            _by_class(table, classes),
        ],
    )


def _by_class(table: pd.DataFrame, classes: Sequence[str]) -> str:
    """Return a row for each generator and a column for each class, ten classes a table: more are wider than a page."""
    parts = []
    for start in range(0, len(classes), 10):
        names = classes[start : start + 10]
        shown = [*(str(start + k) for k in range(len(names))), "all"]
        of_label = table.set_index([*PLACE, "generator", "label"])["fid"].unstack("label").reindex(columns=shown)
        places = table[[*PLACE, "generator"]].drop_duplicates()
        rows = [
            [*place(row), row.generator, *(pages.number(fid, 1) for fid in of_label.loc[tuple(row)])]
            for row in places.itertuples(index=False)
        ]
        parts.append(placed_table(table, [*PLACE, "generator", *names, "all"], rows))
    return "".join(parts)


GENERATOR_PAGES: dict[str, Callable[[pd.DataFrame, Sequence[str]], str]] = {
    "generator_quality": generator_quality_page,
}
