"""Figures 3 and 5c of Deliberate Practice: theorem 1 as lines, simulations as points with intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

from understudy.plots import style
from understudy.practice.theory import predicted_error

MODES = {"keep_hard": "keep the hardest", "keep_easy": "keep the easiest"}
COSINES = ["rho", "rho_true", "rho_labels"]
PANEL_HEIGHT = 3.3  # inches
WIDTHS = {1: 5.2, 2: 9.2, 3: style.WIDTH + 1}  # inches, by the number of columns
INTERVAL = 1.96  # standard errors to either side
REDS = LinearSegmentedColormap.from_list("reds", [(0.95, 0.62, 0.50), (0.50, 0.05, 0.05)])


def kept_samples_figure(table: pd.DataFrame, keep_fractions: Sequence[float]) -> Figure:
    """Draw accuracy against kept samples, a curve for each keep fraction, a panel for each mode, rho and ridge."""
    shown = table[table["keep_fraction"].isin(keep_fractions) & (table["rho_labels"] == 1)]
    groups = list(shown.groupby(["mode", "rho", "ridge"], sort=False))
    figure, axes = _panels(len(groups), 2)
    colours = _shades(keep_fractions)
    for panel, ((mode, rho, ridge), rows) in zip(axes.flat, groups, strict=False):
        dimension = rows["dimension"].iloc[0]
        kept = np.geomspace(rows["kept_samples"].min(), rows["kept_samples"].max(), 200)
        for fraction, colour in colours.items():
            panel.plot(kept, _accuracy(predicted_error(mode, kept, fraction, rho, ridge, dimension)), color=colour)
            mine = rows[rows["keep_fraction"] == fraction]
            _draw_points(panel, mine["kept_samples"], mine, colour)
        panel.axvline(dimension, color=style.GREY, linestyle=":", linewidth=1)
        _doubling_axis(panel, "Samples kept")
        panel.set_title(f"{MODES[mode]}, ρ = {rho:g}, λ = {ridge:g}", loc="left")
    entries = {"all" if fraction == 1 else f"p = {fraction:g}": colour for fraction, colour in colours.items()}
    _finish(figure, axes, entries, "Accuracy against the number of samples kept", shown)
    return figure


def oversampling_figure(table: pd.DataFrame, kept_samples: int) -> Figure:
    """Draw accuracy against pool size over kept samples, a curve for each ridge, a panel for each mode and cosines."""
    shown = table[table["kept_samples"] == kept_samples]
    groups = list(shown.groupby(["mode", *COSINES], sort=False))
    # The cosines of a mode side by side, so that modes stand one below the other.
    figure, axes = _panels(len(groups), min(3, len(shown[COSINES].drop_duplicates())))
    colours = {ridge: style.CYCLE[number % len(style.CYCLE)] for number, ridge in enumerate(shown["ridge"].unique())}
    for panel, ((mode, rho, rho_true, rho_labels), rows) in zip(axes.flat, groups, strict=False):
        dimension = rows["dimension"].iloc[0]
        ratios = np.geomspace(1, 1 / rows["keep_fraction"].min(), 200)
        for ridge, colour in colours.items():
            errors = predicted_error(mode, kept_samples, 1 / ratios, rho, ridge, dimension, rho_true, rho_labels)
            panel.plot(ratios, _accuracy(errors), color=colour)
            mine = rows[rows["ridge"] == ridge]
            _draw_points(panel, 1 / mine["keep_fraction"], mine, colour)
        _doubling_axis(panel, "Pool size over samples kept")
        title = f"{MODES[mode]}, ρ = {rho:g}"
        panel.set_title(title if rho_labels == 1 else f"{title} (ρ* {rho_true:g}, labels {rho_labels:g})", loc="left")
    entries = {f"λ = {ridge:g}": colour for ridge, colour in colours.items()}
    _finish(figure, axes, entries, f"Accuracy of {kept_samples:,} kept samples", shown)
    return figure


def _panels(count: int, columns: int) -> tuple[Figure, np.ndarray]:
    columns = min(columns, count)
    return style.grid(count, columns, width=WIDTHS[columns], height=PANEL_HEIGHT, sharey=True)


def _doubling_axis(panel: Axes, label: str) -> None:
    """Make the horizontal axis one of doublings, with plain numbers at every other one."""
    panel.set_xscale("log", base=2)
    panel.xaxis.set_major_locator(LogLocator(base=4))
    panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    panel.set_xlabel(label)


def _shades(keep_fractions: Sequence[float]) -> dict[float, str]:
    """Return the paper's colours: grey where all samples are kept, and a darker red the fewer are."""
    parts = sorted((fraction for fraction in keep_fractions if fraction < 1), reverse=True)
    mixes = np.linspace(0, 1, len(parts)) if len(parts) > 1 else [0.6]
    whole = {1: style.GREY} if 1 in keep_fractions else {}
    return whole | {part: to_hex(REDS(mix)) for part, mix in zip(parts, mixes, strict=True)}


def _accuracy(errors: object) -> np.ndarray:
    return style.percent(1 - np.asarray(errors))


def _draw_points(panel: Axes, x: pd.Series, rows: pd.DataFrame, colour: str) -> None:
    bars = style.percent(INTERVAL * rows["error_simulated_se"])
    panel.errorbar(x, _accuracy(rows["error_simulated"]), bars, fmt="o", color=colour, markersize=4, elinewidth=1,
                   capsize=2)  # fmt: skip


def _finish(figure: Figure, axes: np.ndarray, entries: Mapping[str, str], title: str, shown: pd.DataFrame) -> None:
    for row in axes:
        row[0].set_ylabel("Test accuracy (%)")
    handles = [style.handle(name, colour, "o", "-", markersize=4) for name, colour in entries.items()]
    style.legend(figure, handles, len(handles))
    dimension, trials = shown["dimension"].iloc[0], shown["trials"].iloc[0]
    simulations = f"{trials} simulations a point (mean, 95 %), d = {dimension}"
    style.title(figure, f"{title}: theory (lines) and {simulations}", size=11)
