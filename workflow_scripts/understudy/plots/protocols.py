"""Figure 3 of Synthetic Data for Model Selection: the protocols that choose one model out of all, split by split."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from understudy.plots import style
from understudy.plots.dots import INCHES_PER_DOT, Dot, draw_dots
from understudy.plots.loading import (
    architecture_errors,
    in_order,
    last,
    over_draws,
    read_errors,
    sample_size,
    with_columns,
)
from understudy.plots.rank_preservation import error_pairs, why_missing
from understudy.tables import read_table

CORRELATIONS = ["spearman", "spearman_true", "ci_low", "ci_high"]
OUTCOMES = ["test_error", "ci_low", "ci_high", "regret", "regret_ci_low", "regret_ci_high"]


def plot_protocols(
    counts: Iterable[str | Path],
    correlations: str | Path,
    comparison: str | Path,
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
    output: str | Path,
) -> None:
    """Read counts and the tables ``rank_preservation`` and ``protocol_comparison`` and write the figure."""
    figure = protocols_figure(
        read_errors(counts),
        read_table(correlations, "rank_preservation"),
        read_table(comparison, "protocol_comparison"),
        synthetic_sets,
        generators,
    )
    style.save(figure, output)


def protocols_figure(
    errors: pd.DataFrame,
    correlations: pd.DataFrame,
    comparison: pd.DataFrame,
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
) -> Figure:
    """Draw a column per split: errors, rank correlations, ranks in both regimes, and the protocols' test errors.

    ``synthetic_sets``: the generator whose set the synthetic protocol uses, by split, in the order of the columns.
    """
    correlations = over_draws(with_columns(correlations, CORRELATIONS))
    correlations = correlations[correlations["level"] == "architecture"]
    comparison = whole_pool(over_draws(with_columns(comparison, OUTCOMES)))
    ends = last(errors)
    places = [table.groupby("split").size().max() for table in (correlations, comparison)]
    heights = [3.2, 0.9 + INCHES_PER_DOT * places[0], 3.4, 0.9 + INCHES_PER_DOT * places[1]]
    figure, axes = style.panels(
        4, len(synthetic_sets), width=4.5 * len(synthetic_sets), height=sum(heights) / 4, height_ratios=heights
    )
    for column, (split, generator) in zip(axes.T, synthetic_sets.items(), strict=True):
        mine = ends[ends["split"] == split]
        _draw_errors(column[0], mine, generator, generators)
        column[0].set_title(split, fontsize=11, fontweight="bold")
        _draw_correlations(column[1], correlations[correlations["split"] == split], generators, places[0])
        _draw_ranks(column[2], mine)
        _draw_protocols(column[3], comparison[comparison["split"] == split], generator, places[1])
    style.legend(figure, _handles(correlations, generators), 4)
    style.title(figure, f"Choosing one model out of all: {sample_size(ends)}; bars: 95 % intervals")
    return figure


def whole_pool(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``protocol_comparison`` about all candidates: family ``all``, or the only family there is."""
    several = (comparison["family"] == "all").any()
    return comparison[comparison["family"] == "all"] if several else comparison


def _draw_errors(panel: Axes, ends: pd.DataFrame, generator: str, generators: Sequence[str]) -> None:
    drawn = False
    for name in (generator, "validation"):
        colour, _ = style.generator_look(name, generators)
        for family, points in error_pairs(ends, name).groupby("family"):
            marker = style.FAMILIES[family][1]
            x, y, dy = (style.percent(points[column]) for column in ("x", "y", "dy"))
            panel.errorbar(
                x, y, yerr=dy, fmt=marker, color=colour, markersize=4.5, elinewidth=0.7, alpha=0.85
            )  # fmt: skip
            drawn = True
    if not drawn:
        style.say(panel, "no test images\nto compare with")
        return
    style.cut_below_zero(panel)
    panel.set_xlabel("Synthetic or validation error (%)")
    panel.set_ylabel("Test error (%)")


def _draw_correlations(panel: Axes, rows: pd.DataFrame, generators: Sequence[str], places: int) -> None:
    dots = []
    for name in in_order(rows["generator"], [*generators, "validation"]):
        for row in rows[rows["generator"] == name].itertuples():
            colour = style.generator_look(name, generators)[0]
            label = f"{name}, {row.family}, n = {row.models}: measured {row.spearman:.2f}"
            if np.isnan(row.spearman):
                label = f"{name}, {row.family}, n = {row.models}: {why_missing(row)}"
            # The interval is that of the correlation of true errors, and so is the dot.
            dots.append(Dot(label, row.spearman_true, row.ci_low, row.ci_high, colour, style.FAMILIES[row.family][1]))
    draw_dots(panel, dots, places)
    panel.set_xlim(-1.05, 1.05)
    panel.set_xlabel("Spearman correlation with test errors\n(dot: that of true errors, image noise corrected)")


def _draw_ranks(panel: Axes, ends: pd.DataFrame) -> None:
    keys = ["family", "architecture"]
    before = architecture_errors(ends[(ends["regime"] == "subtrain") & (ends["set"] == "validation")])
    after = architecture_errors(ends[(ends["regime"] == "full") & (ends["set"] == "test")])
    ranks = before.merge(after, on=keys, suffixes=("_before", "_after"))
    if ranks.empty:
        style.say(panel, "no test images\nto rank by")
        return
    for when in ("before", "after"):  # rounded, since equal means tie in whatever order they were added up
        ranks[when] = ranks[f"mean_{when}"].round(12).rank()
    panel.plot([1, len(ranks)], [1, len(ranks)], color=style.GREY, linewidth=0.9, linestyle="--")
    for family, mine in ranks.groupby("family"):
        # Colours stand for choosing sets in this figure, so a family has its marker alone.
        panel.plot(mine["before"], mine["after"], style.FAMILIES[family][1], color=style.GREY, markersize=5)
    chosen = ranks.loc[ranks["before"].idxmin()]
    panel.plot(chosen["before"], chosen["after"], "o", markersize=12, markerfacecolor="none", color=style.BLACK)
    text = f"ring: first by validation,\n{chosen['after']:g} of {len(ranks)} when trained in full"
    panel.text(0.98, 0.03, text, transform=panel.transAxes, ha="right", va="bottom")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    panel.set(xlim=(0.5, len(ranks) + 0.5), ylim=(0.5, len(ranks) + 0.5))
    panel.set_xlabel("Rank trained on subtrain, by validation error")
    panel.set_ylabel("Rank trained in full,\nby test error")


def _draw_protocols(panel: Axes, rows: pd.DataFrame, generator: str, places: int) -> None:
    dots = []
    for protocol, (label, colour, marker) in style.PROTOCOLS.items():
        for row in rows[rows["protocol"] == protocol].itertuples():
            used = "*" if row.generator == generator else ""
            name = f"{label}{used}, {row.generator}" if protocol == "synthetic" else label
            error, low, high = style.percent([row.test_error, row.ci_low, row.ci_high])
            regret = style.percent([row.regret, row.regret_ci_low, row.regret_ci_high])
            text = f"{name}: regret {regret[0]:.1f} [{regret[1]:.1f}, {regret[2]:.1f}]"
            if np.isnan(error):
                text = f"{name}: {row.reason or 'no test images'}"
            dots.append(Dot(text, error, low, high, colour, marker))
    draw_dots(panel, dots, places)
    panel.set_xlabel(
        "Test error (%); regret in percentage points\n* with the set that this study's synthetic protocol uses"
    )


def _handles(correlations: pd.DataFrame, generators: Sequence[str]) -> list[Line2D]:
    families = [family for family in style.FAMILIES if family in set(correlations["family"])]
    sets = in_order(correlations["generator"], [*generators, "validation"])
    looks = [(style.GREY, style.FAMILIES[family][1], f"{family} family") for family in families]
    looks += [(style.generator_look(name, generators)[0], "s", name) for name in sets]
    return [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=label) for colour, marker, label in looks
    ]
