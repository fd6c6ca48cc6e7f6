"""Figures show names as they are: of classes, sets, splits, models and arms, whatever their characters."""

import importlib
import pkgutil
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import understudy.plots
from tests.plots import made_up, made_up_practice
from understudy.plots.gallery import GalleryRow
from understudy.text import printable

NAMES = [
    *(
        "from_$20_000_to_$50",
        "Ba$$in",
        "$",
        r"\frac{",
        "a^b_c{d}",
        "100 %",
        "%s {0} {name}",
        "<script>alert('a')</script>",
    ),
    *(
        "\"quoted\" 'twice'",
        "two\nlines",
        "tab\there",
        "שלום עולם",
        "مرحبا",
        "😀",
        "größe",
        "gr\udcf6\udcdfe",
        " blanks ",
    ),
    *("_hidden", "a\u202eb", "\x00\x1b[31mred", "n" * 200),
]
# Of these figures nobody chooses a name, or names are those of settings: a letter, then letters, digits, _ or .
FIXED = {"training_figure", "hardness_figure", "kept_samples_figure", "oversampling_figure"}


def functions() -> dict:
    """Return every function that draws a figure, by name."""
    modules = [
        importlib.import_module(f"understudy.plots.{one.name}")
        for one in pkgutil.iter_modules(understudy.plots.__path__)
    ]
    found = {name: value for module in modules for name, value in vars(module).items() if name.endswith("_figure")}
    return {name: function for name, function in found.items() if re.match("[a-z]", name)}


def renamed(table: pd.DataFrame, new: dict[str, str]) -> pd.DataFrame:
    return table.assign(**{column: table[column].replace(new) for column in table.select_dtypes(exclude="number")})


SPLIT, GENERATOR, ARCHITECTURES = "Train300", "stylegan2_cond", ("resnet_8", "rwnn_00", "all", "")


def cut(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one split, one generator and few architectures, where a table has these."""
    kept = {"split": (SPLIT, ""), "generator": (GENERATOR, "validation", ""), "set": (GENERATOR, "test", "gan")}
    kept |= {"architecture": ARCHITECTURES, "graph": ARCHITECTURES}
    for column in [name for name in kept if name in table]:
        table = table[table[column].isin(kept[column])]
    return table.reset_index(drop=True)


def arguments(name: str, errors: pd.DataFrame) -> dict[str, list]:
    """Return what each function with names draws, the study's names replaced by ``name`` with a number."""
    known = [SPLIT, GENERATOR, *ARCHITECTURES[:2], "gan"]
    new = {one: f"{name}{number}" for number, one in enumerate(known)}
    splits, generators, sets = [new[SPLIT]], [new[GENERATOR]], {new[SPLIT]: new[GENERATOR]}
    tables = {key: renamed(cut(getattr(made_up, key)()), new) for key in (
        "rank_preservation", "selection_gain", "generator_quality", "history", "graphs",
        "snapshot_scores", "protocol_subsets")}  # fmt: skip
    for key in ("practice_summary", "practice_guidance"):
        tables[key] = renamed(getattr(made_up_practice, key)(), new)
    comparison = made_up.protocol_comparison()
    comparison = renamed(comparison[comparison["split"] == SPLIT], new)
    comparison = comparison[comparison["generator"].isin(["", "validation", *generators])]
    ranked = {key: renamed(table, new) for key, table in made_up.ranking_tables().items()}
    errors, images = renamed(cut(errors), new), np.zeros((2, 1, 4, 4), np.uint8)
    pairs = pd.DataFrame({"distance": [0.25, 0.5], "held_out_distance": [1.0, np.nan]})
    chosen = {kind: [0, 1] for kind in ("highest", "lowest", "zero")}
    row = GalleryRow(name, name, pd.Series([0.5, -0.5]), chosen, dict.fromkeys(chosen, images))
    return {
        "protocols_figure": [errors, tables["rank_preservation"], comparison, sets, generators],
        "rank_preservation_figure": [errors, tables["rank_preservation"], splits, generators],
        "selection_gain_figure": [tables["selection_gain"], splits[0], generators],
        "learning_curves_figure": [errors, tables["history"], sets, generators, 2],
        "protocol_subsets_figure": [tables["protocol_subsets"], sets],
        "generator_quality_figure": [tables["generator_quality"], splits, generators],
        "snapshot_scores_figure": [tables["snapshot_scores"], splits, generators],
        "random_graphs_figure": [tables["graphs"]],
        "model_ranking_figure": [name, ranked["model_ranking"]],
        "calibration_models_figure": [ranked["calibration_models"], [""]],
        "gallery_figure": [name, [row]],
        "samples_figure": [{name: [images] * 2, f"{name} 2": [images] * 2}, [name, "other"], 2, name],
        "closest_pairs_figure": [name, {name: pairs}, {name: (images, images)}],
        "scaling_figure": [tables["practice_summary"]],
        "sweep_figure": [tables["practice_summary"], tables["practice_guidance"]],
    }


@pytest.mark.slow
@pytest.mark.parametrize("function", sorted(functions().keys() - FIXED))
def test_every_figure_shows_any_name_as_it_is(function, errors):
    name = "a$x_^{b}$ %s <b>\"'\\frac 😀ש"
    with warnings.catch_warnings(action="ignore"):  # of glyphs that the font lacks
        figure = functions()[function](*arguments(name, errors)[function])
        FigureCanvasAgg(figure).draw()
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    assert texts and not any(text.get_parse_math() for text in texts)
    hidden = {"scaling_figure", "sweep_figure"}  # these call an arm by its method
    assert function in hidden or any("x_^{b}$" in text.get_text() for text in texts)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: printable(name)[:20])
def test_any_class_is_drawn(name):
    images, shown = np.zeros((2, 1, 4, 4), np.uint8), printable(name)
    with warnings.catch_warnings(action="ignore"):
        figure = functions()["samples_figure"]({"real": [images]}, [shown], 2, f"{shown}: the first images")
        FigureCanvasAgg(figure).draw()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [shown]
