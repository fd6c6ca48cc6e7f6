from pathlib import Path

import pandas as pd
import pytest

from tests.plots import made_up
from understudy.jobs.export import write_summary
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
