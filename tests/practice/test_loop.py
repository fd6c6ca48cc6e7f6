import errno
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.practice.small import CLASSES, CPU, LEARNER, LOOP, real_images, sources, trained_denoiser
from understudy.classifiers.weights import load_network
from understudy.data.shards import read_images
from understudy.errors import StudyError
from understudy.generators.denoisers import TrainedDenoiser
from understudy.practice import loop
from understudy.practice.hardness import hardness
from understudy.practice.images import GrowingSet, PlainPool
from understudy.practice.learner import LearnerTraining
from understudy.practice.loop import PracticeRun
from understudy.practice.results import run_arm
from understudy.practice.sampling import Sampler
from understudy.practice.variants import SWEEP, Arm

PRACTICE = Arm("practice", "practice", "scaling", 12, 9, 2, omega=0.2)
ARMS = [
    PRACTICE,
    Arm("dynamic", "dynamic", "scaling", 12, 9, 2),
    Arm("prune", "prune", "scaling", 12, 9, 2, oversampling=2.0),
    Arm("static", "static", "scaling", 24),
    Arm("real", "real", "scaling", 30),
]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("practice")
    return sources(folder, trained_denoiser(folder))


def run(folder: Path, given, arm=PRACTICE, learner=LEARNER, loop=LOOP, seed=4, checkpoint_seconds=1e9):
    weights, images = folder / "weights", folder / "images"
    return run_arm(arm, learner, loop, given, seed, arm.name, weights, images, folder / "work", CPU, checkpoint_seconds)


TIMES = ["generator_seconds", "learner_seconds", "seconds", "guided_seconds_per_image"]


def without_times(result):
    return [
        frame.drop(columns=TIMES, errors="ignore").to_json()
        for frame in (result.runs, result.history, result.rounds, result.hardness)
    ]


def test_the_first_images_need_not_fit_into_memory(tmp_path, given, monkeypatch):
    whole = PracticeRun(ARMS[3], LEARNER, LOOP, given, 4, tmp_path / "whole", CPU, 1e9)
    monkeypatch.setattr(loop, "POOL_READ", 7)
    reads = []
    original = PlainPool.read

    def read(pool, start, count):
        reads.append(count)
        return original(pool, start, count)

    monkeypatch.setattr(PlainPool, "read", read)
    in_parts = PracticeRun(ARMS[3], LEARNER, LOOP, given, 4, tmp_path / "parts", CPU, 1e9)
    assert reads == [7, 7, 7, 3]
    np.testing.assert_array_equal(in_parts.set.images, whole.set.images)
    for name, column in whole.set.columns.items():
        np.testing.assert_array_equal(in_parts.set.columns[name], column)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("moment", ["in a round", "in training", "in a branch"])
def test_a_killed_run_goes_on_exactly(tmp_path, given, monkeypatch, moment):
    whole = run(tmp_path / "whole", given)
    assert list(whole.runs["branch"]) == [2, 0, 1]
    calls = {"count": 0}

    def dies(original, at):
        def call(*arguments, **options):
            calls["count"] += 1
            if calls["count"] == at:
                raise KilledError
            return original(*arguments, **options)

        return call

    # Additions of 9 images are made 4 at a time: call 5 is the middle of the second addition.
    if moment == "in a round":
        monkeypatch.setattr(Sampler, "sample", dies(Sampler.sample, 5))
    else:
        monkeypatch.setattr(LearnerTraining, "step", dies(LearnerTraining.step, 25 if "training" in moment else 52))
    with pytest.raises(KilledError):
        run(tmp_path / "broken", given, checkpoint_seconds=0)
    resumed = run(tmp_path / "broken", given, checkpoint_seconds=0)
    assert calls["count"] > 5
    assert without_times(resumed) == without_times(whole)
    for file in (tmp_path / "whole").glob("[wi]*/*s*"):
        if file.is_file():
            assert file.read_bytes() == (tmp_path / "broken" / file.relative_to(tmp_path / "whole")).read_bytes(), file


@pytest.mark.parametrize("left", [0, 200, 900])
def test_a_run_whose_images_were_cut_short_begins_anew(tmp_path, given, monkeypatch, left):
    """Nothing, the head alone, a part of the images: a checkpoint that counts on them is worth nothing."""
    whole = run(tmp_path / "whole", given)
    with monkeypatch.context() as patched:
        steps = iter(range(25))
        original = LearnerTraining.step
        patched.setattr(LearnerTraining, "step", lambda *given: (next(steps), original(*given))[1])
        with pytest.raises(StopIteration):
            run(tmp_path / "broken", given, checkpoint_seconds=0)
    assert list((tmp_path / "broken/work/state").glob("step-*"))
    os.truncate(tmp_path / "broken/work/images/images.npy", left)
    assert without_times(run(tmp_path / "broken", given, checkpoint_seconds=0)) == without_times(whole)


def test_images_without_room_on_the_disk_are_told_and_leave_no_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(StudyError, match=r"cannot write .*images\.npy: No space left on device"):
        GrowingSet(tmp_path, 10, (1, 8, 8))
    assert list(tmp_path.iterdir()) == []


def dies_in_the_second_round(folder: Path) -> None:
    """Run until the process is killed between two parts of the second addition; for a process of its own."""
    torch.set_num_threads(1)
    sample, calls = Sampler.sample, []

    def killed_at_the_fifth(*arguments, **options):
        calls.append(1)
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return sample(*arguments, **options)

    Sampler.sample = killed_at_the_fifth
    run(
        folder / "broken", sources(folder, TrainedDenoiser(folder / "diffusion.safetensors", CPU)), checkpoint_seconds=0
    )


@pytest.fixture
def one_thread():
    """Jobs have one thread; the number of threads changes the last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Starts a second interpreter, which loads torch.
@pytest.mark.slow
def test_a_run_that_was_killed_for_real_in_a_round_goes_on_exactly(tmp_path, one_thread):
    given = sources(tmp_path, trained_denoiser(tmp_path))
    whole = run(tmp_path / "whole", given)
    process = multiprocessing.get_context("spawn").Process(target=dies_in_the_second_round, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    interrupted = PracticeRun(PRACTICE, LEARNER, LOOP, given, 4, tmp_path / "broken/work", CPU, 1e9)
    assert (interrupted.progress.additions, interrupted.progress.made) == (1, 4)
    assert without_times(run(tmp_path / "broken", given)) == without_times(whole)
    one, other = (files_below(tmp_path / name / "images") for name in ("whole", "broken"))
    assert one == other and one


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.name)
def test_each_arm_makes_and_trains_on_what_it_says(tmp_path, given, arm):
    result = run(tmp_path, given, arm)
    final = result.runs.iloc[0]
    assert final["branch"] == arm.additions
    assert final["images_trained"] == arm.capacity
    assert final["images_generated"] == {"practice": 30, "dynamic": 30, "prune": 48, "static": 24, "real": 0}[arm.name]
    assert final["iterations"] == LEARNER.iterations
    assert list(result.runs["branch"][1:]) == list(range(arm.additions))
    for row in result.runs.itertuples():
        network = load_network(tmp_path / f"weights/{row.run}.safetensors")
        assert network(torch.from_numpy(given.real.images)).shape == (30, CLASSES)
    kept = read_images(tmp_path / "images")
    assert len(kept.labels) == arm.capacity
    assert np.bincount(kept.columns["addition"]).tolist() == [arm.initial] + [arm.added] * arm.additions
    if arm.method == "dynamic":
        pool = given.pool.read(0, 30)
        assert np.array_equal(kept.images, pool.images) and np.array_equal(kept.labels, pool.labels)


def test_prune_keeps_the_images_of_highest_entropy(tmp_path, given):
    result = run(tmp_path, given, ARMS[2])
    kept = read_images(tmp_path / "images")
    first = kept.columns["addition"] == 1
    candidates = given.pool.read(12, 18)
    learner_entropy = dict(zip(candidates.seeds, candidates.entropies, strict=True))
    assert set(kept.columns["seed"][first]) < set(learner_entropy)
    # The learner at the first addition: a run that stops there has it.
    stopped = PracticeRun(ARMS[2], LEARNER, LOOP, given, 4, tmp_path / "again", CPU, 1e9)
    while stopped.progress.made is None:
        stopped._train(stopped.cool_down_from, stopped.progress.images, "step")
        stopped._after_step()
    assert stopped.progress.step == result.rounds["iteration"][0]
    entropies = stopped.learner.predict(candidates.images)[1]
    dropped = ~np.isin(candidates.seeds, kept.columns["seed"][first])
    assert entropies[~dropped].min() >= entropies[dropped].max()
    assert np.allclose(np.sort(entropies[~dropped]), np.sort(kept.columns["entropy"][first]), atol=1e-6)


def test_additions_come_only_between_warm_up_and_cool_down(tmp_path, given):
    result = run(tmp_path, given, loop=LOOP.model_copy(update={"additions": 50}),
                 arm=Arm("many", "dynamic", "scaling", 12, 1, 48))  # fmt: skip
    iterations = result.rounds["iteration"]
    assert len(iterations) >= 3
    assert iterations.min() >= LEARNER.warm_up_steps
    assert iterations.max() < LEARNER.iterations - LEARNER.cool_down_steps


def test_a_fixed_patience_asks_sooner_once_there_are_more_images(tmp_path, given):
    growing = LOOP.model_copy(update={"patience_grows": True})
    arm = Arm("fixed", "dynamic", "ablation", 12, 9, 3, fixed_patience=True)
    fixed = run(tmp_path / "fixed", given, arm, loop=growing)
    assert run(tmp_path / "same", given, arm, loop=LOOP).rounds.equals(fixed.rounds)
    patient = run(tmp_path / "grows", given, replace(arm, fixed_patience=False), loop=growing)
    assert len(fixed.rounds) > 1 and fixed.rounds["iteration"][0] == patient.rounds["iteration"][0]
    assert len(patient.rounds) == 1 or patient.rounds["iteration"][1] > fixed.rounds["iteration"][1]
    # An ablation is scored at its end alone.
    assert len(fixed.runs) == 1


def test_newer_images_are_drawn_as_often_as_their_weight_says():
    chance = torch.Generator().manual_seed(1)
    counts = np.bincount(loop.draw_places(50, 20, 3.0, 90_000, chance), minlength=50)
    # 30 of weight 1 and 20 of weight 3: 1000 and 3000 draws expected each.
    assert np.abs(counts[:30] - 1000).max() < 5 * 1000**0.5 and np.abs(counts[30:] - 3000).max() < 5 * 3000**0.5
    uniform = np.bincount(loop.draw_places(50, 20, 1.0, 50_000, chance), minlength=50)
    assert np.abs(uniform - 1000).max() < 5 * 1000**0.5


def test_a_weight_of_newer_images_counts_from_the_first_addition(tmp_path, given):
    arm = replace(ARMS[1], experiment="ablation")
    plain, weighted = (run(tmp_path / str(w), given, replace(arm, new_weight=w)) for w in (1.0, 5.0))
    first = plain.rounds["iteration"][0]
    before, after = ((h["iteration"] <= first, h["iteration"] > first) for h in (plain.history, weighted.history))
    assert weighted.rounds["iteration"][0] == first or not before[0].any()
    assert not plain.history[after[0]].equals(weighted.history[after[1]])


def test_a_sweep_adds_once_where_it_is_told(tmp_path, given):
    arm = Arm("sweep", "practice", SWEEP, 12, 9, 1, omega=0.1, at=0.3)
    result = run(tmp_path, given, arm)
    assert result.rounds["iteration"].tolist() == [12]
    assert len(result.runs) == 1 and result.runs["images_trained"].item() == 21


def test_a_branch_ends_after_its_own_cool_down_and_has_seen_what_was_there(tmp_path, given):
    result = run(tmp_path, given)
    first, second = result.rounds.itertuples()
    runs = result.runs.set_index("branch")
    assert runs.loc[0, "iterations"] == first.iteration + LEARNER.cool_down_steps
    assert runs.loc[1, "iterations"] == second.iteration + LEARNER.cool_down_steps
    assert runs.loc[[0, 1, 2], "images_trained"].tolist() == [12, 21, 30]
    own = result.history[result.history["branch"] == 0]
    assert own["iteration"].min() > first.iteration and (own["images"] == 12).all()


def test_hardness_is_that_of_the_learner_which_asked(tmp_path, given):
    result = run(tmp_path, given)
    asked = result.hardness[result.hardness["additions"] == result.hardness["addition"] - 1]
    assert np.allclose(asked["error"].to_numpy(), result.rounds["error"].to_numpy())
    assert np.allclose(asked["entropy"].to_numpy(), result.rounds["entropy"].to_numpy(), atol=1e-6)
    assert len(result.hardness) == 3 * 2
    assert (asked["error_of_those"].dropna() == 1).all()


def test_the_weights_kept_are_those_that_were_validated(tmp_path, given):
    result = run(tmp_path, given)
    last = result.history.groupby("branch").last()
    for row in result.runs.itertuples():
        network = load_network(tmp_path / f"weights/{row.run}.safetensors")
        right = network(torch.from_numpy(given.validation.images)).argmax(1).numpy() == given.validation.labels
        # Kept weights are rounded to half precision.
        assert right.mean() == pytest.approx(last.loc[row.branch, "validation_accuracy"], abs=0.1)
    run_again = PracticeRun(PRACTICE, LEARNER, LOOP, given, 4, tmp_path / "again", CPU, 1e9)
    run_again.run()
    weights = {name: value.clone() for name, value in run_again.learner.weights().items()}
    hardness(run_again)
    assert all(torch.equal(value, weights[name]) for name, value in run_again.learner.weights().items())


def test_patience_that_is_never_reached_is_told(tmp_path, given, capsys):
    patient = LOOP.model_copy(update={"patience": 100})
    result = run(tmp_path, given, loop=patient)
    assert result.runs["reason"].tolist() == ["patience was never reached: practice.comparison.loop.patience"]
    assert "patience was never reached" in capsys.readouterr().err
    assert len(read_images(tmp_path / "images").labels) == 12


@pytest.mark.parametrize("arm", ARMS[:4], ids=lambda arm: arm.name)
def test_a_generator_of_other_images_is_refused(tmp_path, given, arm):
    larger = real_images(12, channels=3, size=16)
    other = replace(given, real=larger, validation=larger)
    with pytest.raises(StudyError, match=r"shape \(1, 8, 8\).*\(3, 16, 16\).*practice.comparison.generator"):
        run(tmp_path, other, arm)


@pytest.mark.parametrize("arm", ARMS[1:], ids=lambda arm: arm.name)
def test_an_arm_that_makes_no_image_itself_needs_no_generator(tmp_path, given, arm):
    without = run(tmp_path / "without", replace(given, sampler=None), arm)
    assert without_times(without) == without_times(run(tmp_path / "with", given, arm))


def test_images_that_are_not_finite_leave_the_run_where_it_was(tmp_path, given):
    with pytest.raises(StudyError, match=r"omega 1e\+38 .normalised. are not finite; lower omega"):
        run(tmp_path, given, replace(PRACTICE, omega=1e38))
    # What was there goes on with a smaller omega, from the moment that images were asked for.
    kept = PracticeRun(PRACTICE, LEARNER, LOOP, given, 4, tmp_path / "work", CPU, 1e9)
    assert kept.progress.step > 0 and (kept.progress.images, kept.progress.made) == (12, 0)
    assert np.array_equal(kept.set.images[:12], given.pool.read(0, 12).images)


def test_a_diverging_learner_names_its_rate(tmp_path, given):
    with pytest.raises(StudyError, match="learning_rate"):
        run(tmp_path, given, learner=LEARNER.model_copy(update={"learning_rate": 1e30}))


def test_the_seed_decides_everything(tmp_path, given):
    torch.manual_seed(1)
    one = run(tmp_path / "one", given)
    torch.manual_seed(2)
    assert without_times(run(tmp_path / "two", given)) == without_times(one)
    assert without_times(run(tmp_path / "three", given, seed=5)) != without_times(one)
