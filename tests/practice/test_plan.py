import pytest

from tests.studies import practice_study
from understudy.config import load_study
from understudy.errors import StudyError
from understudy.plan import Plan


def plan_of(draws: int = 1, **changes) -> Plan:
    return Plan(load_study(practice_study(**changes) | {"draws": draws}))


def test_arms_of_a_study():
    arms = plan_of().practice.arms
    assert list(arms) == ["real", "static_20", "static_40", "dynamic", "prune_2", "practice_0.2", "ablation_omega_0.1",
                          "ablation_fixed_patience", "ablation_new_2", "sweep_omega_0", "sweep_omega_0.3"]  # fmt: skip
    assert [arm.plain_images for arm in arms.values()] == [0, 20, 40, 40, 60, 20, 20, 20, 20, 20, 20]
    assert [arm.generated(arm.additions) for arm in arms.values()] == [0, 20, 40, 40, 60, 40, 40, 40, 40, 30, 30]
    assert [arm.capacity for arm in arms.values()] == [0, 20, 40, 40, 40, 40, 40, 40, 40, 30, 30]


def test_an_ablation_changes_one_setting_of_practice():
    arms = plan_of(ablation={"omegas": [0.1, 0.2], "fixed_patience": True, "new_weight": 3}).practice.arms
    practice = vars(arms["practice_0.2"])
    changed = {
        name: {key for key, value in vars(arm).items() if value != practice[key]} - {"name", "experiment"}
        for name, arm in arms.items()
        if arm.experiment == "ablation"
    }
    # Practice itself is the run of its own omega.
    assert changed == {
        "ablation_omega_0.1": {"omega"},
        "ablation_fixed_patience": {"fixed_patience"},
        "ablation_new_3": {"new_weight"},
    }


def test_omega_is_chosen_by_runs_that_differ_in_it_alone():
    assert [path.parts[-2:] for path in plan_of(seed_block=1).practice.omega_runs] == [
        ("practice_0.2", "block0"),
        ("practice_0.2", "block1"),
        ("ablation_omega_0.1", "block0"),
        ("ablation_omega_0.1", "block1"),
    ]
    assert plan_of(ablation={"new_weight": 2}).practice.omega_runs == []


def test_other_seeds_share_no_images_with_the_first():
    here, there = plan_of(draws=3).practice, plan_of(draws=3, first_seed=10).practice
    assert there.blocks == {"block0": [10, 11]} and there.draws_of("block0") == [1, 2]
    assert not set(here.pool("dynamic", "block0")) & set(there.pool("dynamic", "block0"))


def test_the_pool_serves_the_arm_that_takes_most():
    assert plan_of().practice.shards == [(0, 60)]
    assert plan_of(pool_shard=25).practice.shards == [(0, 25), (25, 25), (50, 10)]
    practice = plan_of(pool_shard=25, seeds=3, seed_block=2).practice
    # 20 static images lie in the first shard of either seed.
    assert [path.parts[-2:] for path in practice.pool("static_20", "block0")] == [
        ("seed0", "shard0"),
        ("seed1", "shard0"),
    ]
    assert len(practice.pool("prune_2", "block1")) == 3
    assert practice.pool("real", "block0") == []


def test_more_seeds_append_blocks_and_change_none():
    few, many = plan_of(seeds=4, seed_block=2).practice, plan_of(seeds=7, seed_block=2).practice
    assert few.blocks == {"block0": [0, 1], "block1": [2, 3]}
    assert {name: many.blocks[name] for name in few.blocks} == few.blocks
    assert few.parameters("dynamic", "block1") == many.parameters("dynamic", "block1")


def test_seeds_take_draws_in_turn():
    practice = plan_of(draws=3, seeds=5, seed_block=2).practice
    assert [practice.draw_of(seed) for seed in range(5)] == [0, 1, 2, 0, 1]
    assert practice.draws_of("block1") == [0, 2]
    assert [path.parent.name for path in practice.models("block1")] == ["draw0", "draw2"]


def test_another_omega_changes_no_other_arm():
    one, other = plan_of().practice, plan_of(omega=0.4).practice
    for arm in [name for name in one.arms if name in other.arms and one.arms[name].experiment != "ablation"]:
        assert one.parameters(arm, "block0") == other.parameters(arm, "block0")


def test_a_run_on_real_images_does_not_depend_on_the_generator():
    assert "generator" not in plan_of().practice.parameters("real", "block0")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "Train7"}, r"practice.comparison.split: unknown split 'Train7'; allowed: \['Train200'\]"),
        ({"omega": 0}, "practice.comparison.omega"),
        ({"omegas": 0.1}, "practice.comparison.omegas: unknown key.*did you mean omega"),
        ({"guidance": {"form": "raw"}}, "practice.comparison.guidance.form"),
        ({"guidance": {"start": 0.5, "stop": 0.5}}, "start .0.5. must be smaller than stop"),
        ({"generator": {"kind": "unet", "channels": [12]}}, "multiples of 8"),
        ({"generator": {"kind": "dit", "model": "m", "image_size": 32}}, r"image_size: 32 pixels.*have 8"),
        ({"shifted": {"corruptions": {"fog": 1}}}, "corruptions"),
        (
            {"loop": {"initial": 20, "added": 10, "additions": 2, "patience_grows": False}},
            "fixed_patience: loop.patience_grows is false",
        ),
    ],
)
def test_mistakes_are_told_before_any_job(changes, message):
    with pytest.raises(StudyError, match=message):
        plan_of(**changes)


def test_a_practice_study_needs_data():
    study = practice_study()
    del study["data"]
    with pytest.raises(StudyError, match=r"data: missing; practice.comparison needs"):
        load_study(study)
