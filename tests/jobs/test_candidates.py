"""A batch job of candidates from files to files: the package's own, timm's and a user's models side by side."""

import shutil

import numpy as np
import pytest
import torch

from understudy.classifiers.weights import load_network
from understudy.data.shards import write_images
from understudy.errors import StudyError
from understudy.files import write_json
from understudy.jobs.candidates import clean_snapshots, evaluate_batch, train_batch
from understudy.jobs.choices import choose_snapshots
from understudy.jobs.context import JobContext
from understudy.tables import read_table

pytestmark = pytest.mark.slow(minutes=0.2)  # trainings

RECIPE = {"batch_size": 10, "epochs": 3, "crop": 2, "learning_rate": 0.01}
ARCHITECTURES = {
    "own": {"model": "resnet", "arguments": {"depth": 8, "width": 4}, "recipe": RECIPE},
    "timm": {"model": "timm:resnet10t", "arguments": {"stem_width": 8, "channels": [8, 8, 8, 8]}, "recipe": RECIPE},
    "mine": {"model": f"{__name__}:with_a_twist", "arguments": {"hidden": 5}, "recipe": RECIPE},
    "wild": {"model": "resnet", "arguments": {"depth": 8, "width": 4}, "recipe": RECIPE | {"learning_rate": 1e12}},
}
DETERMINED = ("history.parquet", *(f"weights/{name}-s{seed}.safetensors" for name in ARCHITECTURES for seed in (0, 1)))


def with_a_twist(channels, size, classes, hidden):
    """A user's own network, which draws random numbers in training and has a buffer that isn't saved."""
    network = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(channels * size * size, hidden),
        torch.nn.BatchNorm1d(hidden),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(hidden, classes),
    )
    network.register_buffer("unsaved", torch.ones(2), persistent=False)
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 4
    pixels = rng.integers(0, 60, (40, 3, 32, 32)) + 40 * labels[:, None, None, None]
    write_images(folder / "train.parquet", pixels.astype(np.uint8), labels)
    write_json(folder / "classes.json", {"classes": list("abcd")})
    train(folder / "first", folder)
    return folder


def context(place, **wildcards) -> JobContext:
    wildcards |= {"regime": "full"}
    return JobContext(split="Train40", seed=1, checkpoints=place / "checkpoints", wildcards=wildcards)


def train(place, folder):
    batch = {"family": "standard", "architectures": ARCHITECTURES, "seeds": [0, 1], "snapshots": 3, "seed_block": 2}
    train_batch(
        batch,
        folder / "train.parquet",
        folder / "classes.json",
        None,
        place / "weights",
        place / "history.parquet",
        context(place),
    )


def evaluate(place, folder, name="gan", chosen=None):
    paths = {table: place / name / f"{table}.parquet" for table in ("counts", "predictions")}
    given = [place / "weights", place / "history.parquet", folder / "train.parquet", folder / "classes.json"]
    evaluate_batch(*given, chosen, None, paths, context(place, set=name))
    return [read_table(path) for path in paths.values()]


def test_a_diverged_run_is_a_row_with_its_reason_and_the_others_go_on(folder):
    history = read_table(folder / "first" / "history.parquet", "history")
    last = history.groupby(["architecture", "seed"]).tail(1).set_index("architecture")
    assert set(last.loc["wild", "status"]) == {"failed"}
    assert last.loc["wild", "reason"].str.contains("epoch").all()
    others = last.drop(index="wild")
    assert set(others["status"]) == {"trained"}
    assert set(others["epoch"]) == {3}
    assert (others["reason"] == "").all()


def test_a_run_without_its_weights_is_missed(folder, tmp_path):
    shutil.copytree(folder / "first", tmp_path / "first")
    (tmp_path / "first" / "weights" / "own-s0.safetensors").unlink()
    with pytest.raises(StudyError, match=r"own-s0.safetensors: a run's weights are missing; delete .*weights and run"):
        evaluate(tmp_path / "first", folder)


def test_every_kind_of_model_is_evaluated_and_loads(folder):
    counts, predictions = evaluate(folder / "first", folder)
    assert set(counts["architecture"]) >= {"own", "timm", "mine"}
    assert counts.groupby(["run", "epoch"])["images"].sum().eq(40).all()
    last = predictions[predictions["is_last"]].set_index("run")["predicted"]
    for name in ("own-s0", "timm-s1", "mine-s0"):
        network = load_network(folder / "first" / "weights" / f"{name}.safetensors")
        assert last[name].shape == (40,)
        assert network(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, 4)


def test_a_job_repeated_gives_the_same_bytes(folder):
    train(folder / "again", folder)
    for name in DETERMINED:
        assert (folder / "again" / name).read_bytes() == (folder / "first" / name).read_bytes(), name
    assert not (folder / "again" / "checkpoints").exists()


def test_clean_up_keeps_what_was_chosen_and_says_what_went(folder):
    place = folder / "cleaned"
    train(place, folder)
    _, predictions = evaluate(place, folder)
    batches, weights = [(0, "Train40", "full", "b")], [place / "weights"]
    files = sorted((place / "weights").iterdir())
    before = sum(path.stat().st_size for path in files)
    for _ in range(2):
        # Repeated, it finds nothing more to do and says the same.
        clean_snapshots(batches, weights, [place / "gan" / "predictions.parquet"], place / "removed.parquet")
        table = read_table(place / "removed.parquet", "removed_snapshots").set_index("run")
        for run, rows in predictions.groupby("run"):
            assert sorted(table.loc[run, "kept"]) == sorted(rows["epoch"])
            assert sorted([*table.loc[run, "kept"], *table.loc[run, "removed"]]) == [1, 2, 3]
        after = sum(path.stat().st_size for path in files)
        assert table["bytes_removed"].sum() == pytest.approx(before - after, rel=0.1)
    assert table["removed"].map(len).sum() > 0
    assert len(table.loc["wild-s0", "kept"]) == 0
    with pytest.raises(StudyError, match=r"removed .* by clean_snapshots"):
        evaluate(place, folder, "another")


def test_what_the_selection_sets_chose_is_kept_of_the_test_set(folder):
    place = folder / "first"
    sets = {name: evaluate(place, folder, name) for name in ("gan", "other")}
    choose_snapshots([place / name / "counts.parquet" for name in sets], place / "chosen.parquet")
    _, kept = evaluate(place, folder, "test", place / "chosen.parquet")
    # Take a run's last snapshot; where two sets are equal, both choose the same one.
    expected = sets["gan"][1].assign(
        chosen_by=lambda rows: [["gan", "other"] if len(one) else [] for one in rows["chosen_by"]]
    )
    assert [list(one) for one in kept["chosen_by"]] == list(expected["chosen_by"])
    assert kept[["run", "epoch", "is_last"]].equals(expected[["run", "epoch", "is_last"]])
