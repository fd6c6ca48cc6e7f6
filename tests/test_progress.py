from understudy import progress as module
from understudy.progress import progress


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end(capsys, monkeypatch):
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    with progress(6, "training", "epoch") as bar:
        for _ in range(6):
            bar.update(note="loss 0.5")
    lines = capsys.readouterr().err.splitlines()
    # A line needs ten seconds since the last; each look at the clock takes four here.
    assert 2 <= len(lines) <= 4
    assert lines[0].startswith("training: ")
    assert "loss 0.5" in lines[0]
    assert lines[-1].startswith("training: 6/6 epochs")


def test_a_resumed_step_counts_from_where_it_was(capsys):
    with progress(10, "training", "epoch", done=7) as bar:
        bar.update(3)
    assert "training: 10/10 epochs" in capsys.readouterr().err


def test_an_interrupted_step_claims_no_end(capsys):
    try:
        with progress(10, "training") as bar:
            bar.update()
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert "10/10" not in capsys.readouterr().err
