"""Figure 7 of Synthetic Data for Model Selection: train, test and synthetic error against the epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.selection.choices import best_snapshots
from understudy.statistics.tie_breaking import best_first, take_first

TRAIN_COLOUR, TEST_COLOUR = style.GREY, style.BLACK


def learning_curves_figure(
    errors: pd.DataFrame,
    history: pd.DataFrame,
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
    followed: int,
) -> Figure:
    """Draw a row of panels per split, one for each followed run, with its learning rate below.

    Parameters
    ----------
    errors : errors of one draw's snapshots, as the figures' jobs read them
    history : table ``history`` with the column ``split``, full runs of the same draw
    synthetic_sets : the generator whose set chooses, by split, in the order of the rows

    """
    errors = errors[errors["regime"] == "full"]
    chosen = {split: followed_runs(errors, split, name, followed) for split, name in synthetic_sets.items()}
    columns = max(len(runs) for runs in chosen.values())
    figure, axes = style.panels(
        2 * len(chosen), columns, height=1.9, height_ratios=[3.0, 0.9] * len(chosen), width=max(5.0 * columns, 6)
    )
    for (split, runs), curves, rates in zip(chosen.items(), axes[::2], axes[1::2], strict=True):
        for run, curve, rate in zip(runs.to_dict("records"), curves, rates, strict=False):
            mine, past = (
                table[(table["split"] == split) & (table["run"] == run["run"])].sort_values("epoch")
                for table in (errors, history)
            )
            _draw_curves(curve, mine, past, run, style.generator_look(run["set"], generators))
            _draw_rates(rate, past)
            curve.set_title(f"{split}: {run['run']}", loc="left")
            curve.sharex(rate)
            curve.tick_params(labelbottom=False)
        for panel in (*curves[len(runs) :], *rates[len(runs) :]):
            panel.set_axis_off()
        curves[0].set_ylabel("Error (%)")
        rates[0].set_ylabel("Learning\nrate")
    entries: dict[str, object] = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    style.legend(figure, list(entries.values()), 3, list(entries))
    style.title(figure, "Errors during training: the run that its synthetic set chose for each architecture")
    return figure


def followed_runs(errors: pd.DataFrame, split: str, generator: str, followed: int) -> pd.DataFrame:
    """Return each followed architecture's run and epoch chosen by the synthetic set, in the order of synthetic errors.

    The first architecture of that order is followed, and others at even distances down to its middle and beyond, so
    that the panels don't all show the best.
    """
    rows = errors[(errors["split"] == split) & (errors["regime"] == "full") & (errors["set"] == generator)]
    runs = take_first(best_snapshots(rows), ["architecture"])
    positions = np.linspace(0, len(runs), min(followed, len(runs)), endpoint=False).astype(int)
    return runs.iloc[best_first(runs)[positions]].reset_index(drop=True)


def _draw_curves(panel: Axes, errors: pd.DataFrame, history: pd.DataFrame, run: Mapping, look: tuple[str, str]) -> None:
    label = "train (running mean of each epoch)"
    panel.plot(history["epoch"], style.percent(history["training_error"]), color=TRAIN_COLOUR, linewidth=1, label=label)
    colour, marker = look
    for name, shown, how in (
        ("test", "test", {"color": TEST_COLOUR, "marker": "o"}),
        (run["set"], f"synthetic ({run['set']})", {"color": colour, "marker": marker}),
    ):
        mine = errors[errors["set"] == name]
        if len(mine):
            panel.plot(mine["epoch"], style.percent(mine["error"]), markersize=4, label=shown, **how)
    panel.axvline(run["epoch"], color=colour, linestyle="--", linewidth=1, label="epoch chosen by synthetic error")
    panel.set_ylim(bottom=0)


def _draw_rates(panel: Axes, history: pd.DataFrame) -> None:
    rates = history["learning_rate"]
    panel.step(history["epoch"], rates, where="mid", color=style.GREY)
    # Logarithmic, so that every drop of a step schedule shows; a cosine schedule ends near 0, below the axis.
    panel.set_yscale("log")
    panel.set_ylim(rates.max() / 3000, rates.max() * 3)
    panel.xaxis.set_major_locator(style.whole_numbers())
    panel.set_xlabel("Epoch")
