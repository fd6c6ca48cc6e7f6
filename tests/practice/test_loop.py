import errno
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.practice.small import CLASSES, CPU, LEARNER, LOOP, real_images, sources, trained_denoiser
from understudy.checkpoints import Checkpoints
from understudy.classifiers.weights import load_network
from understudy.data.shards import read_images
from understudy.errors import StudyError
from understudy.generators.denoisers import TrainedDenoiser
from understudy.practice import loop, steps
from understudy.practice.hardness import hardness
from understudy.practice.images import GrowingSet
from understudy.practice.learner import LearnerTraining
from understudy.practice.loop import PracticeRun
from understudy.practice.pool import PlainPool
from understudy.practice.results import run_variant
from understudy.practice.sampling import Sampler
from understudy.practice.steps import RunSettings, sample_indices
from understudy.practice.variants import SWEEP, Variant
from understudy.training_loop import resume, train

pytestmark = pytest.mark.slow(minutes=0.3)  # runs that are killed and continued

PRACTICE = Variant("practice", "practice", "scaling", 12, 9, 2, omega=0.2)
DYNAMIC = Variant("dynamic", "dynamic", "scaling", 12, 9, 2)
PRUNE = Variant("prune", "prune", "scaling", 12, 9, 2, oversampling=2.0)
STATIC = Variant("static", "static", "scaling", 24)
VARIANTS = [PRACTICE, DYNAMIC, PRUNE, STATIC, Variant("real", "real", "scaling", 30)]
Tables = dict[str, pd.DataFrame]
TIMES = ["generator_seconds", "learner_seconds", "seconds", "guided_seconds_per_image"]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("practice")
    return sources(folder, trained_denoiser(folder))


def run_settings(variant=PRACTICE, learner=LEARNER, patience=LOOP, seed=4) -> RunSettings:
    return RunSettings(variant, learner, patience, seed)


def run(folder: Path, given, variant=PRACTICE, **changes) -> Tables:
    files = (folder / kind for kind in ("weights", "images", "work"))
    return run_variant(run_settings(variant, **changes), given, variant.name, *files, CPU)


@pytest.fixture(scope="module")
def finished(given, tmp_path_factory):
    """Return each variant's folder and tables; these runs are never interrupted, and write no checkpoint."""
    folder = tmp_path_factory.mktemp("finished")
    return {variant.name: (folder / variant.name, run(folder / variant.name, given, variant)) for variant in VARIANTS}


@pytest.fixture
def always_saved(monkeypatch):
    monkeypatch.setattr(Checkpoints, "due", True)


def without_times(result: Tables) -> list[str]:
    return [frame.drop(columns=TIMES, errors="ignore").to_json() for frame in result.values()]


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the bytes of a run's weights and images."""
    paths = [path for kind in ("weights", "images") for path in (folder / kind).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def assert_same(folder: Path, result: Tables, finished) -> None:
    """Check that an interrupted run of practice ended as the one that was not interrupted."""
    whole, expected = finished["practice"]
    assert without_times(result) == without_times(expected)
    assert files_below(folder) == files_below(whole)


def test_the_first_images_need_not_fit_into_memory(tmp_path, given, monkeypatch):
    whole = PracticeRun(run_settings(STATIC), given, tmp_path / "whole", CPU)
    monkeypatch.setattr(loop, "POOL_READ", 7)
    reads = []
    original = PlainPool.read
    monkeypatch.setattr(PlainPool, "read", lambda pool, start, n: (reads.append(n), original(pool, start, n))[1])
    in_parts = PracticeRun(run_settings(STATIC), given, tmp_path / "parts", CPU)
    assert reads == [7, 7, 7, 3]
    np.testing.assert_array_equal(in_parts.images.images, whole.images.images)
    for name, column in whole.images.columns.items():
        np.testing.assert_array_equal(in_parts.images.columns[name], column)


class KilledError(Exception):
    pass


def dies(original, call: int):
    """Return ``original``, which raises once, at this call."""
    count = iter(range(1, 1000))

    def counted(*arguments, **options):
        if next(count) == call:
            raise KilledError
        return original(*arguments, **options)

    return counted


# Additions of 9 images are made 4 at a time: call 5 is the middle of the second addition.
@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [(Sampler, "sample", 5), (LearnerTraining, "step", 25), (LearnerTraining, "step", 52)],
    ids=["in an addition", "in training", "in a branch"],
)
@pytest.mark.usefixtures("always_saved")
def test_a_killed_run_goes_on_exactly(tmp_path, given, finished, monkeypatch, owner, name, call):
    assert list(finished["practice"][1]["runs"]["branch"]) == [2, 0, 1]
    monkeypatch.setattr(owner, name, dies(getattr(owner, name), call))
    with pytest.raises(KilledError):
        run(tmp_path, given)
    assert_same(tmp_path, run(tmp_path, given), finished)


@pytest.mark.usefixtures("always_saved")
def test_a_run_whose_images_were_cut_short_begins_anew(tmp_path, given, finished, monkeypatch):
    """A checkpoint that counts on images is worth nothing without them."""
    monkeypatch.setattr(LearnerTraining, "step", dies(LearnerTraining.step, 25))
    with pytest.raises(KilledError):
        run(tmp_path, given)
    assert list((tmp_path / "work/state").glob("step-*"))
    os.truncate(tmp_path / "work/images/images.npy", 900)
    assert_same(tmp_path, run(tmp_path, given), finished)


def test_a_file_of_images_counts_when_it_is_whole(tmp_path):
    def is_new() -> bool:
        return GrowingSet(tmp_path, 30, (1, 8, 8)).is_new

    assert is_new() and not is_new()
    # Nothing, the head alone, a part of the images.
    for left in (0, 128, 200, 900):
        os.truncate(tmp_path / "images.npy", left)
        assert is_new() and not is_new()


def test_images_without_room_on_the_disk_are_told_and_leave_no_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(StudyError, match=r"cannot write .*images\.npy: No space left on device"):
        GrowingSet(tmp_path, 10, (1, 8, 8))
    assert list(tmp_path.iterdir()) == []


def dies_in_the_second_addition(folder: Path) -> None:
    """Run until the process is killed between two parts of the second addition; for a process of its own."""
    torch.set_num_threads(1)
    Checkpoints.due = True
    sample, calls = Sampler.sample, []

    def killed_at_the_fifth(*arguments, **options):
        calls.append(1)
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return sample(*arguments, **options)

    Sampler.sample = killed_at_the_fifth
    run(folder / "broken", sources(folder, TrainedDenoiser(folder / "diffusion.safetensors", CPU)))


@pytest.fixture
def one_thread():
    """Jobs have one thread; the number of threads changes the last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Starts a second interpreter, which loads torch.
@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_run_that_was_killed_for_real_in_an_addition_goes_on_exactly(tmp_path):
    given = sources(tmp_path, trained_denoiser(tmp_path))
    whole = run(tmp_path / "whole", given)
    process = multiprocessing.get_context("spawn").Process(target=dies_in_the_second_addition, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    interrupted = PracticeRun(run_settings(), given, tmp_path / "broken/work", CPU)
    resume(interrupted, interrupted.checkpoints)
    assert (interrupted.state.additions, interrupted.state.made) == (1, 4)
    assert without_times(run(tmp_path / "broken", given)) == without_times(whole)
    assert files_below(tmp_path / "broken") == files_below(tmp_path / "whole")


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_each_variant_makes_and_trains_on_what_it_says(given, finished, variant):
    folder, result = finished[variant.name]
    final, generated = result["runs"].iloc[0], {"practice": 30, "dynamic": 30, "prune": 48, "static": 24, "real": 0}
    assert final["branch"] == variant.additions
    assert final["images_trained"] == variant.capacity
    assert final["images_generated"] == generated[variant.name]
    assert final["iterations"] == LEARNER.iterations
    assert list(result["runs"]["branch"][1:]) == list(range(variant.additions))
    for row in result["runs"].itertuples():
        network = load_network(folder / f"weights/{row.run}.safetensors")
        assert network(torch.from_numpy(given.real.images)).shape == (30, CLASSES)
    kept = read_images(folder / "images")
    assert len(kept.labels) == variant.capacity
    assert np.bincount(kept.columns["addition"]).tolist() == [variant.initial] + [variant.added] * variant.additions
    if variant == DYNAMIC:
        pool = given.pool.read(0, 30)
        assert np.array_equal(kept.images, pool.images) and np.array_equal(kept.labels, pool.labels)


def test_the_seconds_of_plain_images_are_those_of_the_pool(finished):
    # The pool's images took 0.01 seconds each.
    for name, images in (("static", 24), ("dynamic", 30), ("prune", 48), ("real", 0)):
        runs = finished[name][1]["runs"]
        assert runs["generator_seconds"].iloc[0] == pytest.approx(0.01 * images)
        assert (runs["learner_seconds"] > 0).all() and runs["guided_seconds_per_image"].isna().all()
    prune, practice = finished["prune"][1], finished["practice"][1]
    assert prune["additions"]["seconds"].to_numpy() == pytest.approx(0.18)
    guided = practice["additions"]["seconds"].sum() / 18
    assert practice["runs"]["guided_seconds_per_image"].iloc[0] == pytest.approx(guided) and guided > 0


def test_prune_keeps_the_images_of_highest_entropy(tmp_path, given, finished):
    folder, result = finished["prune"]
    kept = read_images(folder / "images")
    first = kept.columns["addition"] == 1
    candidates = given.pool.read(12, 18)
    assert set(kept.columns["seed"][first]) < set(candidates.seeds)
    # The learner at the first addition: a run that stops there has it.
    stopped = PracticeRun(run_settings(PRUNE), given, tmp_path, CPU)
    while stopped.state.made is None:
        stopped.advance()
    assert stopped.state.step == result["additions"]["iteration"][0]
    entropies = stopped.learner.predict(candidates.images)[1]
    dropped = ~np.isin(candidates.seeds, kept.columns["seed"][first])
    assert entropies[~dropped].min() >= entropies[dropped].max()
    # They are kept in the order of the pool.
    assert np.allclose(entropies[~dropped], kept.columns["entropy"][first], atol=1e-6)


def test_additions_come_only_between_warm_up_and_cool_down(tmp_path, given):
    result = run(tmp_path, given, Variant("many", "dynamic", "ablation", 12, 1, 48))
    iterations = result["additions"]["iteration"]
    assert len(iterations) >= 3
    assert iterations.min() >= LEARNER.warm_up_steps
    assert iterations.max() < LEARNER.iterations - LEARNER.cool_down_steps


def test_a_fixed_patience_asks_sooner_once_there_are_more_images(tmp_path, given):
    growing = LOOP.model_copy(update={"patience_grows": True})
    variant = Variant("fixed", "dynamic", "ablation", 12, 9, 3, fixed_patience=True)
    fixed = run(tmp_path / "fixed", given, variant, patience=growing)
    same = run(tmp_path / "same", given, variant)
    assert without_times(same) == without_times(fixed)
    patient = run(tmp_path / "grows", given, replace(variant, fixed_patience=False), patience=growing)
    assert len(fixed["additions"]) > 1 and fixed["additions"]["iteration"][0] == patient["additions"]["iteration"][0]
    assert len(patient["additions"]) == 1 or patient["additions"]["iteration"][1] > fixed["additions"]["iteration"][1]
    # An ablation is scored at its end alone.
    assert len(fixed["runs"]) == 1


def test_newer_images_are_sampled_as_often_as_their_weight_says():
    generator = torch.Generator().manual_seed(1)
    counts = np.bincount(sample_indices(50, 20, 3.0, 90_000, generator), minlength=50)
    # 30 of weight 1 and 20 of weight 3: 1000 and 3000 samples expected each.
    assert np.abs(counts[:30] - 1000).max() < 5 * 1000**0.5 and np.abs(counts[30:] - 3000).max() < 5 * 3000**0.5
    uniform = np.bincount(sample_indices(50, 20, 1.0, 50_000, generator), minlength=50)
    assert np.abs(uniform - 1000).max() < 5 * 1000**0.5


def test_a_weight_of_newer_images_counts_from_the_first_addition(tmp_path, given, monkeypatch):
    calls = []
    monkeypatch.setattr(steps, "sample_indices", lambda *values: (calls.append(values[:3]), sample_indices(*values))[1])
    weighted = run(tmp_path, given, replace(DYNAMIC, experiment="ablation", new_weight=5.0))
    first = weighted["additions"]["iteration"][0]
    assert len(calls) == LEARNER.iterations and set(calls[:first]) == {(12, 0, 5.0)}
    assert calls[first] == (21, 9, 5.0) and set(calls[first:]) <= {(21, 9, 5.0), (30, 9, 5.0)}


def test_a_sweep_adds_once_where_it_is_told(tmp_path, given):
    result = run(tmp_path, given, Variant("sweep", "practice", SWEEP, 12, 9, 1, omega=0.1, at=0.3))
    assert result["additions"]["iteration"].tolist() == [12]
    assert len(result["runs"]) == 1 and result["runs"]["images_trained"].item() == 21


def test_a_branch_ends_after_its_own_cool_down_and_has_seen_what_was_there(finished):
    result = finished["practice"][1]
    first, second = result["additions"].itertuples()
    runs = result["runs"].set_index("branch")
    assert runs.loc[0, "iterations"] == first.iteration + LEARNER.cool_down_steps
    assert runs.loc[1, "iterations"] == second.iteration + LEARNER.cool_down_steps
    assert runs.loc[[0, 1, 2], "images_trained"].tolist() == [12, 21, 30]
    own = result["history"][result["history"]["branch"] == 0]
    assert own["iteration"].min() > first.iteration and (own["images"] == 12).all()


def test_hardness_is_that_of_the_learner_which_asked(finished):
    result = finished["practice"][1]
    asked = result["hardness"][result["hardness"]["additions"] == result["hardness"]["addition"] - 1]
    assert np.allclose(asked["error"].to_numpy(), result["additions"]["error"].to_numpy())
    assert np.allclose(asked["entropy"].to_numpy(), result["additions"]["entropy"].to_numpy(), atol=1e-6)
    assert len(result["hardness"]) == 3 * 2
    assert (asked["error_of_those"].dropna() == 1).all()


def test_the_weights_kept_are_those_that_were_validated(tmp_path, given, finished):
    folder, result = finished["practice"]
    last = result["history"].groupby("branch").last()
    for row in result["runs"].itertuples():
        network = load_network(folder / f"weights/{row.run}.safetensors")
        right = network(torch.from_numpy(given.validation.images)).argmax(1).numpy() == given.validation.labels
        # Kept weights are rounded to half precision.
        assert right.mean() == pytest.approx(last.loc[row.branch, "validation_accuracy"], abs=0.1)
    again = PracticeRun(run_settings(), given, tmp_path, CPU)
    train(again, again.checkpoints, "again")
    weights = {name: value.clone() for name, value in again.learner.weights().items()}
    hardness(again)
    assert all(torch.equal(value, weights[name]) for name, value in again.learner.weights().items())


def test_patience_that_is_never_reached_is_told(tmp_path, given, capsys):
    patient = LOOP.model_copy(update={"patience": 100})
    result = run(tmp_path, given, patience=patient)
    assert result["runs"]["reason"].tolist() == ["patience was never reached: practice.comparison.loop.patience"]
    assert "patience was never reached" in capsys.readouterr().err
    assert len(read_images(tmp_path / "images").labels) == 12


def test_a_generator_of_other_images_is_refused(tmp_path, given):
    larger = real_images(12, channels=3, size=16)
    other = replace(given, real=larger, validation=larger)
    for variant in VARIANTS[:4]:
        with pytest.raises(StudyError, match=r"shape \(1, 8, 8\).*\(3, 16, 16\).*practice.comparison.generator"):
            run(tmp_path / variant.name, other, variant)


def test_a_variant_that_makes_no_image_itself_needs_no_generator(tmp_path, given, finished):
    for variant in VARIANTS[1:]:
        without = run(tmp_path / variant.name, replace(given, sampler=None), variant)
        assert without_times(without) == without_times(finished[variant.name][1])


@pytest.mark.usefixtures("always_saved")
def test_images_that_are_not_finite_leave_the_run_where_it_was(tmp_path, given):
    with pytest.raises(StudyError, match=r"omega 1e\+38 .normalised. are not finite; lower omega"):
        run(tmp_path, given, replace(PRACTICE, omega=1e38))
    # What was there goes on with a smaller omega, from the moment that images were asked for.
    kept = PracticeRun(run_settings(), given, tmp_path / "work", CPU)
    resume(kept, kept.checkpoints)
    assert kept.state.step > 0 and (kept.state.images, kept.state.made) == (12, 0)
    assert np.array_equal(kept.images.images[:12], given.pool.read(0, 12).images)


def test_a_diverging_learner_names_its_rate(tmp_path, given):
    with pytest.raises(StudyError, match="learning_rate"):
        run(tmp_path, given, learner=LEARNER.model_copy(update={"learning_rate": 1e30}))


def test_the_seed_decides_everything(tmp_path, given, finished):
    torch.manual_seed(1)
    assert_same(tmp_path / "same", run(tmp_path / "same", given), finished)
    assert without_times(run(tmp_path / "other", given, seed=5)) != without_times(finished["practice"][1])
