"""How often intervals of differences between protocols cover the true ones, in one draw of the splits and over three.

    python benchmarks/study_difference_coverage.py --studies 300

Five architectures of known mean errors, runs that vary about them, a synthetic set that ranks runs with some error,
draws whose test sets share a third of their images. The true difference of two protocols is the mean, over all studies,
of the true errors of what they choose. Prints one line per comparison: the coverage for one draw and for the mean of
three, and the mean half-width of the intervals in points. About 0.4 s a study.
"""

import argparse

import numpy as np
import pandas as pd
from made_up import CLASSES, as_draw, runs_of, tables
from scipy import special

from understudy.selection.comparison import protocol_differences
from understudy.selection.split_errors import StudyErrors
from understudy.statistics.sampling_covariance import error_covariance

MEANS, SEEDS, SPREAD, IMAGES, POOL, DRAWS = np.array([0.06, 0.07, 0.075, 0.09, 0.12]), 5, 0.008, 400, 1200, 3


def misses(true: np.ndarray, hardness: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Misses [runs, 1, images] of models with these true errors on images of this hardness."""
    own = np.sqrt(0.5) * rng.standard_normal((len(true), len(hardness)))
    return (hardness + own < special.ndtri(true)[:, None])[:, None]


def chosen_errors(full: np.ndarray, subtrain: np.ndarray, wrong: dict[str, np.ndarray]) -> dict[str, float]:
    """True errors of what each protocol chooses; runs are sorted by architecture."""
    validated = wrong["validation"].mean(axis=(1, 2))
    best = validated.reshape(len(MEANS), SEEDS).mean(axis=1).argmin()
    return {
        "random": full.mean(),
        "standard": full.reshape(len(MEANS), SEEDS)[best].mean(),
        "validation": subtrain[validated.argmin()],
        "synthetic": full[wrong["gan"].mean(axis=(1, 2)).argmin()],
    }


def one_study(number: int) -> tuple[pd.DataFrame, list[dict[str, float]]]:
    """The table of one study of several draws, and the true errors of each draw's choices."""
    rng = np.random.default_rng([3, number])
    pool = np.sqrt(0.5) * rng.standard_normal(POOL)
    counts, covariances, chosen = [], {}, []
    for draw in range(DRAWS):
        index = rng.permutation(POOL)[:IMAGES]
        labels = np.arange(IMAGES) % CLASSES
        base = np.repeat(MEANS, SEEDS)
        full = np.clip(base + rng.normal(0, SPREAD, len(base)), 0.01, 0.5)
        subtrain = np.clip(base + 0.01 + rng.normal(0, SPREAD, len(base)), 0.01, 0.5)
        other = np.sqrt(0.5) * rng.standard_normal(IMAGES)
        wrong = {
            "gan": misses(np.clip(1.5 * full + rng.normal(0, 0.01, len(full)), 0.01, 0.9), other, rng),
            "validation": misses(subtrain, other[:100], rng),
        }
        chosen.append(chosen_errors(full, subtrain, wrong))
        tested = {}
        for regime, true, name in (("full", full, "gan"), ("subtrain", subtrain, "validation")):
            runs = runs_of(len(MEANS), SEEDS, regime)
            counts.append(as_draw(tables(runs, name, wrong[name])[0], {}, draw)[0])
            tested[regime] = tables(runs, "test", misses(true, pool[index], rng))
            counts.append(as_draw(tested[regime][0], {}, draw)[0])
        predictions = pd.concat([kept for _, kept in tested.values()], ignore_index=True)
        covariances[draw, "Train300", "test"] = error_covariance(predictions, labels, index)
    return protocol_differences(
        StudyErrors(pd.concat(counts, ignore_index=True), covariances), seed=number, n_resamples=300
    ), chosen


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=300)
    options = parser.parse_args()
    found = [one_study(number) for number in range(options.studies)]
    truth = pd.DataFrame([errors for _, chosen in found for errors in chosen]).mean()
    rows = pd.concat([table for table, _ in found], ignore_index=True)
    rows["true"] = rows["against"].map(truth) - rows["protocol"].map(truth)
    rows["covers"] = (rows["ci_low"] <= rows["true"]) & (rows["true"] <= rows["ci_high"])
    rows["half_width"] = (rows["ci_high"] - rows["ci_low"]) / 2
    for (protocol, against), mine in rows.groupby(["protocol", "against"]):
        several = mine["draw"] == -1
        shares = [f"{100 * part['covers'].mean():5.1f} % (± {100 * part['half_width'].mean():.1f})"
                  for part in (mine[~several], mine[several])]  # fmt: skip
        print(
            f"{protocol:10} against {against:10}: true difference {100 * mine['true'].iloc[0]:5.2f} points; "
            f"one draw {shares[0]}, mean of {DRAWS} {shares[1]}"
        )


if __name__ == "__main__":
    main()
