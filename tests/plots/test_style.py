import numpy as np
from matplotlib import pyplot

from understudy.plots import style


def figure_of(values):
    figure, axes = style.panels(1, 1, width=3, height=2)
    axes[0, 0].plot(values)
    return figure


def test_equal_figures_give_equal_bytes_and_others_do_not(tmp_path):
    for name, values in (("a", [1, 2]), ("b", [1, 2]), ("c", [2, 1])):
        style.save(figure_of(values), tmp_path / f"{name}.png")
    first, second, other = (tmp_path.joinpath(f"{name}.png").read_bytes() for name in "abc")
    assert first == second
    assert first != other
    assert b"matplotlib" not in first.lower()


def test_no_figure_stays_in_pyplot():
    figure_of([1])
    assert pyplot.get_fignums() == []


def test_generators_keep_their_look_when_others_join():
    assert style.generator_look("b", ["a", "b"]) == style.generator_look("b", ["a", "b", "c"])
    looks = {style.generator_look(name, ["a", "b", "c"]) for name in ("a", "b", "c", "validation")}
    assert len(looks) == 4


def test_spans_are_lengths_and_missing_ends_have_none():
    spans = style.spans([1.0, 2.0, 0.9], [0.5, np.nan, 0.95], [2.5, np.nan, 1.0])
    np.testing.assert_allclose(spans, [[0.5, 0, 0], [1.5, 0, 0.1]])


def test_axes_of_errors_end_just_below_zero_and_others_stay():
    panel = figure_of([-5, 10]).axes[0]
    panel.set_xlim(2, 4)
    style.cut_below_zero(panel)
    assert panel.get_xlim() == (2, 4)
    low, high = panel.get_ylim()
    assert low == -0.03 * high
    assert high > 10
