import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tests.plots import made_up
from understudy.classifiers import weights
from understudy.data.settings import DataSettings
from understudy.errors import StudyError
from understudy.files import write_json
from understudy.jobs.export import LOADING, _image_card, write_summary
from understudy.selection.aggregation import AGGREGATE
from understudy.tables import write_table


def summary(folder: Path, test: bool = True, draws: int = 1) -> str:
    """The summary of the made-up study, with or without test images; further draws and their mean repeat the first."""
    tables = {name: getattr(made_up, name)() for name in ("protocol_comparison", "rank_preservation")}
    if test:
        tables["protocol_differences"] = made_up.protocol_differences()
    else:
        lost = {"test_error", "ci_low", "ci_high", "architecture_error", "regret", "regret_ci_low", "regret_ci_high"}
        lost |= {"spearman", "kendall", "spearman_true"}
        tables = {name: table.drop(columns=lost & set(table.columns)) for name, table in tables.items()}
    if draws > 1:
        numbers = [AGGREGATE, *range(draws)]
        tables = {name: pd.concat([table.assign(draw=number) for number in numbers]) for name, table in tables.items()}
    paths = {name: folder / f"{name}.parquet" for name in tables}
    for name, table in tables.items():
        write_table(name, table, paths[name])
    write_summary(
        paths["protocol_comparison"],
        paths.get("protocol_differences"),
        paths["rank_preservation"],
        [Path("selected") / split for split in made_up.SPLITS],
        folder / "summary.txt",
        made_up.SYNTHETIC_SETS,
    )
    return (folder / "summary.txt").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "Train300: resnet_14-s1@30 (run@epoch), chosen with stylegan2_cond",
        "9.60% [ 8.40%, 10.80%]  test error",
        "10.80% [ 9.60%, 12.00%]  chosen by validation, trained again on all images (mean); the chosen one is better "
        "by 1.20 [-0.50, 2.90] points",
        "the best snapshot by validation, trained without those images; the chosen one is better by 2.40 [0.70, 4.10]",
    ],
)
def test_the_summary_says_how_much_better_the_chosen_model_is_than_each_alternative(line, tmp_path):
    assert line in summary(tmp_path)


def test_without_test_images_the_summary_claims_no_error(tmp_path):
    text = summary(tmp_path, test=False)
    assert text.count("no error is known for it") == 3 and "%" not in text


def test_several_draws_add_their_mean_to_the_summary(tmp_path):
    line = "better by 1.20 [-0.50, 2.90] points than chosen by validation, trained again on all images (mean)"
    assert line not in summary(tmp_path)
    text = summary(tmp_path, draws=3)
    assert line in text
    assert " 9.60% [ 8.40%, 10.80%]  mean test error of the 3 draws' choices" in text


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """What load.py of a model of 1 x 4 x 4 images has; the model tells light images from dark ones."""
    monkeypatch.setattr(weights, "load_network", lambda path: lambda images: torch.stack(
        [255 - images.float().mean((1, 2, 3)), images.float().mean((1, 2, 3))], dim=1))  # fmt: skip
    record = {"channels": 1, "size": 4}
    image = _image_card(record, DataSettings(size=4, background="#101010").pixels())
    write_json(tmp_path / "card.json", {"classes": ["dark", "light"], "image": image})
    (tmp_path / "load.py").write_text(LOADING.format(**record))
    return runpy.run_path(str(tmp_path / "load.py"))


def test_the_shipped_model_reads_files_as_the_study_did(shipped, tmp_path):
    assert shipped["card"]["image"] | {"values": ""} == {
        "size": 4, "channels": 1, "resize": "crop", "white": None, "background": "#101010", "orientation": "upright",
        "colours": "sRGB", "values": "",
    }  # fmt: skip
    ink = np.zeros((6, 9, 4), np.uint8)
    Image.fromarray(ink).save(tmp_path / "ink.png")
    Image.fromarray(np.full((9, 6), 60000, np.uint16)).save(tmp_path / "wide.tif")
    assert shipped["classify_files"]([tmp_path / "ink.png", tmp_path / "wide.tif"]) == ["dark", "light"]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(4, 4), r"images \[4, 4\]; expected \[N, 1, 4, 4\]"),
        (torch.zeros(2, 3, 4, 4), r"expected \[N, 1, 4, 4\]"),
        (torch.zeros(2, 4, 4, 1), r"expected \[N, 1, 4, 4\]"),
        (torch.full((1, 1, 4, 4), 0.5), "multiply them by 255"),
        (torch.full((1, 1, 4, 4), -0.5), "0 to 255, not normalised"),
        (torch.full((1, 1, 4, 4), 65535), "0 to 255"),
        (torch.full((1, 1, 4, 4), torch.nan), "0 to 255"),
    ],
)
def test_the_shipped_model_refuses_what_it_would_judge_wrongly(shipped, images, message):
    with pytest.raises(StudyError, match=message):
        shipped["classify"](images)
    assert shipped["classify"](torch.full((2, 1, 4, 4), 200, dtype=torch.uint8)).tolist() == [1, 1]
    assert shipped["classify"](torch.zeros(1, 1, 4, 4)).tolist() == [0]
