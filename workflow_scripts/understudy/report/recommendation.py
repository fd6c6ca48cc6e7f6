"""The report's first page: what to ship for each split, how much better it is than the alternatives, and how sure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.plots.frames import over_draws, plural, whole_pool
from understudy.plots.style import PROTOCOLS
from understudy.report import columns, formats
from understudy.report.caveats import caveats
from understudy.report.class_errors import CAUTION, SUMMARY
from understudy.report.pages import Page, Section
from understudy.selection.aggregation import AGGREGATE
from understudy.selection.protocols import ONE_RUN
from understudy.statistics.tie_breaking import TIE_RULE

UNSURE = "no difference can be told from noise"


def verdict(difference: columns.Row) -> str:
    """Say how sure it is that the shipped model is better, from a row of ``protocol_differences``."""
    if columns.missing(difference, "difference"):
        return "not measured"
    if difference["ci_low"] <= 0 <= difference["ci_high"]:
        return UNSURE
    words = "the shipped model is better" if difference["ci_low"] > 0 else "the shipped model is worse"
    return f"{words} with these very runs" if ONE_RUN in difference["reason"] else words


@dataclass(frozen=True)
class SplitResults:
    """The rows of the tables that are about one split, and the generator whose set chose there."""

    split: str
    generator: str
    comparison: pd.DataFrame
    differences: pd.DataFrame
    subsets: pd.DataFrame
    gain: pd.DataFrame
    ranks: pd.DataFrame

    def against(self, protocol: str) -> columns.Row | None:
        """Return the row on how much better the synthetic protocol is than another one, if it was compared with it."""
        rows = self.differences[self.differences["against"] == protocol]
        return next(iter(rows.to_dict("records")), None)


def recommendation_page(
    study: str, tables: Mapping[str, pd.DataFrame], synthetic_sets: Mapping[str, str], seeds: int
) -> Page:
    """Return the page; ``synthetic_sets`` gives the generator whose set the synthetic protocol uses, by split.

    ``tables``: by name, protocol_comparison, rank_preservation, selection_gain and generator_quality; where the
    study makes them, protocol_differences, protocol_subsets, class_summary and certificate_summary too. Rows are in
    the study's order.
    """
    results = [_of_split(tables, split, generator) for split, generator in synthetic_sets.items()]
    comparison = tables["protocol_comparison"]
    draws = comparison.loc[comparison["draw"] >= 0, "draw"].nunique()
    introduction = (
        f"Study {study}: {plural(len(synthetic_sets), 'split')}, {plural(draws, 'draw')} of each, "
        f"{plural(seeds, 'seed')} an architecture. Every model was trained on all its training images, and a set "
        "of synthetic images chose which to ship: architecture, run and epoch. Test images chose nothing."
    )
    sections = [Section(texts=[introduction, *columns.metric_words(comparison)]), _in_short(results)]
    for found in results:
        sections += [
            Section(f"{found.split}: what to ship", shipped=list(_shipped(found))),
            _alternatives(found),
            Section(items=[*_over_subsets(found.subsets), *_within(found)]),
            _ranking(found.ranks),
            *_classes(tables, found),
        ]
    items = list(caveats(tables, synthetic_sets, seeds))
    sections.append(Section("What this can't promise", items=items, note=TIE_RULE))
    return Page("Which model to ship", sections)


def _of_split(tables: Mapping[str, pd.DataFrame], split: str, generator: str) -> SplitResults:
    rows = {name: table[table["split"] == split] for name, table in tables.items()}
    nothing = pd.DataFrame(columns=["draw", "family", "generator", "protocol", "against"])
    differences, subsets = (
        whole_pool(over_draws(rows.get(name, nothing)))[lambda found: _is_shipped(found, generator)]
        for name in ("protocol_differences", "protocol_subsets")
    )
    gain, ranks = (over_draws(rows[name]) for name in ("selection_gain", "rank_preservation"))
    return SplitResults(split, generator, whole_pool(rows["protocol_comparison"]), differences, subsets, gain, ranks)


def _is_shipped(rows: pd.DataFrame, generator: str) -> pd.Series:
    """Tell which rows are about the synthetic protocol with this generator's set."""
    return (rows["protocol"] == "synthetic") & (rows["generator"] == generator)


def _in_short(results: list[SplitResults]) -> Section:
    """Say for each alternative on which splits the synthetic protocol wins, loses, or can't be told from it."""
    title = "Does choosing with synthetic images pay?"
    if all(found.differences.empty for found in results):
        unchecked = "Nothing can be said: no test images were held out, so no choice has been checked."
        return Section(title, texts=[unchecked])
    lines = []
    for protocol, look in PROTOCOLS.items():
        verdicts: dict[str, list[str]] = {}
        for found in results:
            gap = found.against(protocol)
            if gap is None:
                continue
            halves = found.subsets[found.subsets["against"] == protocol]
            wins = [f"; wins {formats.percent(row.win_share, 0)} % of halves" for row in halves.itertuples()]
            points = "".join([columns.value_interval(gap, "difference"), *wins])
            points = gap["reason"] if columns.missing(gap, "difference") else points
            verdicts.setdefault(verdict(gap), []).append(f"{found.split} ({points})")
        if verdicts:
            said = "; ".join(f"{words} on {', '.join(splits)}" for words, splits in verdicts.items())
            lines.append(f"Against {look.alternative}: {said}.")
    note = (
        "In parentheses: by how many percentage points of test error the shipped model is better, its 95 % interval "
        "over test images and runs, and among how many random halves of the candidates the synthetic protocol wins."
    )
    return Section(title, items=lines, note=note)


def _shipped(found: SplitResults) -> Iterator[str]:
    """Say what was chosen, for each draw of the split."""
    rows = found.comparison[_is_shipped(found.comparison, found.generator) & (found.comparison["draw"] != AGGREGATE)]
    for row in rows.to_dict("records"):
        drawn = f"Draw {row['draw']}: ship" if len(rows) > 1 else "Ship"
        run = row["selected"].rpartition("@")[0]
        error = columns.value_interval(row, "test_error")
        tested = "it has not been tested" if columns.missing(row, "test_error") else f"its test error is {error} %"
        yield (
            f"{drawn} {row['architecture']}: run {run}, epoch {row['epoch']:.0f}, chosen among {row['candidates']} "
            f"runs by {found.generator} (synthetic error {formats.percent(row['choosing_error'])} %); {tested}."
        )


ALTERNATIVES = [
    columns.Column("protocol", lambda row: PROTOCOLS[row["protocol"]].description.format(**row)),
    columns.text("selected", "selected"),
    columns.percent_interval("test error (%)", "test_error"),
    columns.percent_interval("regret (points)", "regret", "regret_ci"),
    columns.text("better than it by (points)", "difference"),
    columns.text("how sure", "verdict"),
]


def _alternatives(found: SplitResults) -> Section:
    comparison = over_draws(found.comparison)
    rows = comparison.to_dict("records")
    main = next(iter(np.flatnonzero(_is_shipped(comparison, found.generator))), None)
    if main is None or columns.missing(rows[main], "test_error"):
        return Section(note="Without test images the alternatives can't be compared.")
    for row in rows:
        gap = found.against(row["protocol"])
        row["difference"] = columns.value_interval(gap, "difference") if gap else formats.MISSING
        row["verdict"] = verdict(gap) if gap else ""
    rows[main] |= {"difference": "", "verdict": "shipped"}
    averaged = " Figures are means over the draws of the split." if rows[main]["draw"] == AGGREGATE else ""
    note = (
        "Brackets: 95 % intervals over test images and runs; those of differences know that both are measured on the "
        "same images. Regret: distance to the best there was. Random and standard are means over runs; the others "
        f"single snapshots.{averaged}"
    )
    return Section("Compared with the alternatives", 3, table=columns.tabulate(rows, ALTERNATIVES, [main]), note=note)


def _over_subsets(subsets: pd.DataFrame) -> Iterator[str]:
    """Say how often the synthetic protocol wins among random halves of the candidates."""
    for row in subsets.to_dict("records"):
        yield (
            f"Among {row['subsets']:,} random halves of the candidates, the synthetic protocol beats the "
            f"{row['against']} one in {formats.percent(row['win_share'], 0)} % and ties in "
            f"{formats.percent(row['tie_share'], 0)} %; on average it is better by "
            f"{columns.value_interval(row, 'mean_difference')} points."
        )


def _within(found: SplitResults) -> Iterator[str]:
    """Say what choosing run and epoch gains within an architecture, over the baseline."""
    gain = found.gain[(found.gain["generator"] == found.generator) & (found.gain["method"] == "es_rss")]
    for row in gain[gain["architecture"] == "all"].to_dict("records"):
        if columns.missing(row, "gain"):
            continue
        sure = UNSURE if row["ci_low"] <= 0 <= row["ci_high"] else ("a gain" if row["gain"] > 0 else "a loss")
        yield (
            f"Within an architecture of the {row['family']} family, choosing run and epoch by {found.generator} gains "
            f"{columns.value_interval(row, 'gain')} points over the mean run at its last epoch: {sure}. The synthetic "
            f"images themselves claimed {formats.percent(row['apparent_gain'])} points."
        )


RANKS = [
    columns.text("set", "generator"),
    columns.text("family", "family"),
    columns.text("architectures", "models"),
    columns.number("Spearman", "spearman"),
    columns.number("Kendall", "kendall"),
    columns.interval("Spearman of true errors", "spearman_true"),
    columns.REASON,
]


def _classes(tables: Mapping[str, pd.DataFrame], found: SplitResults) -> Iterator[Section]:
    """Show what is shipped in short by class, where the study has that table."""
    if "class_summary" in tables:
        table = tables["class_summary"]
        rows = table[(table["split"] == found.split) & _is_shipped(table, found.generator)]
        yield Section("By class", 3, table=columns.tabulate(rows, [columns.DRAW, *SUMMARY]), note=CAUTION)


def _ranking(ranks: pd.DataFrame) -> Section:
    table = columns.tabulate(ranks[ranks["level"] == "architecture"], RANKS)
    return Section("Does the set order architectures as test images do?", 3, table=table)
