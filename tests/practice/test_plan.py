import pytest

from tests.studies import practice_study
from understudy.config import load_study
from understudy.errors import StudyError
from understudy.plan import Plan
from understudy.practice.plan import PracticePlan


def plan_of(draws: int = 1, **changes) -> Plan:
    return Plan(load_study(practice_study(**changes) | {"draws": draws}))


def test_variants_of_a_study():
    variants = plan_of().practice.variants
    assert list(variants) == [
        *("real", "static_20", "static_40", "dynamic", "prune_2", "practice_0.2"),
        *("ablation_omega_0.1", "ablation_fixed_patience", "ablation_new_2", "sweep_omega_0", "sweep_omega_0.3"),
    ]
    assert [variant.plain_images for variant in variants.values()] == [0, 20, 40, 40, 60, 20, 20, 20, 20, 20, 20]
    assert [variant.generated(variant.additions) for variant in variants.values()] == [
        0,
        20,
        40,
        40,
        60,
        40,
        40,
        40,
        40,
        30,
        30,
    ]
    assert [variant.capacity for variant in variants.values()] == [0, 20, 40, 40, 40, 40, 40, 40, 40, 30, 30]


def test_an_ablation_changes_one_setting_of_practice():
    variants = plan_of(ablation={"omegas": [0.1, 0.2], "fixed_patience": True, "new_weight": 3}).practice.variants
    practice = vars(variants["practice_0.2"])
    changed = {
        name: {key for key, value in vars(variant).items() if value != practice[key]} - {"name", "experiment"}
        for name, variant in variants.items()
        if variant.experiment == "ablation"
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
    assert there.blocks == {"block0": [10, 11]} and there.block_draws("block0") == [1, 2]
    assert not set(here.pool("dynamic", "block0")) & set(there.pool("dynamic", "block0"))


def test_the_pool_serves_the_variant_that_takes_most():
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
    assert [practice.seed_draw(seed) for seed in range(5)] == [0, 1, 2, 0, 1]
    assert practice.block_draws("block1") == [0, 2]
    assert [path.parent.name for path in practice.models("practice_0.2", "block1")] == ["draw0", "draw2"]


def test_another_omega_changes_no_other_variant():
    one, other = plan_of().practice, plan_of(omega=0.4).practice
    for name in [name for name in one.variants if name in other.variants and not name.startswith("ablation")]:
        assert one.parameters(name, "block0") == other.parameters(name, "block0")


PATIENT = {"dynamic", "prune_2", "practice_0.2", "ablation_omega_0.1", "ablation_fixed_patience", "ablation_new_2"}
GUIDED = {"practice_0.2", "ablation_omega_0.1", "ablation_fixed_patience", "ablation_new_2", "sweep_omega_0.3"}
LOOP = {"initial": 20, "added": 10, "additions": 2, "evaluation_interval": 4}
ADDING = PATIENT | {"sweep_omega_0", "sweep_omega_0.3"}


def changed_variants(one: PracticePlan, other: PracticePlan) -> set[str]:
    """Return the variants of both plans whose runs depend on other parameters."""
    both = set(one.variants) & set(other.variants)
    return {name for name in both if one.parameters(name, "block0") != other.parameters(name, "block0")}


@pytest.mark.parametrize(
    ("changes", "variants"),
    [
        ({"loop": LOOP | {"patience": 3}}, PATIENT),
        ({"loop": LOOP | {"additions": 1}}, PATIENT),
        ({"loop": LOOP | {"added": 5}}, ADDING),
        ({"loop": LOOP | {"evaluation_interval": 5}}, ADDING | {"real", "static_20", "static_40"}),
        ({"guidance": {"interval": 1}}, GUIDED),
        # What takes its images from those made ahead follows these files.
        ({"sampling": {"steps": 5, "batch": 10}}, GUIDED | {"sweep_omega_0"}),
        ({"static": [20, 30]}, set()),
    ],
)
def test_a_change_concerns_the_variants_that_depend_on_it(changes, variants):
    assert changed_variants(plan_of().practice, plan_of(**changes).practice) == variants


def test_only_variants_that_make_images_read_the_generator():
    practice = plan_of().practice
    assert {name for name in practice.variants if practice.models(name, "block0")} == GUIDED | {"sweep_omega_0"}


def latent_study(**generator) -> dict:
    given = {"kind": "stable_diffusion", "model": "m", "image_size": 8} | generator
    return {"generator": given, "shifted": {}}


def test_variants_that_make_images_follow_the_names_of_the_classes(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("zero\none\n")
    practice = plan_of(**latent_study(class_names=str(names))).practice
    before = {name: practice.parameters(name, "block0") for name in practice.variants}
    names.write_text("nought\none\n")
    changed = {name for name in practice.variants if practice.parameters(name, "block0") != before[name]}
    assert changed == GUIDED | {"sweep_omega_0"}


def test_what_the_comparison_names_and_is_not_there_is_told_with_its_key(tmp_path):
    (tmp_path / "there").mkdir()
    folders = {"here": str(tmp_path / "there"), "v2": "nowhere"}
    for generator, key in (
        (latent_study(class_names="nonames.txt"), "class_names"),
        (latent_study(kind="dit", class_numbers="nonames.txt"), "class_numbers"),
    ):
        assert plan_of(**generator | {"shifted": {"folders": folders}}).practice.missing_files() == [
            f"practice: practice.comparison.{missing}, which does not exist; put it there, or correct the path"
            for missing in (
                "shifted.folders.v2 needs a folder at nowhere",
                f"generator.{key} needs a file at nonames.txt",
            )
        ]
    assert plan_of().practice.missing_files() == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "Train7"}, r"practice.comparison.split: unknown 'Train7'; allowed: Train200"),
        ({"omega": 0}, "practice.comparison.omega"),
        ({"omegas": 0.1}, "practice.comparison.omegas: unknown key.*did you mean omega"),
        ({"guidance": {"form": "raw"}}, "practice.comparison.guidance.form"),
        ({"guidance": {"start": 0.5, "stop": 0.5}}, "start .0.5. must be smaller than stop"),
        ({"generator": {"kind": "unet", "channels": [12]}}, "multiples of 8"),
        ({"generator": {"kind": "dit", "model": "m", "image_size": 32}}, r"image_size: 32 pixels.*have 8"),
        ({"shifted": {"corruptions": {"fog": 1}}}, r"corruptions.fog.*gaussian_noise"),
        ({"guidance": {"criterion": "loss"}}, r"practice.comparison.guidance.criterion.*entropy"),
        *(
            (
                {"shifted": {"corruptions": {name: 1.5}}},
                rf"shifted.corruptions: {name} \(1.5\) is a fraction, at most 1",
            )
            for name in ("contrast", "occlusion", "translation")
        ),
        (
            {"generator": {"kind": "unet", "noise_levels": 3}},
            r"comparison: sampling.steps \(4\) must be at most generator.noise_levels \(3\)",
        ),
        (
            {"guidance": {"start": 0.95}},
            r"comparison.guidance: start \(0.95\) and stop \(1\) leave none of the 4 steps .*start of at most 0.75",
        ),
        (
            {"sweep": {"omegas": [0.3], "at": 0.05}},
            r"comparison: sweep.at \(0.05\) is step 2 of 40.*learner.warm_up.*from step 4 to 31",
        ),
        (
            {"sweep": {"oversampling": [2], "at": 0.8}},
            r"sweep.at \(0.8\) is step 32 of 40.*learner.cool_down alone, from step 4 to 31",
        ),
        (
            {"learner": {"network": {"model": "resnet_32", "recipe": {"crop": 2}}, "iterations": 40}},
            r"learner.network.recipe: not for a learner.*iterations, batch.* crop, flip",
        ),
        (
            {"learner": {"network": {"model": "resnet_32", "group": "small"}, "iterations": 40}},
            r"learner.network.group: not for a learner.*given: 'small'",
        ),
        (
            latent_study(class_numbers="numbers.txt"),
            r"class_numbers \(numbers.txt\) is not for kind stable_diffusion, whose key is class_names",
        ),
        (
            {"loop": {"initial": 20, "added": 10, "additions": 2, "patience_grows": False}},
            "fixed_patience: loop.patience_grows is false",
        ),
    ],
)
def test_mistakes_are_told_before_any_job(changes, message):
    with pytest.raises(StudyError, match=message):
        plan_of(**changes)


def test_a_sweep_of_nothing_may_be_anywhere_and_others_from_warm_up_to_cool_down():
    plan_of(sweep={"at": 0.01})
    for fraction in (0.1, 0.77):
        plan_of(sweep={"omegas": [0.3], "at": fraction})


def test_a_practice_study_needs_data():
    study = practice_study()
    del study["data"]
    with pytest.raises(StudyError, match=r"data: missing; practice.comparison needs"):
        load_study(study)
