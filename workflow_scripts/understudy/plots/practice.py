"""Figures 2 and 4 of Deliberate Practice, and how hard its images are, from a practice study's tables."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from understudy.plots import style
from understudy.practice.variants import METHODS

# Several arms of one method, such as ratios of pruning.
LINES = ("-", "--", ":", "-.", (0, (1, 3)), (0, (5, 3, 1, 3)))
# A point to which not all seeds came.
FEW = {"markerfacecolor": "white", "markersize": 5, "zorder": 5}
COSTS = {
    "images_trained": "Images in the training set",
    "images_generated": "Images made",
    "seconds": "Seconds of generator and learner",
}
HARDNESS = {
    "entropy": "Entropy of practice's images (nats)",
    "error": "Error on practice's images (%)",
    "error_of_those": "Error on those wrong\nwhen asked for (%)",
}


def training_figure(history: pd.DataFrame, additions: pd.DataFrame) -> Figure:
    """Draw figure 2: training loss and validation accuracy of one practice run and its branches, against iterations."""
    mine = history[(history["method"] == "practice") & (history["experiment"] == "scaling")]
    mine = mine[mine["seed"] == mine["seed"].min()]
    added = additions[additions["arm"].isin(mine["arm"]) & additions["seed"].isin(mine["seed"])]
    figure, axes = style.panels(1, 2, height=3.4)
    branches = sorted(mine["branch"].unique())
    last = mine[mine["branch"] == branches[-1]]
    # Shades of one colour, from few additions to all.
    for branch, shade in reversed(list(zip(branches, np.linspace(0.75, 0.0, len(branches)), strict=True))):
        rows = mine[mine["branch"] == branch]
        if branch != branches[-1]:
            # A branch shares the run up to where it leaves it.
            rows = pd.concat([last[last["iteration"] < rows["iteration"].min()], rows])
        colour = (shade, shade, 1.0) if branch else style.ORANGE
        name = {0: "no addition", 1: "1 addition"}.get(branch, f"{branch} additions")
        axes[0, 0].plot(rows["iteration"], rows["training_loss"], color=colour, label=name)
        axes[0, 1].plot(rows["iteration"], style.percent(rows["validation_accuracy"]), color=colour)
    for panel, label in zip(axes[0], ("Training loss", "Validation accuracy (%)"), strict=True):
        for iteration in added["iteration"]:
            panel.axvline(iteration, color=style.GREY, linestyle="--", linewidth=0.8)
        panel.set_xlabel("Iterations")
        panel.set_ylabel(label)
    _legend(figure, axes[0, 0])
    run = f"One run of practice and its branches (seed {mine['seed'].iloc[0]})"
    style.title(figure, f"{run}: dashed lines are additions")
    return figure


def scaling_figure(summary: pd.DataFrame) -> Figure:
    """Draw figure 4: test accuracy against images trained on, images made, and seconds."""
    shown = summary[summary["experiment"] == "scaling"]
    # Static sets are one curve, other arms one each.
    curves = shown.groupby(shown["arm"].where(shown["method"] != "static", "static"), sort=False)
    figure, axes = style.panels(1, len(COSTS), height=3.7, sharey=True)
    for panel, (column, label) in zip(axes[0], COSTS.items(), strict=True):
        lines = {method: cycle(LINES) for method in METHODS}
        for _, rows in curves:
            method = rows["method"].iloc[0]
            look = METHODS[method]
            if method == "real":
                panel.axhline(accuracy(rows).item(), color=look.colour, linewidth=1, linestyle=":", label=look.label)
                continue
            rows = rows.sort_values(column)
            draw_accuracies(panel, rows[column], rows, method, label=_curve_label(rows), linestyle=next(lines[method]))
            few = rows[rows["seeds"] < shown["seeds"].max()]
            panel.plot(few[column], accuracy(few), color=look.colour, linestyle="", marker=look.marker, **FEW)
        _logarithmic(panel)
        panel.set_xlabel(label)
    axes[0, 0].set_ylabel(accuracy_label(shown))
    cut_accuracies(axes[0, 0])
    _legend(figure, axes[0, 0])
    style.title(figure, f"Accuracy against data and cost: mean and 95 % interval over {shown['seeds'].max()} seeds")
    return figure


def hardness_figure(hardness: pd.DataFrame, additions: pd.DataFrame) -> Figure:
    """Draw how unsure of each addition's images the learner is before and after it has seen them."""
    figure, axes = style.panels(1, len(HARDNESS) + 1, height=3.5, width=13)
    mine = hardness[hardness["method"] == "practice"]
    stages = mine.groupby(["addition", "additions"])[list(HARDNESS)].mean().reset_index()
    for panel, (column, label) in zip(axes[0], HARDNESS.items(), strict=False):
        scale = 1 if column == "entropy" else 100
        for addition, rows in stages.groupby("addition"):
            colour = style.CYCLE[(addition - 1) % len(style.CYCLE)]
            asked = rows[rows["additions"] == addition - 1]
            panel.plot(rows["additions"], scale * rows[column], color=colour, marker="o", markersize=4,
                       label=f"addition {addition}")  # fmt: skip
            panel.plot(asked["additions"], scale * asked[column], "o", color=colour, **style.HOLLOW)
        panel.set_ylabel(label)
        panel.set_xlabel("Additions seen by the learner")
        panel.xaxis.set_major_locator(FixedLocator(sorted(stages["additions"].unique())))
    loops = additions[additions["experiment"] == "scaling"]
    panel = axes[0, -1]
    for method, rows in loops.groupby("method", sort=False):
        look, means = METHODS[method], rows.groupby("addition")["entropy"].mean()
        panel.plot(means.index, means, color=look.colour, marker=look.marker, markersize=5, label=look.label)
    panel.set_xlabel("Number of the addition")
    panel.set_ylabel("Entropy when asked for (nats)")
    panel.xaxis.set_major_locator(FixedLocator(sorted(loops["addition"].unique())))
    panel.legend(loc="best")
    _legend(figure, axes[0, 0])
    hard = f"How hard added images are, mean over seeds ({max(mine['seed'].nunique(), 1)})"
    style.title(figure, f"{hard}; circled: the learner that asked for them")
    return figure


def _curve_label(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    label = METHODS[first["method"]].label
    if first["method"] == "prune":
        return f"{label}, {first['oversampling']:g} for 1"
    return f"{label}, ω = {first['omega']:g}" if first["method"] == "practice" else label


def draw_accuracies(panel: Axes, x: Sequence[float], rows: pd.DataFrame, method: str, **options: object) -> None:
    """Draw mean accuracies with their intervals in the look of a practice method."""
    look = METHODS[method]
    bars = style.spans(accuracy(rows), *style.percents(rows, "ci_low", "ci_high"))
    panel.errorbar(x, accuracy(rows), bars, color=look.colour, marker=look.marker, markersize=5, capsize=2,
                   elinewidth=0.8, **options)  # fmt: skip


def cut_accuracies(panel: Axes) -> None:
    """End the axis of accuracies at 0 and 100 %: an interval of few seeds may reach beyond, an accuracy can't."""
    low, high = panel.get_ylim()
    panel.set_ylim(max(low, 0.0), min(high, 100.5))


def accuracy(rows: pd.DataFrame) -> np.ndarray:
    """Return accuracies in percent, on test images where the study has some."""
    return style.percent(rows["test_accuracy" if "test_accuracy" in rows else "validation_accuracy"])


def accuracy_label(rows: pd.DataFrame) -> str:
    """Return what an axis of such accuracies is called."""
    return "Test accuracy (%)" if "test_accuracy" in rows else "Validation accuracy (%)"


def _logarithmic(panel: Axes) -> None:
    panel.set_xscale("log")
    low, high = panel.get_xlim()
    ticks = [m * 10**e for e in range(-1, 9) for m in (1, 2, 5) if low <= m * 10**e <= high]
    panel.xaxis.set_major_locator(FixedLocator(ticks))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(ScalarFormatter())


def _legend(figure: Figure, panel: Axes) -> None:
    handles, labels = panel.get_legend_handles_labels()
    style.legend(figure, handles, 5, labels)
