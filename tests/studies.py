"""Studies for the tests: the smallest that has every part."""


def small_study(**changes: object) -> dict:
    """Return a study's configuration as plain data; ``changes`` replace top-level keys."""
    study = {
        "study": "small",
        "seed": 7,
        "device": "cpu",
        "data": {"source": "sklearn-digits"},
        "splits": {"Train200": {"train": 200, "validation": 50}, "Train400": {"train": 400, "validation": 100}},
        "generators": {
            "stylegan2_cond": {"method": "stylegan2", "kimg": 2, "snapshots": 2},
            "wgan_gp_per_class": {
                "method": "wgan_gp",
                "per_class": True,
                "splits": ["Train400"],
                "kimg": 1,
                "snapshots": 2,
            },
        },
        "synthetic": {"images_per_class": 20},
        "candidates": {
            "seeds": 2,
            "seed_block": 2,
            "snapshots": 4,
            "recipe": {"steps": 20, "batch_size": 32, "crop": 1, "flip": False},
            "standard": {
                "resnet_8": {"model": "resnet", "arguments": {"depth": 8, "width": 4}, "group": "tiny"},
                "resnet_14": {"model": "resnet", "arguments": {"depth": 14, "width": 4}, "group": "tiny"},
                "wrn_10": {"model": "wrn", "arguments": {"depth": 10, "widen_factor": 1, "width": 4}, "group": "tiny"},
            },
            "rwnn": {"graphs": 3, "nodes": 5, "width": 4, "head_width": 16, "stages": 1},
        },
        "ranking": {"calibration_models": 4, "calibration_counts": [2, 4], "repeats": 5},
    }
    return study | changes


def one_split_study(**changes: object) -> dict:
    """Return the small study cut to one split, and practice, for tests that run it: most of it is the start of jobs."""
    study = small_study()
    generators = {name: {**entry, "splits": ["Train200"]} for name, entry in study["generators"].items()}
    few = {"seeds": 1, "seed_block": 1, "static": [20], "dynamic": False, "oversampling": [], "sweep": {}}
    theory = {"dimension": 16, "trials": 3, "kept_samples": [32, 64]}
    return {
        **study,
        "splits": {"Train200": study["splits"]["Train200"]},
        "generators": generators,
        "practice": {**practice_study(**few)["practice"], "theory": theory},
        **changes,
    }


def practice_study(**changes: object) -> dict:
    """Return the smallest practice study that has every arm; ``changes`` replace keys of the comparison."""
    comparison = {
        "split": "Train200",
        "seeds": 2,
        "seed_block": 2,
        "generator": {"kind": "unet", "steps": 20, "batch": 16, "channels": [8, 16], "attention": False},
        "sampling": {"steps": 4, "batch": 10},
        "guidance": {"interval": 2},
        "omega": 0.2,
        "learner": {
            "network": {"model": "resnet", "arguments": {"depth": 8, "width": 4}},
            "iterations": 40,
            "batch": 16,
        },
        "loop": {"initial": 20, "added": 10, "additions": 2, "evaluation_interval": 4},
        "static": [20, 40],
        "oversampling": [2],
        "sweep": {"omegas": [0, 0.3]},
        "ablation": {"omegas": [0.1], "fixed_patience": True, "new_weight": 2},
        "shifted": {"corruptions": {"gaussian_noise": 0.2, "translation": 0.13}},
        "n_resamples": 100,
    }
    return {
        "study": "practice",
        "seed": 7,
        "device": "cpu",
        "data": {"source": "sklearn-digits"},
        "splits": {"Train200": {"train": 200, "validation": 50}},
        "practice": {"comparison": comparison | changes},
    }
