"""Figures 2, 4 and 5 of Deliberate Practice, and how hard its images are, from a practice study's tables."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from understudy.plots import style
from understudy.practice.intervals import mean_interval
from understudy.tables import read_table

LOOKS = {
    "real": ("real images", style.BLACK, "*"),
    "static": ("static", style.VERMILION, "X"),
    "dynamic": ("dynamic, ω = 0", style.SKY, "s"),
    "prune": ("oversample and prune", style.GREEN, "^"),
    "practice": ("practice", style.BLUE, "o"),
}

# Several arms of one method, such as ratios of pruning.
LINES = ("-", "--", ":", "-.", (0, (1, 3)), (0, (5, 3, 1, 3)))
# A point to which not all seeds came.
FEW = {"markerfacecolor": "white", "markersize": 5, "zorder": 5}


def plot_practice(tables: dict[str, str | Path], outputs: dict[str, str | Path]) -> None:
    """Read the study's tables by name and write the figures by name."""
    read = {name: read_table(path, name) for name, path in tables.items()}
    summary = read["practice_summary"]
    style.save(training_figure(read["practice_history"], read["practice_additions"]), outputs["training"])
    style.save(scaling_figure(summary), outputs["scaling"])
    style.save(sweep_figure(summary, read["practice_guidance"]), outputs["sweep"])
    style.save(hardness_figure(read["practice_hardness"], read["practice_additions"]), outputs["hardness"])


def training_figure(history: pd.DataFrame, additions: pd.DataFrame) -> Figure:
    """Draw figure 2: training loss and validation accuracy of one practice run and its branches, against iterations."""
    mine = history[(history["method"] == "practice") & (history["experiment"] == "scaling")]
    mine = mine[mine["seed"] == mine["seed"].min()]
    added = additions[(additions["arm"].isin(mine["arm"])) & (additions["seed"] == mine["seed"].min())]
    figure, axes = style.panels(1, 2, height=3.4)
    branches = sorted(mine["branch"].unique())
    # Shades of one colour, from few additions to all.
    shades = dict(zip(branches, np.linspace(0.75, 0.0, len(branches)), strict=True))
    last = mine[mine["branch"] == branches[-1]]
    for column, panel, label in zip(
        ("training_loss", "validation_accuracy"), axes[0], ("Training loss", "Validation accuracy (%)"), strict=True
    ):
        scale = 100 if column == "validation_accuracy" else 1
        for branch in reversed(branches):
            rows = mine[mine["branch"] == branch]
            if branch != branches[-1]:
                # A branch shares the run up to where it leaves it.
                rows = pd.concat([last[last["iteration"] < rows["iteration"].min()], rows])
            colour = (shades[branch], shades[branch], 1.0) if branch else style.ORANGE
            name = {0: "no addition", 1: "1 addition"}.get(branch, f"{branch} additions")
            panel.plot(rows["iteration"], scale * rows[column], color=colour, label=name)
        for iteration in added["iteration"]:
            panel.axvline(iteration, color=style.GREY, linestyle="--", linewidth=0.8)
        panel.set_xlabel("Iterations")
        panel.set_ylabel(label)
    _legend(figure, axes[0, 0])
    style.title(
        figure, f"One run of practice and its branches (seed {mine['seed'].iloc[0]}): dashed lines are additions"
    )
    return figure


def scaling_figure(summary: pd.DataFrame) -> Figure:
    """Draw figure 4: test accuracy against images trained on, images made, and seconds."""
    shown = summary[summary["experiment"] == "scaling"]
    figure, axes = style.panels(1, 3, height=3.7, sharey=True)
    for panel, column, label in zip(
        axes[0],
        ("images_trained", "images_generated", "seconds"),
        ("Images in the training set", "Images made", "Seconds of generator and learner"),
        strict=True,
    ):
        lines = {method: cycle(LINES) for method in LOOKS}
        for _, rows in _curves(shown):
            method = rows["method"].iloc[0]
            name, colour, marker = LOOKS[method]
            if method == "real":
                panel.axhline(_accuracy(rows).item(), color=colour, linewidth=1, linestyle=":", label=name)
                continue
            rows = rows.sort_values(column)
            line = next(lines[method])
            _points(panel, rows[column], rows, colour, marker, _named(name, rows), line)
            few = rows[rows["seeds"] < shown["seeds"].max()]
            panel.plot(few[column], _accuracy(few), color=colour, linestyle="", marker=marker, **FEW)
        _logarithmic(panel)
        panel.set_xlabel(label)
    axes[0, 0].set_ylabel(_accuracy_label(shown))
    _cut(axes[0, 0])
    _legend(figure, axes[0, 0])
    style.title(figure, f"Accuracy against data and cost: mean and 95 % interval over {shown['seeds'].max()} seeds")
    return figure


def sweep_figure(summary: pd.DataFrame, guidance: pd.DataFrame) -> Figure:
    """Draw figure 5 (a, b, d) and what guidance does to images: entropy and agreement of labels against omega."""
    shown = summary[summary["experiment"] == "sweep"]
    figure, axes = style.panels(1, 4, height=3.4, width=13)
    if len(shown) == 0:
        for panel in axes[0]:
            style.say(panel, "no sweep in this study")
        return figure
    plain = shown[(shown["omega"] == 0) & (shown["oversampling"] == 1)]
    pruned = pd.concat([plain, shown[shown["method"] == "prune"]]).sort_values("oversampling")
    guided = pd.concat([plain, shown[shown["method"] == "practice"]]).sort_values("omega")
    _points(axes[0, 0], pruned["oversampling"], pruned, *LOOKS["prune"][1:])
    axes[0, 0].set_xlabel("Plain images made for one kept")
    _points(axes[0, 1], guided["omega"], guided, *LOOKS["practice"][1:])
    axes[0, 1].set_xlabel("Strength of the guidance ω")
    for rows, method in ((pruned, "prune"), (guided, "practice")):
        name, colour, marker = LOOKS[method]
        axes[0, 2].plot(rows["seconds"], _accuracy(rows), color=colour, marker=marker, markersize=5, label=name)
    axes[0, 2].set_xlabel("Seconds of generator and learner")
    for panel in axes[0, :3]:
        panel.set_ylabel(_accuracy_label(shown))
        _cut(panel)
    axes[0, 2].legend(loc="best")
    _guidance(axes[0, 3], guidance)
    style.title(figure, f"One addition at a fixed iteration: mean and 95 % interval over {shown['seeds'].max()} seeds")
    return figure


def _guidance(panel: Axes, guidance: pd.DataFrame) -> None:
    rows = guidance.sort_values("omega")
    if len(rows) == 0:
        style.say(panel, "no sweep of ω")
        return
    means = rows.groupby("omega")[["entropy", "label_agreement"]].mean()
    ends = np.array([_ends(part) for _, part in rows.groupby("omega")]).T
    bars = style.spans(means["entropy"], *ends)
    panel.errorbar(means.index, means["entropy"], bars, color=style.BLUE, marker="o", markersize=5, capsize=2)
    panel.set_xlabel("Strength of the guidance ω")
    panel.set_ylabel("Entropy of the added images (nats)", color=style.BLUE)
    right = panel.twinx()
    right.grid(visible=False)
    right.plot(
        means.index, 100 * means["label_agreement"], color=style.VERMILION, marker="s", markersize=4, linestyle=":"
    )
    right.set_ylabel("Labels confirmed by a learner\nof real images (%)", color=style.VERMILION)
    right.set_ylim(min(90.0, 100 * means["label_agreement"].min() - 3), 100.5)


def _ends(part: pd.DataFrame) -> tuple[float, float]:
    """Return the interval of the mean entropy: over seeds, or over images where there is one seed."""
    if len(part) > 1:
        return mean_interval(part["entropy"].to_numpy())
    row = part.iloc[0]
    return row["entropy"] - 1.96 * row["entropy_se"], row["entropy"] + 1.96 * row["entropy_se"]


def hardness_figure(hardness: pd.DataFrame, additions: pd.DataFrame) -> Figure:
    """Draw how unsure of each addition's images the learner is before and after it has seen them."""
    figure, axes = style.panels(1, 4, height=3.5, width=13)
    mine = hardness[hardness["method"] == "practice"]
    stages = mine.groupby(["addition", "additions"])[["error", "entropy", "error_of_those"]].mean().reset_index()
    colours = [style.ORANGE, style.BLUE, style.GREEN, style.PURPLE, style.VERMILION, style.SKY]
    for addition, rows in stages.groupby("addition"):
        colour = colours[(addition - 1) % len(colours)]
        for column, panel, scale in zip(("entropy", "error", "error_of_those"), axes[0], (1, 100, 100), strict=False):
            panel.plot(rows["additions"], scale * rows[column], color=colour, marker="o", markersize=4,
                       label=f"addition {addition}")  # fmt: skip
            asked = rows[rows["additions"] == addition - 1]
            panel.plot(
                asked["additions"], scale * asked[column], color=colour, linestyle="", **style.HOLLOW, marker="o"
            )
    axes[0, 0].set_ylabel("Entropy of practice's images (nats)")
    axes[0, 1].set_ylabel("Error on practice's images (%)")
    axes[0, 2].set_ylabel("Error on those wrong\nwhen asked for (%)")
    for panel in axes[0, :3]:
        panel.set_xlabel("Additions seen by the learner")
        panel.xaxis.set_major_locator(FixedLocator(sorted(stages["additions"].unique())))
    loops = additions[additions["experiment"] == "scaling"]
    for method, rows in loops.groupby("method", sort=False):
        name, colour, marker = LOOKS[method]
        means = rows.groupby("addition")["entropy"].mean()
        axes[0, 3].plot(means.index, means, color=colour, marker=marker, markersize=5, label=name)
    axes[0, 3].set_xlabel("Number of the addition")
    axes[0, 3].set_ylabel("Entropy when asked for (nats)")
    axes[0, 3].xaxis.set_major_locator(FixedLocator(sorted(loops["addition"].unique())))
    axes[0, 3].legend(loc="best")
    _legend(figure, axes[0, 0])
    seeds = max(mine["seed"].nunique(), 1)
    style.title(
        figure, f"How hard added images are, mean over seeds ({seeds}); circled: the learner that asked for them"
    )
    return figure


def _curves(shown: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return each curve's rows: static sets are one curve, other arms one each."""
    curves = shown["arm"].where(shown["method"] != "static", "static")
    return list(shown.groupby(curves, sort=False))


def _named(name: str, rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    if first["method"] == "prune":
        return f"{name}, {first['oversampling']:g} for 1"
    return f"{name}, ω = {first['omega']:g}" if first["method"] == "practice" else name


def _points(
    panel: Axes, x: Sequence[float], rows: pd.DataFrame, colour: str, marker: str, label: str = "", line: str = "-"
) -> None:
    accuracy = _accuracy(rows)
    low, high = (
        style.percent(rows[end]) if end in rows else np.full(len(rows), np.nan) for end in ("ci_low", "ci_high")
    )
    bars = style.spans(accuracy, low, high)
    panel.errorbar(
        x, accuracy, bars, color=colour, linestyle=line, marker=marker, markersize=5, capsize=2, elinewidth=0.8,
        label=label,
    )  # fmt: skip


def _cut(panel: Axes) -> None:
    """End the axis of accuracies at 0 and 100 %: an interval of few seeds may reach beyond, an accuracy can't."""
    low, high = panel.get_ylim()
    panel.set_ylim(max(low, 0.0), min(high, 100.5))


def _accuracy(rows: pd.DataFrame) -> np.ndarray:
    """Return accuracies in percent, on test images where the study has some."""
    return style.percent(rows["test_accuracy" if "test_accuracy" in rows else "validation_accuracy"])


def _accuracy_label(rows: pd.DataFrame) -> str:
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
