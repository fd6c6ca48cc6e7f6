"""Made-up tables of the comparison of practice, for figures and pages."""

import numpy as np
import pandas as pd


def practice_summary() -> pd.DataFrame:
    """Two static sets, a loop of practice with two branches, a sweep of pruning and guidance, over three seeds."""
    columns = ["experiment", "method", "arm", "branch", "omega", "oversampling", "images_trained", "test_accuracy"]
    rows = [
        ("scaling", "real", "real", 0, 0.0, 1.0, 50, 0.97),
        ("scaling", "static", "static_100", 0, 0.0, 1.0, 100, 0.7),
        ("scaling", "static", "static_1000", 0, 0.0, 1.0, 1000, 0.8),
        ("scaling", "practice", "practice_2", 0, 2.0, 1.0, 100, 0.75),
        ("scaling", "practice", "practice_2", 1, 2.0, 1.0, 300, 0.82),
        ("sweep", "static", "sweep_plain", 1, 0.0, 1.0, 100, 0.7),
        ("sweep", "prune", "sweep_prune_4", 1, 0.0, 4.0, 100, 0.72),
        ("sweep", "practice", "sweep_omega_2", 1, 2.0, 1.0, 100, 0.74),
    ]
    table = pd.DataFrame(rows, columns=columns)
    accuracy = table["test_accuracy"]
    return table.assign(
        seeds=3,
        iterations=500.0,
        images_generated=table["images_trained"] * table["oversampling"],
        seconds=table["images_trained"] / 10,
        validation_accuracy=accuracy - 0.01,
        ci_low=accuracy - 0.02,
        ci_high=accuracy + 0.02,
        shifted_blur=accuracy - 0.1,
        gain=accuracy - 0.7,
        gain_ci_low=accuracy - 0.75,
        gain_ci_high=accuracy - 0.65,
        reason="",
    )


def practice_guidance() -> pd.DataFrame:
    rows = [(omega, seed, 0.5 + 0.2 * omega + 0.05 * seed) for omega in (0.0, 2.0) for seed in range(3)]
    table = pd.DataFrame(rows, columns=["omega", "seed", "entropy"])
    return table.assign(images=200, entropy_se=0.02, label_agreement=0.95, seconds_per_image=0.012, reason="")


def practice_differences() -> pd.DataFrame:
    """One variant against the static set, at its end and after a branch."""
    difference = {"difference": 0.01, "ci_low": -0.01, "ci_high": 0.03, "images": 300.0, "validation_difference": 0.02}
    table = pd.DataFrame([{"arm": "a", "branch": b, "against": "static", "seeds": 3, **difference} for b in (0, 1)])
    return table.assign(equal="images_generated")


def practice_omega() -> pd.DataFrame:
    """One strength of the guidance over all draws."""
    omega = {"seeds": 3, "validation_accuracy": 0.8, "ci_low": 0.7, "ci_high": 0.9}
    return pd.DataFrame([{"draw": -1, "omega": 2.0, "chosen": True, **omega}])


def practice_equal_accuracy() -> pd.DataFrame:
    """One variant that never reaches the accuracy of the static set, by images."""
    costs = {"images_generated": np.nan, "images_trained": 1500.0, "seconds": 20.0, "seconds_ratio": 0.5}
    ratio = {"ratio_ci_low": 0.4, "ratio_ci_high": np.nan, "reached": 0.95, "reason": "never"}
    return pd.DataFrame([{"arm": "a", "target_images": 1000, "target_accuracy": 0.8, **costs, **ratio}])
