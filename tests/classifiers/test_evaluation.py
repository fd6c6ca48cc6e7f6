import pandas as pd
import pytest
import torch

from tests.classifiers.test_training import data, runs_of, train
from understudy.classifiers.evaluation import EvaluationKey, evaluate_runs
from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.weights import WeightsFile, export_snapshot, load_network, remove_snapshots
from understudy.data.splits import image_halves
from understudy.errors import StudyError
from understudy.selection.choices import chosen_snapshots
from understudy.tables import write_table

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "out"
    train([*runs_of("resnet", [0, 1]), *runs_of("shake_shake", [0])], folder)
    return sorted(folder.glob("*.safetensors"))


def evaluate(files, chosen=None, name="gan", images=None):
    key = EvaluationKey(0, "Train300", "full", name)
    return evaluate_runs(files, images or LabelledImages(*data(50), 3), key, chosen, CPU)


def test_counts_and_predictions_equal_a_slow_loop(files, tmp_path):
    counts, predictions = evaluate(files)
    images, labels = data(50)
    half = image_halves(labels)
    for path in files:
        for epoch in (1, 3, 4):
            network = load_network(path, epoch)
            with torch.no_grad():
                answers = [network(torch.from_numpy(image[None])).argmax().item() for image in images]
            mine = counts[(counts["run"] == path.stem) & (counts["epoch"] == epoch)]
            assert mine["images"].sum() == 50
            for row in mine.itertuples():
                these = [i for i in range(50) if labels[i] == row.label and half[i] == row.half]
                assert row.images == len(these)
                assert row.errors == sum(answers[i] != labels[i] for i in these)
            kept = predictions[(predictions["run"] == path.stem) & (predictions["epoch"] == epoch)]
            for row in kept.itertuples():
                assert row.predicted.tolist() == answers
    write_table("counts", counts, tmp_path / "counts.parquet")
    write_table("predictions", predictions, tmp_path / "predictions.parquet")


def test_a_selection_set_keeps_its_own_best_snapshots_and_the_last(files):
    counts, predictions = evaluate(files)
    errors = counts.groupby(["run", "epoch"])["errors"].sum().unstack()
    for run, row in errors.iterrows():
        best = max(epoch for epoch in row.index if row[epoch] == row.min())
        kept = predictions[predictions["run"] == run].set_index("epoch")
        assert set(kept.index) == {best, 4}
        assert kept.loc[best, "chosen_by"] == ["gan"]
        assert kept["is_last"].to_dict() == {epoch: epoch == 4 for epoch in kept.index}


def test_the_test_set_chooses_nothing(files):
    chosen = evaluate(files)[0]
    # A second selection set which finds the first snapshot of every run perfect.
    other = chosen.assign(set="validation", errors=chosen["errors"].where(chosen["epoch"] != 1, 0))
    other.loc[other["epoch"] != 1, "errors"] = 5
    predictions = evaluate(files, chosen_snapshots(pd.concat([chosen, other])), "test")[1]
    first = predictions[predictions["epoch"] == 1]
    assert len(first) == 3
    assert all("validation" in names for names in first["chosen_by"])
    assert not any("test" in names for names in predictions["chosen_by"])
    assert set(predictions["set"]) == {"test"}


def test_an_exported_snapshot_is_the_one_evaluated(files, tmp_path):
    counts, _ = evaluate(files)
    out = tmp_path / "resnet-s1.safetensors"
    export_snapshot(next(path for path in files if path.stem == "resnet-s1"), 3, out)
    again, _ = evaluate([out])
    expected = counts[(counts["run"] == "resnet-s1") & (counts["epoch"] == 3)].reset_index(drop=True)
    assert again.equals(expected)
    network = load_network(out)
    images, labels = data(50)
    errors = (network(torch.from_numpy(images)).argmax(1).numpy() != labels).sum()
    assert errors == expected["errors"].sum()
    assert not network.training


def test_a_missing_snapshot_is_named(files):
    with pytest.raises(StudyError, match=r"no snapshot of epoch 2; there are \[1, 3, 4\]"):
        load_network(files[0], 2)


def test_images_of_another_study_are_refused(files):
    images, labels = data(10)
    for wrong, message in (
        (LabelledImages(images[:, :, :4, :4], labels, 3), "set gan: images of shape"),
        (LabelledImages(images, labels - 1, 3), "labels from -1 to 1; 0 to 2 are allowed"),
    ):
        with pytest.raises(StudyError, match=message):
            evaluate(files, images=wrong)


def test_a_file_that_is_not_a_run_is_named(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(StudyError, match=r"x\.safetensors: not a run's weights"):
        load_network(tmp_path / "x.safetensors")


def test_removed_snapshots_leave_the_others_as_they_were_and_cannot_be_chosen(files, tmp_path):
    path = tmp_path / files[0].name
    path.write_bytes(files[0].read_bytes())
    before = {epoch: WeightsFile(path).stored_snapshot(epoch) for epoch in (1, 4)}
    remove_snapshots(path, {1, 4})
    record = remove_snapshots(path, {1, 4})
    assert (record["epochs"], record["removed"]) == ([1, 4], [3])
    for epoch, tensors in before.items():
        after = WeightsFile(path).stored_snapshot(epoch)
        assert all(torch.equal(value, after[name]) for name, value in tensors.items())
    assert path.stat().st_size < files[0].stat().st_size
    with pytest.raises(StudyError, match=r"epochs \[3\] were removed .* by clean_snapshots.*delete .* to train"):
        evaluate([path])
