"""Evaluating models of timm: predictions, failures, lack of memory, and going on where a job was killed."""

from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.zoo.tiny import CLASSES, MODELS, save_images
from understudy.data.image_sets import folder_images, shard_images
from understudy.data.shards import write_images
from understudy.errors import StudyError
from understudy.jobs import zoo as job
from understudy.jobs.context import JobContext
from understudy.ranking.prediction_formats import read_tables
from understudy.tables import read_table
from understudy.zoo.evaluation import predict_pictures
from understudy.zoo.models import make_model, model_names
from understudy.zoo.settings import ZooSettings

CPU = torch.device("cpu")
RANDOM = {"names": MODELS[:3], "pretrained": False, "batch_size": 8, "workers": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("images") / "set", 2)


def evaluate(folder, out, models, state=()):
    outputs = SimpleNamespace(**{name: out / f"{name}.parquet" for name in ("predictions", "labels", "evaluations")})
    settings = ZooSettings(**RANDOM | {"names": models}).evaluation_settings(models)
    image_set = job.ModelSet({"source": "imagefolder", "root": str(folder)}, CLASSES, state)
    context = JobContext(seed=3, checkpoints=out / "checkpoints", wildcards={"set": "s"})
    job.evaluate_models(models, settings, image_set, [], outputs, context)
    return outputs


def test_predictions_equal_a_plain_loop(folder):
    images = folder_images(folder, CLASSES)
    model, preprocessing = make_model("test_resnet", ZooSettings(**RANDOM), CLASSES, seed=1)
    found = predict_pictures(model, preprocessing, images, batch_size=7, workers=0, device=CPU)
    for number in (0, 13, 19):
        path, _ = images.locations[number]
        with torch.inference_mode():
            chances = model(preprocessing(Image.open(path).convert("RGB"))[None]).softmax(1)[0]
        order = chances.argsort(descending=True)
        assert found.predicted[number].tolist() == order[:5].tolist()
        assert found.probability[number] == pytest.approx(float(chances.max()), abs=1e-3)


def test_sixteen_bits_of_grey_are_seen_as_eight(tmp_path):
    (tmp_path / "0").mkdir()
    grey = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "0" / "a.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "0" / "b.png")
    model, preprocessing = make_model("test_resnet", ZooSettings(**RANDOM), CLASSES, seed=1)
    images = folder_images(tmp_path, CLASSES)
    found = predict_pictures(model, preprocessing, images, batch_size=2, workers=0, device=CPU)
    assert np.array_equal(found.predicted[0], found.predicted[1])
    assert found.probability[0] == found.probability[1]


def test_batches_are_halved_where_memory_is_short(folder):
    images = folder_images(folder, CLASSES)
    model, preprocessing = make_model("test_resnet", ZooSettings(**RANDOM), CLASSES, seed=1)
    whole = predict_pictures(model, preprocessing, images, batch_size=16, workers=0, device=CPU)

    class Small(torch.nn.Module):
        def forward(self, batch):
            if len(batch) > 5:
                raise torch.OutOfMemoryError("not enough memory")
            return model(batch)

    found = predict_pictures(Small(), preprocessing, images, batch_size=16, workers=0, device=CPU)
    assert found.batch_size == 4
    np.testing.assert_array_equal(found.predicted[:, 0], whole.predicted[:, 0])


def test_a_failing_model_is_a_row_with_its_reason(folder, tmp_path):
    outputs = evaluate(folder, tmp_path, [*MODELS[:2], "no_such_model"])
    rows = read_table(outputs.evaluations, "model_evaluations").set_index("model")
    assert rows["reason"].tolist()[:2] == ["", ""]
    assert "no_such_model" in rows.loc["no_such_model", "reason"]
    found = read_tables({"files": [outputs.predictions], "labels": outputs.labels}, CLASSES)
    assert found.models == tuple(MODELS[:2]) and found.predicted.shape == (2, 20, 5)
    np.testing.assert_allclose(found.errors().mean(axis=1), rows["top1_error"][:2])


def killed_at(number: int, monkeypatch) -> list[str]:
    """Have the job killed at that model, the first is 1; return the names of the models made, which grows."""
    made, plain = [], job.make_model

    def until_killed(name, *arguments):
        made.append(name)
        if len(made) == number:
            raise KeyboardInterrupt
        return plain(name, *arguments)

    monkeypatch.setattr(job, "make_model", until_killed)
    return made


def test_a_killed_job_goes_on_and_ends_the_same(folder, tmp_path, monkeypatch):
    straight = evaluate(folder, tmp_path / "straight", MODELS[:3])
    made = killed_at(3, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, tmp_path / "resumed", MODELS[:3])
    resumed = evaluate(folder, tmp_path / "resumed", MODELS[:3])
    assert made == [*MODELS[:3], MODELS[2]]
    for name, path in vars(straight).items():
        assert path.read_bytes() == getattr(resumed, name).read_bytes()
    assert not (tmp_path / "resumed" / "checkpoints").exists()


def test_weights_replaced_while_a_job_was_killed_are_evaluated(folder, tmp_path, monkeypatch):
    made = killed_at(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, tmp_path, MODELS[:2], state=["before"])
    evaluate(folder, tmp_path, MODELS[:2], state=["after"])
    assert made == [*MODELS[:2], *MODELS[:2]]


def test_a_models_evaluation_depends_on_its_own_weights_alone():
    own = {name: {"model": "test_resnet", "path": f"{name}.safetensors"} for name in ("first", "second")}
    one, both = (ZooSettings(checkpoints=given, workers=1) for given in ({"first": own["first"]}, own))
    assert one.evaluation_settings(["first"]) == both.evaluation_settings(["first"])
    assert both.evaluation_settings(["second"])["checkpoints"] == {"second": own["second"]}
    assert both.evaluation_settings(["first"]) == both.model_copy(update={"workers": 0}).evaluation_settings(["first"])
    assert both.evaluation_settings(["first"]) != both.model_copy(update={"batch_size": 3}).evaluation_settings(
        ["first"]
    )


def test_own_weights_and_heads_of_another_size(tmp_path):
    model = timm.create_model("test_resnet", num_classes=CLASSES)
    save_file(model.state_dict(), tmp_path / "own.safetensors")
    checkpoints = {"own": {"model": "test_resnet", "path": str(tmp_path / "own.safetensors")}}
    loaded, _ = make_model("own", ZooSettings(checkpoints=checkpoints), CLASSES, seed=0)
    torch.testing.assert_close(dict(loaded.state_dict()), dict(model.state_dict()))
    with pytest.raises(StudyError, match="does not fit timm's test_resnet: its head tells 10 classes apart, not 11"):
        make_model("own", ZooSettings(checkpoints=checkpoints), CLASSES + 1, seed=0)


def test_filters_choose_by_name_classes_and_input_size():
    settings = ZooSettings(filter="resnet*", image_size=224)
    names = model_names(settings, 1000, study_seed=0)
    assert "resnet18.a1_in1k" in names and len(names) > 20
    assert all(timm.get_pretrained_cfg(name).input_size == (3, 224, 224) for name in names)
    few = model_names(settings.model_copy(update={"number": 5}), 1000, study_seed=0)
    assert len(few) == 5 and set(few) < set(names)
    with pytest.raises(StudyError, match="9999 needed"):
        model_names(settings.model_copy(update={"number": 9999}), 1000, study_seed=0)


def test_classes_are_names_numbers_or_the_alphabetical_order(tmp_path, folder):
    assert folder_images(folder, CLASSES).labels.tolist() == np.repeat(np.arange(10), 2).tolist()
    for name in ("b", "a", "c"):
        (tmp_path / "three" / name).mkdir(parents=True)
        (tmp_path / "three" / name / "x.png").touch()
    order = [path.parent.name for path, _ in folder_images(tmp_path / "three", 3).locations]
    assert order == ["a", "b", "c"]
    named = folder_images(tmp_path / "three", ["c", "a", "b", "d"])
    assert {path.parent.name: label for (path, _), label in zip(named.locations, named.labels, strict=True)} == {
        "c": 0, "a": 1, "b": 2,
    }  # fmt: skip
    with pytest.raises(StudyError, match=r"holds 3 folders .* expected 4 folders"):
        folder_images(tmp_path / "three", 4)


@pytest.mark.parametrize(
    ("names", "models_are_own", "is_known"),
    [
        ([str(number) for number in range(1, 13)], False, False),  # no class has number 0
        ([str(number) for number in range(12)], False, True),  # as in ImageNetV2
        ([str(number) for number in range(12)], True, False),
        ([f"{number:02d}" for number in range(12)], True, True),
        ([f"grade{number}" for number in range(9, 11)], True, False),
        (["apple", "Banana"], True, False),
        (["apple", "banana"], True, True),
        (["n01440764", "n01443537"], True, True),
    ],
)
def test_an_order_that_torchvision_and_timm_see_differently_must_be_given(tmp_path, names, models_are_own, is_known):
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").touch()
    if is_known:
        labels = folder_images(tmp_path, len(names), models_are_own).labels
        assert sorted(labels.tolist()) == [*range(len(names))]
    else:
        with pytest.raises(
            StudyError, match=r"ranking\.classes: class \d+ of .* trained with torchvision's ImageFolder"
        ):
            folder_images(tmp_path, len(names), models_are_own)
    given = list(reversed(names))
    images = folder_images(tmp_path, given, models_are_own)
    assert [given[label] for label in images.labels] == [path.parent.name for path, _ in images.locations]


def test_shards_are_read_in_order(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)
    for shard, part in enumerate(np.split(np.arange(5), [3])):
        write_images(tmp_path / f"{shard}.parquet", images[part], part % 2)
    found = shard_images(sorted(tmp_path.glob("*.parquet")), 2)
    assert found.labels.tolist() == [0, 1, 0, 1, 0] and len(found) == 5
    assert found.read(4)[:4] == b"\x89PNG"
    with pytest.raises(StudyError, match="labels 0 to 1; 0 to 0 are allowed"):
        shard_images(sorted(tmp_path.glob("*.parquet")), 1)
