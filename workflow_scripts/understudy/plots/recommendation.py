"""The report's first page: what to ship for each split, how much better it is than the alternatives, and how sure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.plots import pages
from understudy.plots.caveats import limits
from understudy.plots.loading import in_study_order, over_draws, plural, with_columns
from understudy.plots.protocols import OUTCOMES, whole_pool
from understudy.plots.rank_preservation import CORRELATIONS
from understudy.selection.aggregation import AGGREGATE
from understudy.selection.protocols import ONE_RUN
from understudy.tables import read_table

UNSURE = "no difference can be told from noise"
ALTERNATIVES = {
    "standard": "the standard protocol",
    "validation": "the validation alternative",
    "random": "a random choice",
}


@dataclass(frozen=True)
class Difference:
    """An alternative's test error less that of the shipped model: fraction, 95 % interval, and why it is missing."""

    value: float
    low: float
    high: float
    reason: str = ""

    @property
    def verdict(self) -> str:
        """In words, how sure it is."""
        if np.isnan(self.value):
            return "not measured"
        if self.low <= 0 <= self.high:
            return UNSURE
        words = "the shipped model is better" if self.low > 0 else "the shipped model is worse"
        return f"{words} with these very runs" if ONE_RUN in self.reason else words

    @property
    def points(self) -> str:
        """The difference in percentage points, with its interval."""
        return pages.interval(self.value, self.low, self.high, scale=100)


def write_answer(
    study: str,
    tables: Mapping[str, str | Path],
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
    seeds: int,
    output: str | Path,
) -> None:
    """Read the tables and write the page.

    ``tables``: paths by name: protocol_comparison, rank_preservation, selection_gain and generator_quality; where the
    study makes them, protocol_differences, protocol_subsets and certificate_summary too.
    """
    splits = list(synthetic_sets)
    frames = {name: in_study_order(read_table(path, name), splits, generators) for name, path in tables.items()}
    pages.write_page(answer_page(study, frames, synthetic_sets, seeds), output)


def answer_page(study: str, tables: Mapping[str, pd.DataFrame], synthetic_sets: Mapping[str, str], seeds: int) -> str:
    """Return the page; ``synthetic_sets`` gives the generator whose set the synthetic protocol uses, by split."""
    comparison = whole_pool(with_columns(tables["protocol_comparison"], [*OUTCOMES, "architecture_error"]))
    ranks = over_draws(with_columns(tables["rank_preservation"], CORRELATIONS))
    gain = over_draws(with_columns(tables["selection_gain"], ["gain", "ci_low", "ci_high"]))
    differences = _of_protocol(tables.get("protocol_differences"), synthetic_sets)
    subsets = _of_protocol(tables.get("protocol_subsets"), synthetic_sets)
    draws = comparison.loc[comparison["draw"] >= 0, "draw"].nunique()
    parts = [
        pages.paragraph(
            f"Study {study}: {plural(len(synthetic_sets), 'split')}, {plural(draws, 'draw')} of each, "
            f"{plural(seeds, 'seed')} an architecture. Every model was trained on all its training images, and a set "
            "of synthetic images chose which to ship: architecture, run and epoch. Test images chose nothing."
        ),
        pages.heading("Does choosing with synthetic images pay?"),
        *_in_short(differences, subsets, synthetic_sets),
    ]
    for split, generator in synthetic_sets.items():
        mine = over_draws(comparison)[lambda table, split=split: table["split"] == split]
        parts.append(pages.heading(f"{split}: what to ship"))
        parts += _shipped(comparison[comparison["split"] == split], generator)
        parts += _alternatives(mine, differences[differences["split"] == split], generator)
        parts += _over_subsets(subsets[subsets["split"] == split])
        parts += _within(gain[gain["split"] == split], generator)
        parts += _ranking(ranks[ranks["split"] == split])
    parts += [pages.heading("What this can't promise"), pages.items(limits(tables, synthetic_sets, seeds))]
    return pages.page("Which model to ship", parts)


def _of_protocol(table: pd.DataFrame | None, synthetic_sets: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows over all candidates that compare the synthetic protocol, each split with its own set."""
    if table is None:
        return pd.DataFrame(columns=["split", "against"])
    rows = whole_pool(over_draws(table))
    mine = rows["generator"] == rows["split"].map(synthetic_sets)
    return rows[mine & (rows["protocol"] == "synthetic")].reset_index(drop=True)


def _difference(differences: pd.DataFrame, against: str) -> Difference | None:
    rows = differences[differences["against"] == against]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return Difference(float(row["difference"]), float(row["ci_low"]), float(row["ci_high"]), row["reason"])


def _row(comparison: pd.DataFrame, protocol: str, generator: str | None = None) -> pd.Series | None:
    rows = comparison[comparison["protocol"] == protocol]
    rows = rows if generator is None else rows[rows["generator"] == generator]
    return None if rows.empty else rows.iloc[0]


def _in_short(differences: pd.DataFrame, subsets: pd.DataFrame, synthetic_sets: Mapping[str, str]) -> list[str]:
    """Say for each alternative on which splits the synthetic protocol wins, loses, or can't be told from it."""
    if differences.empty:
        return [pages.paragraph("Nothing can be said: no test images were held out, so no choice has been checked.")]
    lines = []
    for protocol, name in ALTERNATIVES.items():
        found: dict[str, list[str]] = {}
        for split in synthetic_sets:
            gap = _difference(differences[differences["split"] == split], protocol)
            if gap is None:
                continue
            halves = subsets[(subsets["split"] == split) & (subsets["against"] == protocol)]
            wins = [f"; wins {pages.percent(row.win_share, 0)} % of halves" for row in halves.itertuples()]
            points = gap.reason if np.isnan(gap.value) else "".join([gap.points, *wins])
            found.setdefault(gap.verdict, []).append(f"{split} ({points})")
        if found:
            lines.append(
                f"Against {name}: " + "; ".join(f"{how} on {', '.join(on)}" for how, on in found.items()) + "."
            )
    text = (
        "In parentheses: by how many percentage points of test error the shipped model is better, its 95 % interval "
        "over test images and runs, and among how many random halves of the candidates the synthetic protocol wins."
    )
    return [pages.items(lines), pages.paragraph(text, "note")]


def _shipped(comparison: pd.DataFrame, generator: str) -> list[str]:
    """Say what was chosen, for each draw of the split."""
    rows = comparison[(comparison["protocol"] == "synthetic") & (comparison["generator"] == generator)]
    rows = rows[rows["draw"] != AGGREGATE]
    parts = []
    for row in rows.itertuples():
        drawn = f"Draw {row.draw}: ship" if len(rows) > 1 else "Ship"
        run = row.selected.rpartition("@")[0]
        error = pages.interval(row.test_error, row.ci_low, row.ci_high, scale=100)
        tested = "it has not been tested" if np.isnan(row.test_error) else f"its test error is {error} %"
        parts.append(
            pages.paragraph(
                f"{drawn} {row.architecture}: run {run}, epoch {row.epoch:.0f}, chosen among {row.candidates} runs by "
                f"{generator} (synthetic error {pages.percent(row.choosing_error)} %); {tested}.",
                "ship",
            )
        )
    return parts


def _alternatives(comparison: pd.DataFrame, differences: pd.DataFrame, generator: str) -> list[str]:
    shipped = _row(comparison, "synthetic", generator)
    if shipped is None or np.isnan(shipped["test_error"]):
        return [pages.paragraph("Without test images the alternatives can't be compared.", "note")]
    rows, main = [], []
    for place, (_, row) in enumerate(comparison.iterrows()):
        error = pages.interval(row["test_error"], row["ci_low"], row["ci_high"], scale=100)
        regret = pages.interval(row["regret"], row["regret_ci_low"], row["regret_ci_high"], scale=100)
        if row.name == shipped.name:
            main.append(place)
            sure = ["", "shipped"]
        else:
            gap = None if row["protocol"] == "synthetic" else _difference(differences, row["protocol"])
            sure = [pages.MISSING, ""] if gap is None else [gap.points, gap.verdict]
        rows.append([_name(row), row["selected"], error, regret, *sure])
    averaged = " Figures are means over the draws of the split." if shipped["draw"] == AGGREGATE else ""
    head = ["protocol", "selected", "test error (%)", "regret (points)", "better than it by (points)", "how sure"]
    text = (
        "Brackets: 95 % intervals over test images and runs; those of differences know that both are measured on the "
        "same images. Regret: distance to the best there was. Random and standard are means over runs; the others "
        f"single snapshots.{averaged}"
    )
    return [
        pages.heading("Compared with the alternatives", 3),
        pages.table(head, rows, main),
        pages.paragraph(text, "note"),
    ]


def _name(row: pd.Series) -> str:
    names = {
        "random": "random model",
        "standard": "standard: validate, then train on all",
        "validation": "validation alternative: ship a subtrain run",
        "synthetic": f"synthetic, with {row['generator']}",
    }
    return names[row["protocol"]]


def _over_subsets(subsets: pd.DataFrame) -> list[str]:
    """Say how often the synthetic protocol wins among random halves of the candidates."""
    lines = [
        f"Among {row.subsets:,} random halves of the candidates, the synthetic protocol beats the {row.against} one in "
        f"{pages.percent(row.win_share, 0)} % and ties in {pages.percent(row.tie_share, 0)} %; on average it is better "
        f"by {pages.interval(row.mean_difference, row.ci_low, row.ci_high, scale=100)} points."
        for row in subsets.itertuples()
    ]
    return [pages.items(lines)] if lines else []


def _within(gain: pd.DataFrame, generator: str) -> list[str]:
    """Say what choosing run and epoch gains within an architecture, over the baseline."""
    rows = gain[(gain["generator"] == generator) & (gain["architecture"] == "all") & (gain["method"] == "es_rss")]
    lines = []
    for row in rows.itertuples():
        if np.isnan(row.gain):
            continue
        sure = UNSURE if row.ci_low <= 0 <= row.ci_high else ("a gain" if row.gain > 0 else "a loss")
        lines.append(
            f"Within an architecture of the {row.family} family, choosing run and epoch by {generator} gains "
            f"{pages.interval(row.gain, row.ci_low, row.ci_high, scale=100)} points over the mean run at its last "
            f"epoch: {sure}. The synthetic images themselves claimed {pages.percent(row.apparent_gain)} points."
        )
    return [pages.items(lines)] if lines else []


def _ranking(ranks: pd.DataFrame) -> list[str]:
    rows = [
        [
            row.generator,
            row.family,
            str(row.models),
            pages.number(row.spearman),
            pages.number(row.kendall),
            pages.interval(row.spearman_true, row.ci_low, row.ci_high),
            row.reason,
        ]
        for row in ranks[ranks["level"] == "architecture"].itertuples()
    ]
    head = ["set", "family", "architectures", "Spearman", "Kendall", "Spearman of true errors", ""]
    return [pages.heading("Does the set order architectures as test images do?", 3), pages.table(head, rows)]
