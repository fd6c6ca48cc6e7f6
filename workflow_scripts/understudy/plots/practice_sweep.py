"""Figure 5 of Deliberate Practice: one addition at a fixed iteration, and what guidance does to images."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.practice import accuracy, accuracy_label, cut_accuracies, draw_accuracies
from understudy.practice.intervals import mean_interval
from understudy.practice.variants import METHODS


def sweep_figure(summary: pd.DataFrame, guidance: pd.DataFrame) -> Figure:
    """Draw figure 5 (a, b, d) and what guidance does to images: entropy and agreement of labels against omega."""
    shown = summary[summary["experiment"] == "sweep"]
    figure, axes = style.panels(1, 4, height=3.4, width=13)
    by_pruning, by_guidance, by_cost, entropies = axes[0]
    if len(shown) == 0:
        for panel in axes[0]:
            style.say(panel, "no sweep in this study")
        return figure
    plain = shown[(shown["omega"] == 0) & (shown["oversampling"] == 1)]
    pruned = pd.concat([plain, shown[shown["method"] == "prune"]]).sort_values("oversampling")
    guided = pd.concat([plain, shown[shown["method"] == "practice"]]).sort_values("omega")
    draw_accuracies(by_pruning, pruned["oversampling"], pruned, "prune")
    by_pruning.set_xlabel("Plain images made for one kept")
    draw_accuracies(by_guidance, guided["omega"], guided, "practice")
    by_guidance.set_xlabel("Strength of the guidance ω")
    for rows, method in ((pruned, "prune"), (guided, "practice")):
        look = METHODS[method]
        by_cost.plot(rows["seconds"], accuracy(rows), color=look.colour, marker=look.marker, markersize=5,
                     label=look.label)  # fmt: skip
    by_cost.set_xlabel("Seconds of generator and learner")
    by_cost.legend(loc="best")
    for panel in axes[0, :3]:
        panel.set_ylabel(accuracy_label(shown))
        cut_accuracies(panel)
    _draw_guidance(entropies, guidance)
    style.title(figure, f"One addition at a fixed iteration: mean and 95 % interval over {shown['seeds'].max()} seeds")
    return figure


def _draw_guidance(panel: Axes, guidance: pd.DataFrame) -> None:
    if len(guidance) == 0:
        style.say(panel, "no sweep of ω")
        return
    strengths = guidance.groupby("omega")
    means = strengths[["entropy", "label_agreement"]].mean()
    bars = style.spans(means["entropy"], *np.array([_ends(part) for _, part in strengths]).T)
    panel.errorbar(means.index, means["entropy"], bars, color=style.BLUE, marker="o", markersize=5, capsize=2)
    panel.set_xlabel("Strength of the guidance ω")
    panel.set_ylabel("Entropy of the added images (nats)", color=style.BLUE)
    agreement = style.percent(means["label_agreement"])
    right = panel.twinx()
    right.grid(visible=False)
    right.plot(means.index, agreement, color=style.VERMILION, marker="s", markersize=4, linestyle=":")
    right.set_ylabel("Labels confirmed by a learner\nof real images (%)", color=style.VERMILION)
    right.set_ylim(min(90.0, agreement.min() - 3), 100.5)


def _ends(part: pd.DataFrame) -> tuple[float, float]:
    """Return the interval of the mean entropy: over seeds, or over images where there is one seed."""
    if len(part) > 1:
        return mean_interval(part["entropy"].to_numpy())
    row = part.iloc[0]
    return row["entropy"] - 1.96 * row["entropy_se"], row["entropy"] + 1.96 * row["entropy_se"]
