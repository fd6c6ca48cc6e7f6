"""Figure 3 of Synthetic Data for Model Selection: the protocols that choose one model out of all, split by split."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.dots import INCHES_PER_DOT, Dot, draw_dots
from understudy.plots.frames import (
    architecture_errors,
    in_order,
    last,
    over_draws,
    sample_size,
    whole_pool,
    with_columns,
)
from understudy.plots.rank_preservation import CORRELATIONS, error_pairs, family_handles, why_missing

OUTCOMES = ["test_error", "ci_low", "ci_high", "regret", "regret_ci_low", "regret_ci_high"]


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
    max_dots = [table.groupby("split").size().max() for table in (correlations, comparison)]
    heights = [3.2, 0.9 + INCHES_PER_DOT * max_dots[0], 3.4, 0.9 + INCHES_PER_DOT * max_dots[1]]
    figure, axes = style.panels(
        4, len(synthetic_sets), width=4.5 * len(synthetic_sets), height=sum(heights) / 4, height_ratios=heights
    )
    for column, (split, generator) in zip(axes.T, synthetic_sets.items(), strict=True):
        mine, ranks, choices = (table[table["split"] == split] for table in (ends, correlations, comparison))
        _draw_errors(column[0], mine, generator, generators)
        column[0].set_title(split, fontsize=11, fontweight="bold")
        draw_dots(column[1], _correlation_dots(ranks, generators), max_dots[0])
        column[1].set_xlim(-1.05, 1.05)
        column[1].set_xlabel(
            "Spearman correlation with test errors\n(dot: that of true errors, sampling error corrected)"
        )
        _draw_ranks(column[2], mine)
        draw_dots(column[3], _protocol_dots(choices, generator), max_dots[1])
        column[3].set_xlabel(
            "Test error (%); regret in percentage points\n* with the set that this study's synthetic protocol uses"
        )
    style.legend(figure, _handles(correlations, generators), 4)
    style.title(figure, f"Choosing one model out of all: {sample_size(ends)}; bars: 95 % intervals")
    return figure


def _draw_errors(panel: Axes, ends: pd.DataFrame, generator: str, generators: Sequence[str]) -> None:
    pairs = {name: error_pairs(ends, name) for name in (generator, "validation")}
    if all(points.empty for points in pairs.values()):
        style.say(panel, "no test images\nto compare with")
        return
    for name, points in pairs.items():
        colour, _ = style.generator_look(name, generators)
        for family, mine in points.groupby("family"):
            x, y, dy = style.percents(mine, "x", "y", "dy")
            panel.errorbar(x, y, dy, fmt=style.FAMILIES[family].marker, color=colour, markersize=4.5, elinewidth=0.7,
                           alpha=0.85)  # fmt: skip
    style.cut_below_zero(panel)
    panel.set_xlabel("Synthetic or validation error (%)")
    panel.set_ylabel("Test error (%)")


def _correlation_dots(rows: pd.DataFrame, generators: Sequence[str]) -> list[Dot]:
    dots = []
    for name in in_order(rows["generator"], [*generators, "validation"]):
        colour, _ = style.generator_look(name, generators)
        for row in rows[rows["generator"] == name].itertuples():
            found = why_missing(row) if np.isnan(row.spearman) else f"measured {row.spearman:.2f}"
            label = f"{name}, {row.family}, n = {row.models}: {found}"
            # The interval is that of the correlation of true errors, and so is the dot.
            marker = style.FAMILIES[row.family].marker
            dots.append(Dot(label, row.spearman_true, row.ci_low, row.ci_high, colour, marker))
    return dots


def _draw_ranks(panel: Axes, ends: pd.DataFrame) -> None:
    before = architecture_errors(ends[(ends["regime"] == "subtrain") & (ends["set"] == "validation")])
    after = architecture_errors(ends[(ends["regime"] == "full") & (ends["set"] == "test")])
    ranks = before.merge(after, on=["family", "architecture"], suffixes=("_before", "_after"))
    if ranks.empty:
        style.say(panel, "no test images\nto rank by")
        return
    for when in ("before", "after"):  # rounded, since equal means tie in whatever order they were added up
        ranks[when] = ranks[f"mean_{when}"].round(12).rank()
    panel.plot([1, len(ranks)], [1, len(ranks)], color=style.GREY, linewidth=0.9, linestyle="--")
    for family, mine in ranks.groupby("family"):
        # Colours stand for selection sets in this figure, so a family has its marker alone.
        panel.plot(mine["before"], mine["after"], style.FAMILIES[family].marker, color=style.GREY, markersize=5)
    chosen = ranks.loc[ranks["before"].idxmin()]
    panel.plot(chosen["before"], chosen["after"], "o", color=style.BLACK, **style.RING)
    text = f"ring: first by validation,\n{chosen['after']:g} of {len(ranks)} when trained in full"
    panel.text(0.98, 0.03, text, transform=panel.transAxes, ha="right", va="bottom")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(style.whole_numbers())
    panel.set(xlim=(0.5, len(ranks) + 0.5), ylim=(0.5, len(ranks) + 0.5))
    panel.set_xlabel("Rank trained on subtrain, by validation error")
    panel.set_ylabel("Rank trained in full,\nby test error")


def _protocol_dots(rows: pd.DataFrame, generator: str) -> list[Dot]:
    dots = []
    for protocol, look in style.PROTOCOLS.items():
        for row in rows[rows["protocol"] == protocol].itertuples():
            used = "*" if row.generator == generator else ""
            name = f"{look.label}{used}, {row.generator}" if protocol == "synthetic" else look.label
            error, low, high = style.percent([row.test_error, row.ci_low, row.ci_high])
            regret = style.percent([row.regret, row.regret_ci_low, row.regret_ci_high])
            found = f"regret {regret[0]:.1f} [{regret[1]:.1f}, {regret[2]:.1f}]"
            if np.isnan(error):
                found = row.reason or "no test images"
            dots.append(Dot(f"{name}: {found}", error, low, high, look.colour, look.marker))
    return dots


def _handles(correlations: pd.DataFrame, generators: Sequence[str]) -> list[Artist]:
    handles = family_handles(correlations["family"], style.GREY)
    for name in in_order(correlations["generator"], [*generators, "validation"]):
        colour, _ = style.generator_look(name, generators)
        handles.append(style.handle(name, colour, "s"))
    return handles
