import pytest

from tests.costs.test_work import work_of
from tests.studies import practice_study
from understudy.costs.networks import PRETRAINED
from understudy.generators.pretrained_settings import DiTSet


def operations(rule: str, path: str, **changes: object) -> float:
    (job,) = (job for job in work_of(practice_study(**changes))[rule] if job.path == path)
    return job.operations


def test_more_steps_are_more_work_in_proportion():
    of_learner, of_sampling = (
        [operations("run_practice", "static_20/block0", learner=learner(steps)) for steps in (40, 80)],
        [operations("sample_plain_images", "seed0/shard0", sampling={"steps": steps}) for steps in (4, 8)],
    )
    assert of_learner[1] == pytest.approx(2 * of_learner[0])
    assert of_sampling[1] == pytest.approx(2 * of_sampling[0])


def learner(iterations: int) -> dict:
    settings = practice_study()["practice"]["comparison"]["learner"]
    return settings | {"iterations": iterations}


def test_guided_images_cost_more_than_plain_ones_and_those_more_than_none():
    guided, plain = (
        operations("run_practice", f"{arm}/block0", sweep={"omegas": [0, 0.3], "at": 0.5})
        for arm in ("sweep_omega_0.3", "sweep_omega_0")
    )
    none = operations("run_practice", "static_20/block0")
    assert none < plain < guided < 2 * plain


def test_a_practice_study_alone_has_no_other_costly_jobs():
    jobs = work_of(practice_study())
    assert set(jobs) == {"train_diffusion", "sample_plain_images", "run_practice", "evaluate_practice"}
    # Two seeds, each with its plain images; two drawings would need two diffusion models.
    assert [len(jobs[rule]) for rule in ("train_diffusion", "sample_plain_images")] == [1, 2]


def test_a_ranking_evaluates_every_model_on_every_image(tmp_path):
    generated = {"source": "dit", "model": str(tmp_path), "images_per_class": 5, "shard_size": 20, "guidance": 2}
    models = {"names": ["resnet18", "resnet34", "resnet50"], "models_per_job": 2, "pretrained": False}
    study = {
        "study": "zoo",
        "seed": 1,
        "device": "cpu",
        "ranking": {"classes": 10, "models": models, "sets": {"DiT": generated}},
    }
    jobs = work_of(study)
    assert [job.path for job in jobs["generate_images"]] == ["DiT/00000", "DiT/00001", "DiT/00002"]
    first, second = jobs["evaluate_models"]
    assert first.operations == 2 * second.operations  # two models, and the one that is left
    network, decoder = PRETRAINED["dit"]
    evaluations = 2 * DiTSet(**generated).steps
    assert sum(job.operations for job in jobs["generate_images"]) == pytest.approx(
        50 * (evaluations * network.operations + decoder.operations)
    )
