"""Figures 4 and 5 of Synthetic Data for Model Selection: real error against estimated error, one point a model."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.statistics.rank_correlation import spearman


def model_ranking_figure(title: str, table: pd.DataFrame) -> Figure:
    """Draw a row per set and a column per method: real error of the models against what the set estimates, top-1."""
    table = table[table["metric"] == "top1"]
    sets = table["set"].unique()
    methods = [method for method in style.CALIBRATION_METHODS if method in set(table["method"])]
    figure, axes = style.panels(len(sets), len(methods), width=3.2 * len(methods) + 0.4, height=3.0)
    for row, name in zip(axes, sets, strict=True):
        for panel, method in zip(row, methods, strict=True):
            mine = table[(table["set"] == name) & (table["method"] == method)]
            _scatter(panel, mine)
            label = style.CALIBRATION_METHODS[method].label
            panel.set_title(f"{name}: {label}\n{_correlation(mine)}", loc="left")
            panel.set_xlabel("Estimated error (%)")
        row[0].set_ylabel("Real error (%)")
    if table["real_risk"].notna().any():
        handles = [
            style.handle("ranked model", style.BLUE, "o"),
            style.handle("calibration model", style.ORANGE, "x"),
            style.handle("estimate = real error", style.GREY, linestyle=":"),
        ]
        style.legend(figure, handles, len(handles))
    style.title(figure, f"{title}: real error against the estimate, one split of the models", size=11)
    return figure


def _scatter(panel: Axes, rows: pd.DataFrame) -> None:
    rows = rows.dropna(subset="real_risk")
    if rows.empty:
        style.say(panel, "no real errors\nto compare with")
        return
    for calibrates, marker, colour in ((False, "o", style.BLUE), (True, "x", style.ORANGE)):
        mine = rows[rows["calibrates"] == calibrates]
        x, y = style.percent(mine["estimate"]), style.percent(mine["real_risk"])
        panel.plot(x, y, marker, color=colour, markersize=4.5, markeredgewidth=1.0, alpha=0.8, zorder=3)
    ends = style.percent([rows["real_risk"].min(), rows["real_risk"].max()])
    panel.plot(ends, ends, ":", color=style.GREY, linewidth=1.2, zorder=2)


def _correlation(rows: pd.DataFrame) -> str:
    ranked = rows[~rows["calibrates"]].dropna(subset="real_risk")
    if len(ranked) < 3:
        return f"{len(ranked)} ranked models with real errors"
    return f"ρ = {spearman(ranked['estimate'], ranked['real_risk']):.3f}, n = {len(ranked)} ranked"
