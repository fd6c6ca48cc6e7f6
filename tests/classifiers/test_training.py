import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.classifiers.networks import plain_steps, small
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.augmentation import BatchAugmentation, sample_epoch
from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network, image_statistics
from understudy.classifiers.stack_training import Run, TrainingData
from understudy.classifiers.training import TrainingOptions, train_runs
from understudy.classifiers.weights import WeightsFile, load_network
from understudy.errors import StudyError
from understudy.seeds import seed_for

pytestmark = pytest.mark.slow(minutes=0.3)  # trainings

CPU = torch.device("cpu")
RECIPE = {"batch_size": 16, "crop": 1, "flip": False, "epochs": 4, "learning_rate": 0.05}


def data(images=70):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, images)
    pixels = rng.integers(0, 80, (images, 1, 8, 8)) + 60 * labels[:, None, None, None]
    return pixels.astype(np.uint8), labels


def runs_of(model, seeds, **recipe):
    settings = small(model, **(RECIPE | recipe))
    return [Run(f"{model}-s{i}", "standard", model, settings, i, seed_for(3, "run", model, i)) for i in seeds]


def train(runs, folder: Path, **options):
    checkpoints = folder.parent / f"{folder.name}.part"
    options = {"snapshots": 3, "seeds_per_block": 2, "device": CPU, "checkpoints": checkpoints} | options
    return train_runs(runs, LabelledImages(*data(), 3), folder, TrainingOptions(**options))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_run_is_trained_as_a_plain_loop_would(tmp_path):
    runs = runs_of("resnet", [0, 1], cutout=3)
    history = train(runs, tmp_path / "out")
    images, labels = (torch.from_numpy(value) for value in data())
    recipe, statistics = runs[1].settings.full_recipe, image_statistics(images)
    network = build_network(runs[1].settings, Shape(1, 8, 3), seed_for(runs[1].seed, "initialisation"), statistics)
    augmentation = BatchAugmentation(images, recipe, statistics[0])
    batches = []
    for epoch in range(1, 5):
        sampled = sample_epoch([runs[1].seed], epoch, 70, 8, recipe, 0, CPU)
        for step in range(4):
            part = sampled.step(step, 16)
            batches.append((augmentation.batch(part)[0], labels[part.order[0]], None))
    rates = [0.05] * 8 + [0.005] * 4 + [0.0005] * 4
    losses = np.reshape(plain_steps(network, recipe, batches, rates), (4, 4)).mean(1)
    mine = history[history["run"] == "resnet-s1"]
    assert mine["training_loss"].to_numpy() == pytest.approx(losses, rel=1e-3)
    assert mine["learning_rate"].tolist() == pytest.approx([0.05, 0.05, 0.005, 0.0005])
    assert set(history["status"]) == {"trained"}
    stored = WeightsFile(tmp_path / "out" / "resnet-s1.safetensors").snapshot(4)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(stored[name], value, rtol=5e-3, atol=5e-3)


def test_snapshots_are_half_precision_with_full_precision_statistics(tmp_path):
    train(runs_of("resnet", [0]), tmp_path / "out")
    file = WeightsFile(tmp_path / "out" / "resnet-s0.safetensors")
    assert file.epochs == [1, 3, 4]
    stored = file.stored_snapshot(3)
    kinds = {name: value.dtype for name, value in stored.items()}
    assert kinds.pop("mean") == kinds.pop("deviation") == torch.float32
    for name, kind in kinds.items():
        assert kind == (torch.float32 if "running" in name else torch.float16), name


@pytest.mark.parametrize("model", ["shake_shake", "densenet"])
def test_results_do_not_depend_on_neighbours_and_added_seeds_append(model, tmp_path):
    train(runs_of(model, [0, 1, 2]), tmp_path / "three")
    train([*runs_of("resnet", [0]), *runs_of(model, [2])], tmp_path / "alone")
    train(runs_of(model, [2, 3]), tmp_path / "block")
    train(runs_of(model, [1, 0]), tmp_path / "turned")
    three = contents(tmp_path / "three")
    assert len(three) == 3
    for folder, run in (("alone", 2), ("block", 2), ("turned", 0), ("turned", 1)):
        name = f"{model}-s{run}.safetensors"
        assert contents(tmp_path / folder)[name] == three[name], f"{run} differs in {folder}"


def test_a_diverged_run_is_marked_and_the_others_go_on(tmp_path):
    calm = runs_of("resnet", [0, 1])
    alone = train(calm, tmp_path / "calm")
    wild = runs_of("resnet", [5], learning_rate=1e6, nesterov=False, momentum=0.0)
    wild = [Run("wild-s5", "standard", "wild", wild[0].settings, 5, 9)]
    together = train([*wild, *calm], tmp_path / "together")
    last = together[together["run"] == "wild-s5"].iloc[-1]
    assert last["status"] == "failed"
    assert "epoch" in last["reason"]
    failed = WeightsFile(tmp_path / "together" / "wild-s5.safetensors")
    assert all(epoch < last["epoch"] for epoch in failed.epochs)
    assert failed.record["status"] == "failed"
    assert together[together["architecture"] == "resnet"].reset_index(drop=True).equals(alone)


def test_a_run_that_fails_within_a_stack_leaves_its_neighbour_untouched(tmp_path, monkeypatch):
    runs = runs_of("resnet", [0, 1])
    train(runs, tmp_path / "calm")
    build = TrainingData.network

    def poisoned(data, run):
        network = build(data, run)
        if run.seed_number == 0:
            torch.nn.init.constant_(network.body.head.linear.weight, float("inf"))
        return network

    monkeypatch.setattr(TrainingData, "network", poisoned)
    history = train(runs, tmp_path / "spoiled")
    assert history[history["run"] == "resnet-s0"]["status"].tolist() == ["failed"]
    name = "resnet-s1.safetensors"
    assert contents(tmp_path / "spoiled")[name] == contents(tmp_path / "calm")[name]
    assert WeightsFile(tmp_path / "spoiled" / "resnet-s0.safetensors").epochs == []


def interrupted_training(folder: str):
    """What the killed process does: a checkpoint at every step."""
    return train([*runs_of("wrn", [0]), *runs_of("shake_shake", [0, 1])], Path(folder), checkpoint_seconds=0.0)


@pytest.mark.slow  # two processes have to import torch before they can be killed
def test_a_batch_killed_at_any_step_resumes_exactly(tmp_path):
    """Killed twice at random moments, the batch ends with the bytes of an uninterrupted one."""
    history = interrupted_training(str(tmp_path / "whole"))
    code = f"from {__name__} import interrupted_training as f; f({str(tmp_path / 'killed')!r})"
    rng = np.random.default_rng(1)
    steps = 2 * 16
    kills = 0
    for target in sorted(rng.integers(1, steps, 2)):
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        while process.poll() is None and steps_done(tmp_path / "killed.part") < target:
            time.sleep(0.002)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills > 0
    assert not (tmp_path / "killed").exists()
    assert interrupted_training(str(tmp_path / "killed")).equals(history)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def steps_done(checkpoints: Path) -> int:
    finished = len(list(checkpoints.glob("finished/*.json")))
    newest = [int(path.stem.split("-")[1]) for path in checkpoints.glob("*/step-*.safetensors")]
    return 16 * min(finished, 1) + max(newest, default=0)


def test_stochastic_foreign_models_are_reproducible(tmp_path):
    settings = ArchitectureSettings(model=f"{__name__}:with_dropout", recipe=RECIPE)
    runs = [Run(f"own-s{i}", "standard", "own", settings, i, 40 + i) for i in range(2)]
    train(runs, tmp_path / "together")
    train(runs[1:], tmp_path / "alone")
    name = "own-s1.safetensors"
    assert contents(tmp_path / "together")[name] == contents(tmp_path / "alone")[name]
    network = load_network(tmp_path / "alone" / name)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 3)


def with_dropout(channels, size, classes):
    network = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(channels * size * size, classes)
    )
    network.register_buffer("not_saved", torch.ones(3), persistent=False)
    return network


def test_images_that_are_not_square_are_refused(tmp_path):
    with pytest.raises(StudyError, match="8x9 pixels; the networks need square ones"):
        options = TrainingOptions(1, 1, tmp_path / "part", CPU)
        train_runs(runs_of("resnet", [0]), LabelledImages(np.zeros((20, 1, 8, 9)), None, 3), tmp_path, options)


@pytest.mark.parametrize("fits", [2, 1, 0])
def test_out_of_memory_halves_the_runs_trained_together(fits, tmp_path, monkeypatch, capsys):
    """On a GPU; here the error is raised in its place by stacks wider than fit."""
    from understudy.classifiers import training

    whole = training.StackTraining

    def limited(runs, *rest):
        if len(runs) > fits:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return whole(runs, *rest)

    monkeypatch.setattr(training, "StackTraining", limited)
    # One run alone is torch's plain layers: strided 1x1 convolutions corrupt memory there, see `plain_steps`.
    runs = runs_of("densenet", [0, 1, 2, 3])
    if fits == 0:
        with pytest.raises(StudyError, match="one run alone does not fit"):
            train(runs, tmp_path / "out", seeds_per_block=4)
        return
    history = train(runs, tmp_path / "out", seeds_per_block=4)
    assert history["run"].nunique() == 4
    assert f"out of memory, training {fits} runs together" in capsys.readouterr().err
    record = WeightsFile(tmp_path / "out" / "densenet-s3.safetensors").record
    assert record["stack_width"] == fits
