"""What each rule asks a scheduler for: the one table that the rules and the cost plan read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """What the first attempt of a rule's jobs asks for at least; memory and run time double with each attempt.

    Attributes
    ----------
    megabytes : int
        Memory of the host.
    minutes : int
        Run time.
    gpu : bool
        Whether the job uses a GPU, unless the study's device is the CPU.
    image_copies : float
        How many copies of all the study's images, as bytes [images, channels, size, size], the job holds in memory
        besides; 0 where it reads few.
    by_work : bool
        Whether the cost plan knows the job's work, which may ask for more memory and run time.
    """

    megabytes: int
    minutes: int
    gpu: bool = False
    image_copies: float = 0.0
    by_work: bool = False


RESOURCES = {
    # The encoded images are read whole, and the rows of a part copied.
    "prepare": Request(2000, 60, image_copies=3),
    "draw_train": Request(2000, 30, image_copies=3),
    "carve_train": Request(2000, 30, image_copies=3),
    "divide_held_out": Request(2000, 30, image_copies=3),
    "train_extractor": Request(2000, 120, gpu=True, image_copies=2),
    "train_generator": Request(4000, 1440, gpu=True, by_work=True),
    "select_snapshot": Request(4000, 240, gpu=True, image_copies=2),
    "sample": Request(4000, 240, gpu=True),
    "evaluate_generator": Request(4000, 240, gpu=True, image_copies=2),
    "generator_quality": Request(1000, 10),
    "draw_graphs": Request(2000, 10),
    "train_candidates": Request(4000, 1440, gpu=True, by_work=True),
    "evaluate": Request(4000, 480, gpu=True, image_copies=2),
    "class_shares": Request(1000, 10),
    "choose_snapshots": Request(1000, 10),
    "selection_table": Request(4000, 60),
    "rank_certificates": Request(4000, 60),
    "class_errors": Request(4000, 60),
    "select_model": Request(2000, 10),
    "clean_snapshots": Request(2000, 120),
    "summary": Request(2000, 10),
    "evaluate_calibration": Request(4000, 240, gpu=True, image_copies=2),
    "rank_candidates": Request(2000, 60),
    "generate_images": Request(16000, 240, gpu=True),
    "evaluate_models": Request(16000, 720, gpu=True),
    "model_evaluations": Request(1000, 10),
    "rank_models": Request(8000, 240),
    "calibration_tables": Request(2000, 30),
    "train_diffusion": Request(4000, 1440, gpu=True, image_copies=2),
    "sample_plain_images": Request(8000, 1440, gpu=True),
    "run_practice": Request(8000, 2880, gpu=True, image_copies=2),
    "evaluate_practice": Request(8000, 1440, gpu=True, image_copies=2),
    "practice_omega": Request(1000, 10),
    "practice_tables": Request(1000, 30),
    "practice_theory": Request(1000, 60),
    "write_recommendation": Request(1000, 10),
    "write_table_page": Request(1000, 10),
    "plot_calibration_models": Request(1000, 10),
    "plot_gallery": Request(2000, 30),
    "plot_generator_images": Request(2000, 10),
    "plot_generators": Request(1000, 10),
    "plot_guided_images": Request(2000, 10),
    "plot_learning_curves": Request(2000, 30),
    "plot_model_ranking": Request(1000, 10),
    "plot_practice": Request(1000, 10),
    "plot_practice_theory": Request(1000, 10),
    "plot_protocol_subsets": Request(1000, 10),
    "plot_protocols": Request(2000, 30),
    "plot_random_graphs": Request(1000, 10),
    "plot_rank_preservation": Request(2000, 30),
    "plot_selection_gain": Request(1000, 10),
}
