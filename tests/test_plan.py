from pathlib import Path

import numpy as np
import pytest
import timm

from tests.data.pictures import save, write_parquet
from tests.studies import practice_study, small_study
from understudy import plan_checks
from understudy.classifiers.architectures import missing_network
from understudy.classifiers.timm_source import timm_mistakes, timm_names
from understudy.config import load_study
from understudy.data.shards import write_images
from understudy.errors import StudyError
from understudy.plan import Plan


def plan_of(**changes) -> Plan:
    return Plan(load_study(small_study(**changes)))


def candidates(**changes) -> dict:
    return small_study()["candidates"] | changes


def test_a_batch_is_a_group_times_a_block_of_seeds():
    standard = candidates()["standard"]
    del standard["wrn_10"]["group"]
    batches = plan_of(candidates=candidates(seeds=3, standard=standard)).batches
    assert {name: (batch.architectures, batch.seeds) for name, batch in batches.items()} == {
        "tiny-block0": (("resnet_8", "resnet_14"), (0, 1)),
        "tiny-block1": (("resnet_8", "resnet_14"), (2,)),
        "wrn_10-block0": (("wrn_10",), (0, 1)),
        "wrn_10-block1": (("wrn_10",), (2,)),
        "rwnn-block0": (("rwnn_00", "rwnn_01", "rwnn_02"), (0, 1)),
        "rwnn-block1": (("rwnn_00", "rwnn_01", "rwnn_02"), (2,)),
    }


def test_more_seeds_append_blocks_and_change_no_full_one():
    few, many = plan_of(candidates=candidates(seeds=4)), plan_of(candidates=candidates(seeds=7))
    for name in few.batches:
        assert few.batch_parameters(name) == many.batch_parameters(name)
    assert set(few.batches) < set(many.batches)


def test_another_architecture_changes_no_other_group():
    standard = candidates()["standard"] | {"more": {"model": "resnet", "arguments": {"depth": 8}}}
    before, after = plan_of(), plan_of(candidates=candidates(standard=standard))
    for name in before.batches:
        assert before.batch_parameters(name) == after.batch_parameters(name)


def test_no_training_or_choosing_step_is_given_test_images():
    plan = plan_of()
    for split in plan.splits:
        assert "test" not in plan.training_file(0, split, "full").name
        for regime in ("full", "subtrain"):
            assert "test" not in plan.selection_sets(split, regime)


def test_features_are_the_studys_own_unless_inception_weights_are_given(tmp_path):
    weights = tmp_path / "inception.pth"
    weights.touch()
    plan = plan_of(feature_extractor={"kind": "inception", "weights": str(weights)})
    assert plan.feature_weights(2) == weights
    assert plan_of().feature_weights(2) == plan_of().extractor(2)


def test_a_split_of_all_images_has_no_test():
    splits = {"All": {"train": "all", "validation": 300}}
    generators = {"stylegan2_cond": {"method": "stylegan2"}}
    plan = plan_of(splits=splits, generators=generators, ranking=None)
    assert not plan.has_test("All")
    assert "test" not in plan.sets("All", "full") + plan.sets("All", "subtrain")
    assert plan.held_out(0, "All") == []
    assert plan.smallest_split() == "All"


def test_real_images_of_a_ranking_choose_nothing():
    plan = plan_of()
    assert plan.ranking.rankings == [(0, "Train200"), (0, "Train400")]
    assert plan.ranking.ranked_sets("Train400") == ["stylegan2_cond", "wgan_gp_per_class", "calibration", "test"]
    files = plan.ranked_predictions(0, "Train200", "calibration")
    assert files == [plan.ranking.folder(0, "Train200") / "calibration_predictions.parquet"]
    assert not set(files) & set(plan.evaluations("predictions.parquet"))


def test_evaluations_are_each_batch_times_each_set():
    paths = plan_of().evaluations("counts.parquet")
    # Two batches; full: 2 sets on Train200, 3 on Train400; subtrain: validation and test on each.
    assert len(paths) == len(set(paths)) == 2 * (2 + 3 + 2 + 2)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"S": {"train": 1797, "validation": 300}}, "splits.S.train: 1797 images, but the data has 1797"),
        ({"S": {"train": 5000, "validation": 300}}, "splits.S.train: 5000 images, but the data has 1797"),
        ({"S": {"train": 100, "validation": 5}}, r"the validation part \(5 images\) has none of class"),
        ({"S": {"train": 100, "validation": 95}}, r"the subtrain part \(5 images\) has none of class"),
    ],
)
def test_impossible_sizes_are_known_before_any_job(splits, message):
    plan = plan_of(splits=splits, generators={"stylegan2_cond": {"method": "stylegan2"}})
    with pytest.raises(StudyError, match=message):
        plan_checks.check_sizes(plan)


def test_images_that_were_prepared_before_do_not_refuse_a_study_of_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = np.zeros((20, 1, 8, 8), dtype=np.uint8)
    for train in (30, 5000):
        plan = plan_of(splits={"S": {"train": train, "validation": 15}}, generators={"any": {"method": "stylegan2"}})
        write_images(plan.root / "data" / "images.parquet", images, np.arange(20) % 10)
        if train == 30:
            plan_checks.check_sizes(plan)
        else:
            with pytest.raises(StudyError, match="5000 images, but the data has 1797"):
                plan_checks.check_sizes(plan)


def test_shares_are_resolved_where_sizes_are_compared():
    splits = {"Large": {"train": 0.5, "validation": 0.2}, "Small": {"train": 0.1, "validation": 0.5}}
    plan = plan_of(splits=splits, generators={"any": {"method": "stylegan2"}})
    assert plan.smallest_split() == "Small"
    plan_checks.check_sizes(plan)
    with pytest.raises(StudyError, match="`train` is a number of images in some and a share in others"):
        plan_of(
            splits={**splits, "Count": {"train": 300, "validation": 75}}, generators={"any": {"method": "stylegan2"}}
        )


def test_a_group_may_not_share_an_architectures_name():
    standard = {
        "tiny": {"model": "resnet", "arguments": {"depth": 8}},
        "other": {"model": "resnet", "arguments": {"depth": 8}, "group": "tiny"},
    }
    # One group then holds both, which is what the names say; a family apart may not repeat the name.
    assert plan_of(candidates=candidates(standard=standard)).batches["tiny-block0"].architectures == ("tiny", "other")
    # Either of both families' groups may be called by another name: `rwnn.group` is `rwnn` where it isn't given.
    mine = {"model": "resnet", "arguments": {"depth": 8}}
    for standard in ({"rwnn": mine}, {"mine": mine | {"group": "rwnn"}}):
        with pytest.raises(StudyError) as raised:
            plan_of(candidates=candidates(standard=standard))
        assert str(raised.value) == (
            f"configuration: candidates: 'rwnn' names jobs of both families: of {min(standard)} (standard) and of "
            "rwnn_00, rwnn_01, rwnn_02 (rwnn), by their `group` or their own name; give one of them another `group`"
        )


def test_a_missing_prediction_file_is_told_with_its_key(tmp_path):
    (tmp_path / "there.npz").touch()
    given = {
        "sets": {
            name: {"source": "predictions", "path": str(tmp_path / f"{name}.npz")} for name in ("there", "absent")
        },
        "real": {"source": "predictions", "path": "real.parquet", "labels": "truth.parquet"},
    }
    plan = Plan(load_study({"study": "mine", "seed": 1, "ranking": {"classes": 10, **given}}))
    relative = f" (relative paths begin at {Path.cwd()})"
    assert [line.split(" are expected at ") for line in plan.ranking.missing_files()] == [
        [
            f"ranking: the predictions of ranking.{key}",
            f"{path}, which does not exist{'' if 'absent' in key else relative}; put them there, or correct the path",
        ]
        for key, path in {
            "sets.absent.path": tmp_path / "absent.npz",
            "real.path": "real.parquet",
            "real.labels": "truth.parquet",
        }.items()
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("timm:resnet81", r"'timm:resnet81': timm has no network of this name; did you mean timm:resnet18\?"),
        ("timm:no/such", None),  # a place
        ("timm:resnet18.a1_in1k", None),
        ("no_module_x:f", r"'no_module_x:f': no module 'no_module_x' is to be found; add its folder to PYTHONPATH"),
        ("tests.studies:small", None),
        ("resnet_32", None),
    ],
)
def test_networks_from_outside_are_looked_for_before_any_job(model, message):
    plan = plan_of(candidates=candidates(standard={"mine": {"model": model}}))
    if message is None:
        plan_checks.check_networks(plan)
        return
    with pytest.raises(StudyError, match=rf"^configuration: candidates\.standard\.mine\.model: {message}$"):
        plan_checks.check_networks(plan)


def test_a_practice_studys_learner_is_looked_for_too():
    plan = Plan(load_study(practice_study(learner={"network": {"model": "timm:resnet81"}, "iterations": 40})))
    with pytest.raises(StudyError, match=r"practice\.comparison\.learner\.network\.model: 'timm:resnet81'"):
        plan_checks.check_networks(plan)


def test_every_network_of_timm_is_known_without_importing_it():
    assert set(timm.list_models()) <= timm_names()
    assert missing_network("timm:tv_resnext50_32x4d") is None  # an older name


@pytest.mark.parametrize(
    ("name", "arguments", "size", "message"),
    [
        ("resnet18", {"drop_rate": 0.1, "nonsense": None}, 32, None),
        ("resnet18", {"nonsense": 1}, 32, "takes no argument 'nonsense'; allowed: aa_layer, act_layer"),
        ("resnet18.a1_in1k", {"drop_rat": 0.1}, 32, "no argument 'drop_rat'; did you mean drop_rate"),
        ("efficientnet_b0", {"nonsense": 1}, 32, "takes no argument 'nonsense'"),
        ("convnext_atto", {"drop_path_rate": 0.1}, 32, None),
        ("vit_tiny_patch16_224", {}, 32, "takes images of 224 pixels a side alone, and the study's have 32"),
        ("vit_tiny_patch16_224", {}, 224, None),
        ("vit_tiny_patch16_224", {}, None, None),  # known once the images are read
        ("vit_tiny_patch16_224", {"img_size": 32, "patch_size": 4}, 32, None),
        ("vit_tiny_patch16_224", {"img_size": 64}, 32, "takes images of 64 pixels a side alone"),
        ("vit_tiny_patch16_224", {"dynamic_img_size": True}, 32, None),
        ("vit_base_patch16_384", {}, 224, "takes images of 384 pixels a side alone"),
        ("swin_tiny_patch4_window7_224", {}, 64, "takes images of 224 pixels a side alone"),
        ("mixer_b16_224", {}, 64, "takes images of 224 pixels a side alone"),
        ("coat_tiny", {}, 64, "takes images of 224 pixels a side alone"),
        ("xcit_nano_12_p16_224", {}, 64, None),  # takes any
        ("test_vit", {}, 64, None),  # takes any
        ("no_such_network", {"nonsense": 1}, 32, None),  # told as such
    ],
)
def test_what_timms_source_says_of_arguments_and_sizes_is_told_before_any_job(name, arguments, size, message):
    found = list(timm_mistakes(name, arguments, size))
    assert (found == []) if message is None else message in found[0] and len(found) == 1


def test_what_a_network_of_timm_doesnt_take_is_told_with_its_key():
    standard = {"mine": {"model": "timm:vit_tiny_patch16_224", "arguments": {"nonsense": 1}}}
    plan = plan_of(candidates=candidates(standard=standard))
    with pytest.raises(StudyError) as raised:
        plan_checks.check_networks(plan)
    first, second = str(raised.value).splitlines()
    assert first.startswith("configuration: candidates.standard.mine.arguments: vit_tiny_patch16_224 of timm takes no ")
    assert "takes images of 224 pixels" in second


def ranking_plan(**changes):
    sets = {"a": {"source": "parquet", "root": "a"}}
    models = {"names": ["resnet18", "resnet34"], "checkpoints": {"own": {"model": "resnet50", "path": "own.pth"}}}
    ranking = {"classes": 10, "models": models, "sets": sets, "real": {"source": "parquet", "root": "b"}, **changes}
    return Plan(load_study({"study": "s", "seed": 1, "ranking": ranking}))


def test_models_that_timm_doesnt_have_are_told_before_any_job():
    models = {"names": ["resnet18", "resnet81"], "checkpoints": {"own": {"model": "vit_tiny", "path": "own.pth"}}}
    with pytest.raises(StudyError) as raised:
        plan_checks.check_networks(ranking_plan(models=models))
    first, second = str(raised.value).splitlines()
    assert first.startswith("configuration: ranking.models.names.1: 'resnet81': timm has no network of this name")
    assert second.startswith("configuration: ranking.models.checkpoints.own.model: 'vit_tiny': timm has no network")
    plan_checks.check_networks(ranking_plan())


@pytest.mark.parametrize(("count", "fits"), [(10, False), (2, False), (1, None)])
def test_too_few_models_to_calibrate_are_told_before_any_job(count, fits):
    if fits is None:
        with pytest.raises(StudyError, match="calibration_models"):
            ranking_plan(calibration_models=count)
        return
    with pytest.raises(StudyError, match=f"{count} of 3 models were asked to calibrate; at least 2 must"):
        plan_checks.check_models(ranking_plan(calibration_models=count))
    plan = plan_of(ranking={"calibration_models": 100})
    with pytest.raises(StudyError, match=r"100 of \d+ models were asked to calibrate"):
        plan_checks.check_models(plan)
    plan_checks.check_models(plan_of(ranking={"calibration_models": 2}))


def test_prompts_of_numbers_are_refused_before_any_job(tmp_path):
    study = practice_study(generator={"kind": "stable_diffusion", "model": "m", "image_size": 8})
    study["data"] = {"source": "parquet", "root": str(tmp_path), "size": 8}
    write_parquet(tmp_path / "a.parquet", [0, 1])
    with pytest.raises(StudyError, match=r"prompts would be such as '0'; give their names in `data\.classes`"):
        plan_checks.check_prompts(Plan(load_study(study)))
    study["data"]["classes"] = ["tench", "goldfish"]
    plan_checks.check_prompts(Plan(load_study(study)))


def test_an_unknown_order_of_classes_is_refused_before_any_job(tmp_path):
    save(tmp_path, "apple/0.png", "Banana/0.png")
    models = {"checkpoints": {"mine": {"model": "test_resnet", "path": "mine.safetensors"}}}
    sets = {
        "here": {"source": "imagefolder", "root": str(tmp_path)},
        "later": {"source": "imagefolder", "root": "none"},
    }
    study = {"study": "s", "seed": 1, "ranking": {"classes": 2, "models": models, "sets": sets}}
    with pytest.raises(StudyError, match=r"class 0 of .* is Banana for models .* apple for models trained with timm"):
        plan_checks.check_orders(Plan(load_study(study)))
    study["ranking"]["classes"] = ["apple", "Banana"]
    plan_checks.check_orders(Plan(load_study(study)))
