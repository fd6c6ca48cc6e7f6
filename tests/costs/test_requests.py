import subprocess
import sys
from pathlib import Path

import pytest

from tests.studies import small_study
from understudy.config import load_study, read_study
from understudy.costs.requests import Requests
from understudy.plan import Plan

pytestmark = pytest.mark.slow(minutes=0.3)  # networks are counted
ROOT = Path(__file__).parents[2]


def paper_plan() -> Plan:
    return Plan(read_study(ROOT / "studies" / "cifar10.yaml"))


@pytest.mark.parametrize(
    ("name", "megabytes", "hours"),
    [
        ("stylegan2_cond", 1930, 100_000 / 1.401 / 3600),
        ("stylegan2_per_class", 8114, None),
        ("wgan_gp_per_class", 2763, None),
    ],
)
def test_a_generators_training_asks_for_what_was_measured_on_a_gpu(name, megabytes, hours):
    """On an NVIDIA H200, its checkpoint included; Snakemake itself takes 260 MB more."""
    training = ("train_generator", {"draw": "0", "split": "Train50K", "generator": name})
    requests = Requests(paper_plan())
    assert megabytes + 260 < requests.megabytes(*training) < 1.5 * max(megabytes, 4000)
    assert hours is None or 1.2 * hours < requests.minutes(*training) / 60 < 2 * hours


def test_candidates_ask_for_what_was_measured_on_a_gpu():
    place = {"draw": "0", "split": "Train50K", "regime": "full", "batch": "wrn_28_10-block0"}
    assert 5645 + 260 < Requests(paper_plan()).megabytes("train_candidates", place) < 1.5 * 5645


def test_a_small_study_asks_for_the_minimum_and_the_second_start_needs_no_torch(tmp_path):
    code = """
import sys
from understudy.config import read_study
from understudy.costs.requests import Requests
from understudy.plan import Plan
for file in sys.argv[1:]:
    plan = Plan(read_study(file))
    requests = Requests(plan)
    trainings = [("train_candidates", dict(zip(("draw", "split", "regime", "batch"), place)))
                 for place in plan.trained_batches()]
    trainings += [("train_generator", {"draw": 0, "split": split, "generator": name})
                  for split in plan.splits for name in plan.study.generator_names(split)]
    asked = {(requests.megabytes(*one), requests.minutes(*one)) for one in trainings}
    print(asked == {(4000, 1440)}, "torch" in sys.modules)
"""
    files = [str(ROOT / name) for name in ("config.yaml", "studies/cifar10.yaml")]
    command = [sys.executable, "-c", code, *files]
    for loaded in (True, False):
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert result.stdout.splitlines() == [f"True {loaded}", f"False {loaded}"], result.stderr


def test_a_large_network_of_ones_own_asks_by_its_counted_size_and_a_foreign_one_for_the_minimum():
    standard = {
        "wide": {"model": "wrn", "arguments": {"depth": 28, "widen_factor": 10}},
        "vit": {"model": "timm:vit_huge"},
    }
    candidates = small_study()["candidates"] | {"standard": standard, "seed_block": 10}
    requests = Requests(Plan(load_study(small_study(device="cuda", candidates=candidates))))
    place = {"draw": "0", "split": "Train200", "regime": "full"}
    wide = requests.megabytes("train_candidates", place | {"batch": "wide-block0"})
    # Ten runs' weights and momenta, 36.5 million numbers each, are 2.9 GB.
    assert 4000 < wide == pytest.approx(2300 + 1.6 * 2900, rel=0.05)
    assert requests.megabytes("train_candidates", place | {"batch": "vit-block0"}) == 4000
