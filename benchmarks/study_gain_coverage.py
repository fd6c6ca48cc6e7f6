"""How often the interval of a gain covers 0 among runs of equal true error, through the tables, for several proxies.

    python benchmarks/study_gain_coverage.py --studies 1000 --architectures 4 --runs 10

Prints one line per proxy and method; 92 to 98 % is wanted. The proxies: a synthetic set that ranks by chance (images),
errors without any relation to the models (wild), a set on which all models tie (ties), and a set that always prefers
the first runs (stubborn).
"""

import argparse

import numpy as np
from made_up import draw_wrong, runs_of, study

from understudy.selection.gain import selection_gain
from understudy.selection.split_errors import StudyErrors

ERROR, IMAGES, EPOCHS = 0.15, 600, 3


def proxy(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Misses [runs, epochs, 300] on the choosing set."""
    if kind == "images":
        return draw_wrong(np.full(shape, ERROR), 300, rng)
    if kind == "wild":
        return rng.random((*shape, 300)) < rng.random(shape)[..., None]
    if kind == "ties":
        return np.broadcast_to(np.arange(300) < 45, (*shape, 300))
    preference = np.linspace(0.05, 0.5, shape[0] * shape[1]).reshape(shape)
    return np.arange(300) < 300 * preference[..., None]


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--architectures", type=int, default=4)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    runs = runs_of(options.architectures, options.runs)
    shape = (len(runs), EPOCHS)
    for kind in ("images", "wild", "ties", "stubborn"):
        rng = np.random.default_rng(7)
        covered: dict[tuple[str, str], int] = {}
        for number in range(options.studies):
            test = draw_wrong(np.full(shape, ERROR), IMAGES, rng)
            parts = {("full", "test"): (runs, test), ("full", "gan"): (runs, proxy(kind, shape, rng))}
            table = selection_gain(StudyErrors(*study(parts)), seed=number, n_resamples=100)
            table = table[table["architecture"].isin(["standard000", "all"]) & (table["method"] != "baseline")]
            inside = (table["ci_low"] <= 1e-12) & (table["ci_high"] >= -1e-12)
            for key, value in zip(zip(table["architecture"], table["method"], strict=True), inside, strict=True):
                covered[key] = covered.get(key, 0) + value
        for (architecture, method), count in covered.items():
            share = count / options.studies
            print(f"{kind:9} {architecture:12} {method:7} covers 0 in {100 * share:5.1f} %", flush=True)


if __name__ == "__main__":
    main()
