import torch

from understudy.checkpoints import Checkpoints, checkpoint_folder


def tensors(value: float) -> dict[str, torch.Tensor]:
    return {"weight": torch.full((3, 2), value), "random": torch.get_rng_state()}


def test_the_newest_checkpoint_is_loaded(tmp_path):
    checkpoints = Checkpoints(tmp_path / "here")
    assert checkpoints.load() is None
    for step in (5, 10, 15):
        checkpoints.save(step, tensors(step), {"order": [step, "x"]})
    step, loaded, state = checkpoints.load()
    assert step == 15
    assert state == {"order": [15, "x"]}
    assert torch.equal(loaded["weight"], tensors(15)["weight"])
    assert loaded["random"].dtype == torch.uint8


def test_a_truncated_checkpoint_falls_back_to_the_one_before(tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2, 3):
        checkpoints.save(step, tensors(step), {})
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    files[-1].write_bytes(files[-1].read_bytes()[:50])
    assert checkpoints.load()[0] == 2
    assert files[-1].name in capsys.readouterr().err


def test_views_of_one_tensor_are_saved_whole(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    Checkpoints(tmp_path).save(0, {"a": base[1], "b": base.T}, {})
    _, loaded, _ = Checkpoints(tmp_path).load()
    assert torch.equal(loaded["a"], base[1])
    assert torch.equal(loaded["b"], base.T)


def test_clear_removes_all(tmp_path):
    checkpoints = Checkpoints(tmp_path / "here")
    checkpoints.save(0, tensors(0), {})
    checkpoints.clear()
    assert checkpoints.load() is None
    assert not (tmp_path / "here").exists()


def test_another_setting_or_another_image_is_another_folder(tmp_path):
    images = tmp_path / "train.parquet"
    images.write_bytes(b"one")
    folder = checkpoint_folder(tmp_path, {"a": 1, "b": [2]}, [images])
    assert folder == checkpoint_folder(tmp_path, {"b": [2], "a": 1}, [images])
    assert folder.parent == tmp_path
    others = [checkpoint_folder(tmp_path, changed, [images]) for changed in ({"a": 1, "b": [3]}, {"a": 1})]
    images.write_bytes(b"two")
    others.append(checkpoint_folder(tmp_path, {"a": 1, "b": [2]}, [images]))
    assert len({folder, *others}) == 4
