"""How much the synthetic protocol wins or loses by, as a distribution over random halves of the candidates."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from understudy.plots import style
from understudy.plots.loading import over_draws
from understudy.plots.protocols import whole_pool
from understudy.tables import read_table

AGAINST = ("random", "standard", "validation")


def plot_protocol_subsets(table: str | Path, synthetic_sets: Mapping[str, str], output: str | Path) -> None:
    """Read the table ``protocol_subsets`` and write the figure."""
    style.save(protocol_subsets_figure(read_table(table, "protocol_subsets"), synthetic_sets), output)


def protocol_subsets_figure(table: pd.DataFrame, synthetic_sets: Mapping[str, str]) -> Figure:
    """Draw a panel per split: differences of test error to each other protocol, over halves of all candidates.

    ``synthetic_sets``: the generator whose set the synthetic protocol uses, by split, in the order of the panels.
    """
    rows = whole_pool(over_draws(table))
    rows = rows[rows["protocol"] == "synthetic"]
    figure, axes = style.panels(1, len(synthetic_sets), width=max(3.6 * len(synthetic_sets), 6.5), height=3.9)
    for panel, (split, generator) in zip(axes[0], synthetic_sets.items(), strict=True):
        mine = rows[(rows["split"] == split) & (rows["generator"] == generator)]
        panel.set_title(f"{split}: with {generator}", loc="left")
        if mine.empty:
            style.say(panel, "nothing to compare with")
            continue
        _draw_halves(panel, mine)
        panel.set_xlabel("Other protocol's test error\nless the synthetic one's (points)")
    first = rows.iloc[0] if len(rows) else None
    sample = "" if first is None else f": {first['subsets']:,} halves of {first['runs']} runs a draw"
    style.legend(figure, _handles(), 3)
    style.title(figure, f"The synthetic protocol against the others, to the right of 0 it wins{sample}")
    return figure


def _draw_halves(panel: Axes, rows: pd.DataFrame) -> None:
    panel.axvline(0, color=style.BLACK, linewidth=0.9, zorder=1)
    for place, against in enumerate(AGAINST):
        found = rows[rows["against"] == against]
        label, colour, marker = style.PROTOCOLS[against]
        panel.text(0.02, place - 0.33, f"against {label}", transform=panel.get_yaxis_transform(), fontsize=9)
        for row in found.itertuples():
            low, first, middle, third, high = style.percent(
                [getattr(row, f"difference_p{level}") for level in ("05", "25", "50", "75", "95")]
            )
            box = {"whislo": low, "q1": first, "med": middle, "q3": third, "whishi": high}
            panel.bxp(
                [box],
                positions=[place],
                widths=0.22,
                orientation="horizontal",
                showfliers=False,
                manage_ticks=False,
                patch_artist=True,
                boxprops={"facecolor": "#dddddd", "edgecolor": style.GREY},
                medianprops={"color": style.BLACK},
            )
            mean, ci_low, ci_high = style.percent([row.mean_difference, row.ci_low, row.ci_high])
            panel.errorbar(
                mean,
                place + 0.24,
                xerr=style.spans([mean], [ci_low], [ci_high]),
                fmt=marker,
                color=colour,
                capsize=3,
                gid=f"mean against {against}",
            )
            shares = style.percent([row.win_share, row.tie_share])
            text = f"wins {shares[0]:.0f} %, ties {shares[1]:.0f} %"
            panel.text(0.98, place - 0.33, text, transform=panel.get_yaxis_transform(), fontsize=9, ha="right")
    panel.set_ylim(len(AGAINST) - 0.5, -0.55)
    panel.set_yticks([])
    panel.grid(axis="y", visible=False)


def _handles() -> list:
    return [
        Patch(facecolor="#dddddd", edgecolor=style.GREY, label="halves: 5, 25, 50, 75, 95 %"),
        Line2D([], [], color=style.GREY, marker="o", label="mean with its 95 % interval, over images and runs"),
    ]
