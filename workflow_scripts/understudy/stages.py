"""The versions of the expensive stages.

Snakemake reruns a job when its parameters change, and doesn't see a change in an imported module. Raise a stage's
version when its results change for the same parameters: the version is one of its parameters, so its jobs and all that
depends on them run again. `make stages` then records the code of all stages; a test compares it with the code as it is.
"""

STAGE_VERSIONS = {
    "prepare": 2,
    "draw_train": 1,
    "carve_train": 1,
    "divide_held_out": 1,
    "train_extractor": 1,
    "train_generator": 1,
    "select_snapshot": 1,
    "sample": 1,
    "evaluate_generator": 1,
    "draw_graphs": 2,
    "train_candidates": 3,
    "evaluate": 1,
    "evaluate_calibration": 1,
    "generate_images": 1,
    "evaluate_models": 1,
    "practice_theory": 1,
    "train_diffusion": 2,
    "sample_plain_images": 1,
    "run_practice": 2,
    "evaluate_practice": 1,
}
