import numpy as np
import pytest

from tests.plots import made_up
from understudy.plots.learning_curves import followed_runs, learning_curves_figure


def test_the_first_followed_run_has_the_lowest_synthetic_error_of_all_snapshots(errors):
    runs = followed_runs(errors, "Train900", "stylegan2_cond", 3)
    rows = errors.query("split == 'Train900' and regime == 'full' and set == 'stylegan2_cond'")
    assert runs["errors"].iloc[0] == rows["errors"].min()
    assert runs["errors"].is_monotonic_increasing
    assert runs["architecture"].nunique() == 3
    best = rows[rows["architecture"] == runs["architecture"].iloc[2]]["errors"].min()
    assert runs["errors"].iloc[2] == best


def test_no_more_runs_are_followed_than_there_are_architectures(errors):
    few = errors[errors["architecture"].isin(["resnet_8", "resnet_14"])]
    assert len(followed_runs(few, "Train300", "stylegan2_cond", 6)) == 2


def test_curves_show_the_run_s_errors_in_percent_and_the_chosen_epoch(errors):
    figure = learning_curves_figure(errors, made_up.history(), made_up.SYNTHETIC_SETS, made_up.GENERATORS, 2)
    run = followed_runs(errors, "Train300", "stylegan2_cond", 2).iloc[0]
    panel, strip = figure.axes[0], figure.axes[2]
    assert panel.get_title(loc="left") == f"Train300: {run['run']}"
    lines = {line.get_label(): line for line in panel.lines}
    rows = errors[(errors["split"] == "Train300") & (errors["regime"] == "full") & (errors["run"] == run["run"])]
    for label, name in (("test", "test"), ("synthetic (stylegan2_cond)", "stylegan2_cond")):
        mine = rows[rows["set"] == name].sort_values("epoch")
        np.testing.assert_allclose(lines[label].get_xydata(), np.stack([mine["epoch"], 100 * mine["error"]], axis=1))
    assert lines["epoch chosen by synthetic error"].get_xdata()[0] == run["epoch"]
    assert lines["train (running mean of each epoch)"].get_ydata()[0] == pytest.approx(30 * np.exp(-1 / 8))
    assert set(strip.lines[0].get_ydata()) == {0.1, 0.01, 0.001}
    low, high = strip.get_ylim()
    assert low < 0.001 < 0.1 < high


def test_without_test_images_the_other_curves_stay(errors):
    some = errors[errors["set"] != "test"]
    figure = learning_curves_figure(some, made_up.history(), made_up.SYNTHETIC_SETS, made_up.GENERATORS, 1)
    labels = [line.get_label() for line in figure.axes[0].lines]
    assert "test" not in labels
    assert "synthetic (stylegan2_cond)" in labels


def test_ticks_are_whole_epochs_in_a_short_training(errors):
    history = made_up.history()
    short = errors.assign(epoch=errors["epoch"].rank(method="dense"))
    figure = learning_curves_figure(
        short, history[history["epoch"] <= 3], made_up.SYNTHETIC_SETS, made_up.GENERATORS, 1
    )
    curves, strip = figure.axes[:2]
    curves.set_xlim(0.9, 3.1)
    assert [tick for tick in strip.get_xticks() if 0.9 <= tick <= 3.1] == [1, 2, 3]
