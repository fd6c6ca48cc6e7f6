"""How much the synthetic protocol wins or loses by, as a distribution over random halves of the candidates."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from understudy.plots import style
from understudy.plots.frames import over_draws, whole_pool
from understudy.selection.subsets import PERCENTILES

AGAINST = [protocol for protocol in style.PROTOCOLS if protocol != "synthetic"]
BOX = {"facecolor": "#dddddd", "edgecolor": style.GREY}


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
    handles = [
        Patch(**BOX, label="halves: 5, 25, 50, 75, 95 %"),
        style.handle("mean with its 95 % interval, over images and runs", style.GREY, "o", "-"),
    ]
    style.legend(figure, handles, 3)
    sample = f": {rows['subsets'].iloc[0]:,} halves of {rows['runs'].iloc[0]} runs a draw" if len(rows) else ""
    style.title(figure, f"The synthetic protocol against the others, to the right of 0 it wins{sample}")
    return figure


def _draw_halves(panel: Axes, rows: pd.DataFrame) -> None:
    panel.axvline(0, color=style.BLACK, linewidth=0.9, zorder=1)
    across = panel.get_yaxis_transform()
    for height, against in enumerate(AGAINST):
        look = style.PROTOCOLS[against]
        panel.text(0.02, height - 0.33, f"against {look.label}", transform=across, fontsize=9)
        for row in rows[rows["against"] == against].to_dict("records"):
            ends = style.percent([row[name] for name in PERCENTILES])
            box = dict(zip(("whislo", "q1", "med", "q3", "whishi"), ends, strict=True))
            panel.bxp([box], [height], widths=0.22, orientation="horizontal", showfliers=False, manage_ticks=False,
                      patch_artist=True, boxprops=BOX, medianprops={"color": style.BLACK})  # fmt: skip
            mean, low, high = style.percent([row["mean_difference"], row["ci_low"], row["ci_high"]])
            panel.errorbar(mean, height + 0.24, xerr=style.spans([mean], [low], [high]), fmt=look.marker,
                           color=look.colour, capsize=3, gid=f"mean against {against}")  # fmt: skip
            text = f"wins {100 * row['win_share']:.0f} %, ties {100 * row['tie_share']:.0f} %"
            panel.text(0.98, height - 0.33, text, transform=across, fontsize=9, ha="right")
    panel.set_ylim(len(AGAINST) - 0.5, -0.55)
    panel.set_yticks([])
    panel.grid(axis="y", visible=False)
