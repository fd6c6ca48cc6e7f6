"""How often the interval of `true_spearman` covers the correlation of true errors, beside a plain joint bootstrap's.

    python benchmarks/study_spearman_coverage.py --studies 500 --models 17 170

True errors follow a Gaussian copula; models share the images' difficulty. Three laws of the true errors: normal, skewed
(lognormal), and narrow, where the sampling of images makes up half of the measured spread.
"""

import argparse

import numpy as np
from scipy import special

from understudy.statistics.rank_correlation import spearman
from understudy.statistics.sampling_covariance import stratified_covariance
from understudy.statistics.true_rank_correlation import Side, true_spearman

LAWS = {
    "normal": lambda score: np.clip(0.10 + 0.025 * score, 0.005, 0.9),
    "skewed": lambda score: 0.06 * np.exp(0.4 * score),
    "narrow": lambda score: np.clip(0.08 + 0.008 * score, 0.005, 0.9),
}


def misses(true: np.ndarray, images: int, rng: np.random.Generator) -> np.ndarray:
    """Misses [models, images] of models with these true errors."""
    hardness = np.sqrt(0.5) * rng.standard_normal(images)
    own = np.sqrt(0.5) * rng.standard_normal((len(true), images))
    return hardness + own < special.ndtri(true)[:, None]


def joint_bootstrap(real: np.ndarray, synthetic: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Percentile interval of the plain bootstrap over images and models together, 300 draws."""
    found = []
    for _ in range(300):
        models = rng.integers(len(real), size=len(real))
        sides = []
        for wrong in (real, synthetic):
            weights = np.bincount(rng.integers(wrong.shape[1], size=wrong.shape[1]), minlength=wrong.shape[1])
            sides.append((wrong @ weights)[models])
        found.append(spearman(*sides))
    return tuple(np.nanquantile(found, [0.025, 0.975]))


def main() -> None:
    """Simulate and print one line per law, number of models and true correlation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--models", type=int, nargs="+", default=[17, 170])
    parser.add_argument("--n-resamples", type=int, default=300, help="simulated studies per correlation tried")
    parser.add_argument("--images", type=int, nargs=2, default=[1200, 2000], help="of the real and the synthetic set")
    options = parser.parse_args()
    for models in options.models:
        for law, of_score in LAWS.items():
            for truth in (0.0, 0.7, 0.95):
                rng = np.random.default_rng([models, round(100 * truth)])
                covered, plain, widths, corrected = 0, 0, [], []
                rho = 2 * np.sin(np.pi / 6 * truth)
                for number in range(options.studies):
                    first, second = rng.standard_normal((2, models))
                    second = rho * first + np.sqrt(1 - rho**2) * second
                    wrong = [misses(of_score(s), n, rng) for s, n in zip((first, second), options.images, strict=True)]
                    sides = [Side(w.mean(axis=1), stratified_covariance(w, np.arange(w.shape[1]) % 10)) for w in wrong]
                    result = true_spearman(*sides, rng, n_resamples=options.n_resamples)
                    covered += result.low <= truth <= result.high
                    widths.append(result.high - result.low)
                    corrected.append(result.corrected)
                    if number < 100:
                        low, high = joint_bootstrap(*wrong, rng)
                        plain += low <= truth <= high
                print(
                    f"{models:4} models {law:7} truth {truth:4}: covers {100 * covered / options.studies:5.1f} %, "
                    f"mean width {np.mean(widths):.2f}, median {np.nanmedian(corrected):5.2f}; joint bootstrap "
                    f"{100 * plain / min(options.studies, 100):3.0f} % of {min(options.studies, 100)}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
