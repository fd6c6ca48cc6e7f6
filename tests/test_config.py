import copy

import pytest
import yaml

from tests.studies import small_study
from understudy.config import json_schema, load_study, read_study
from understudy.config_errors import check_keys
from understudy.errors import StudyError


def changed(path: str, value: object) -> dict:
    study = copy.deepcopy(small_study())
    *parents, last = path.split(".")
    place = study
    for key in parents:
        place = place[key]
    place[last] = value
    return study


def test_a_right_study_passes():
    study = load_study(small_study())
    assert study.generators_of("Train200") == ["stylegan2_cond"]
    assert study.generators_of("Train400") == ["stylegan2_cond", "wgan_gp_per_class"]
    assert study.synthetic_set("Train400") == "stylegan2_cond"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sed", 1, r"sed: unknown key \(given: 1\); allowed: .*; did you mean seed\?"),
        ("candidates.snapshot", 3, r"candidates\.snapshot: unknown key .*did you mean snapshots\?"),
        ("splits.Train200.trian", 3, r"splits\.Train200\.trian: unknown key .*allowed: train, validation"),
        ("candidates.seeds", 0, r"candidates\.seeds: input should be greater than or equal to 1 \(given: 0\)"),
        ("candidates.snapshots", 41, r"candidates\.snapshots: .*less than or equal to 40 \(given: 41\)"),
        ("splits.Train200.validation", 200, r"splits\.Train200: validation \(200\) must be smaller than train \(200\)"),
        ("candidates.standard.a", {"model": "resnt"}, r"candidates\.standard\.a: model 'resnt': allowed are .*resnet"),
        ("candidates.recipe", {"epoch": 3}, r"candidates: recipe\.epoch: unknown key \(given: 3\); .*mean epochs\?"),
        ("candidates.recipe", {"milestones": [2]}, r"candidates: recipe: milestones \[2\.0\]: rising fractions"),
        ("candidates.standard.resnet_8.recipe", {"epoch": 8}, r"resnet_8: recipe\.epoch: unknown .*mean epochs\?"),
        ("candidates.standard.resnet_8.arguments", {"depth": 9}, r"resnet_8: arguments of resnet: depth 9: the basic"),
        ("splits", [1, 2], r"splits: names with their settings are needed, .*\(given: \[1, 2\]\)"),
        ("data", "cifar", r"data: names with their settings are needed, .*\(given: \"cifar\"\); allowed: .*source"),
        ("generators.new", {"method": "stylegan3"}, r"generators\.new\.method: .*'stylegan2' or 'wgan_gp'.*stylegan3"),
        ("generators.test", {"method": "stylegan2"}, r"'test' is the name of a part of the data"),
        ("generators.stylegan2_cond.splits", ["Train9"], r"stylegan2_cond\.splits: unknown \['Train9'\]; allowed: "),
        ("generators.stylegan2_cond.splits", ["Train400"], r"splits\.Train200: no generator is trained on it"),
        ("selection", {"synthetic_set": {"Train200": "wgan_gp_per_class"}}, r"synthetic_set\.Train200: unknown"),
        ("data", {"source": "imagefolder", "root": "/no/such"}, r"data: root '/no/such' does not exist"),
        ("candidates.rwnn.recipe", {"epoch": 3}, r"candidates: rwnn\.recipe\.epoch: .*did you mean epochs\?"),
        ("candidates.rwnn.neighbours", 6, r"candidates\.rwnn: neighbours \(6\) must be smaller than nodes \(5\)"),
        ("candidates.rwnn.stages", 4, r"candidates\.rwnn\.stages: 4 stages halve 8 pixels"),
        ("candidates.standard", {"rwnn_00": {"model": "resnet_32"}}, r"'rwnn_00' is the name of a random graph"),
        ("data", {"source": "sklearn-digits", "size": 30}, r"data\.size: 30 pixels; generators need one of"),
        ("feature_extractor", {"kind": "inception"}, r"feature_extractor: kind inception needs `weights`"),
        (
            "feature_extractor",
            {"kind": "inception", "weights": "no.pth"},
            r"feature_extractor: weights: no file 'no\.pth'; give torch-fidelity's",
        ),
        ("feature_extractor", {"weights": "no.pth"}, r"feature_extractor: `weights` belong to kind inception"),
        (
            "candidates.standard.a",
            {"model": " timm:resnet18"},
            r"standard\.a: model ' timm:resnet18': remove the blanks",
        ),
        ("device", "tpu", r"device: .*\(given: \"tpu\"\)"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(path, value, message):
    with pytest.raises(StudyError, match=message) as raised:
        load_study(changed(path, value))
    assert "\n" not in str(raised.value)


def test_a_key_that_is_given_twice_is_refused_with_both_lines(tmp_path):
    path = tmp_path / "study.yaml"
    study = yaml.safe_dump(small_study(), sort_keys=False)
    path.write_text(study)
    assert read_study(path) == load_study(small_study())
    path.write_text(study.replace("    resnet_14:", "    resnet_8:"))
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if line == "    resnet_8:"]
    with pytest.raises(StudyError) as raised:
        read_study(path)
    place = f"{path}, line {lines[1]}: candidates.standard.resnet_8: given before, on line {lines[0]}"
    assert str(raised.value) == f"configuration: {place}; rename one of the two, or remove it"
    path.write_text("a: [{b: 1, c: 2, b: 3}]\nseed: 1\nseed: 2\n")
    with pytest.raises(StudyError) as raised:
        check_keys(path)
    assert [line.split(": ")[2] for line in str(raised.value).splitlines()] == ["a.0.b", "seed"]


def test_two_mistakes_are_two_lines():
    study = changed("sed", 1) | {"draws": 0}
    with pytest.raises(StudyError) as raised:
        load_study(study)
    assert len(str(raised.value).splitlines()) == 2


def test_a_misspelled_key_that_is_required_is_one_mistake():
    study = changed("candidates.seedz", 2)
    del study["candidates"]["seeds"]
    del study["study"]
    with pytest.raises(StudyError) as raised:
        load_study(study)
    misspelled, missing = str(raised.value).splitlines()
    assert misspelled.startswith("configuration: candidates.seedz: unknown key")
    assert misspelled.endswith("did you mean seeds?")
    assert missing.startswith("configuration: study: missing")


def test_a_missing_key_is_named():
    study = small_study()
    del study["synthetic"]
    with pytest.raises(StudyError, match=r"synthetic: missing"):
        load_study(study)


def test_a_study_without_models_has_nothing_to_rank():
    study = {"study": "empty", "seed": 1, "ranking": {}}
    with pytest.raises(
        StudyError, match=r"ranking: there are no models to rank; give `sets` .* or the study its `candidates`"
    ):
        load_study(study)


def test_a_study_of_theory_alone_needs_no_data():
    study = load_study({"study": "theory", "seed": 1, "practice": {"theory": {"trials": 10}}})
    assert study.practice.theory.dimension == 512


@pytest.mark.parametrize(
    ("practice", "message"),
    [
        ({}, r"practice: there is nothing to do; give `theory: \{\}`"),
        ({"theory": {"trails": 3}}, r"practice\.theory\.trails: unknown key .*did you mean trials\?"),
        ({"theory": {"keep_fractions": [0]}}, r"practice\.theory\.keep_fractions\.0: .*greater than 0 \(given: 0\)"),
        (
            {"theory": {"imperfect_labels": [{"rho": 1, "rho_true": 1, "rho_labels": 0}]}},
            r"imperfect_labels\.0: no three directions have the cosines 1\.0, 1\.0 and 0\.0",
        ),
    ],
)
def test_a_mistake_in_the_practice_part_is_one_line(practice, message):
    with pytest.raises(StudyError, match=message) as error:
        load_study({"study": "theory", "seed": 1, "practice": practice})
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "changes",
    [{"calibration_fraction": 0}, {"splits": {"All": {"train": "all", "validation": 9}}}],
)
def test_candidates_are_ranked_with_held_out_images_alone(changes):
    changes |= {"generators": {"g": {"method": "stylegan2"}}}
    with pytest.raises(StudyError, match="ranking: real images must be held out to rank candidates"):
        load_study(small_study(**changes))


PREDICTIONS = {"source": "predictions", "path": "p.npz"}
PICTURES = {"source": "imagefolder", "root": "pictures"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": None}, r"ranking: classes: missing; give their number"),
        ({"sets": {"a": PREDICTIONS | {"pth": 1}}}, r"ranking\.sets\.a\.predictions\.pth: unknown key .*mean path\?"),
        (
            {"sets": {"a": PREDICTIONS | {"path": "p.csv"}}},
            r"sets\.a\.predictions\.path: allowed: .*\.npz or \.parquet",
        ),
        ({"sets": {"a": PICTURES}}, r"ranking: sets\.a: `source: predictions` needed, as `models` is not given"),
        ({"models": {"names": ["resnet18"]}}, r"ranking: sets\.s: images, which `models` are evaluated on needed"),
        ({"sets": {"u": {"source": "union", "of": ["a", "b"]}}}, r"ranking: sets\.u\.of: unknown \['a', 'b'\]"),
        ({"test": PREDICTIONS}, r"ranking: calibration: missing; `test` judges"),
        ({"real": PREDICTIONS, "calibration": PREDICTIONS}, r"ranking: real: give either `real`, or"),
        ({"sets": {"test": PREDICTIONS}}, r"ranking: sets: 'test' is the name of a real set"),
        ({"calibration_models": 1}, r"ranking\.calibration_models: .*greater than or equal to 2 \(given: 1\)"),
        ({"sets": {}}, r"ranking: classes: it belongs to `sets`"),
    ],
)
def test_mistakes_in_a_ranking_are_one_line(changes, message):
    ranking = {"classes": 10, "sets": {"s": PREDICTIONS}} | changes
    with pytest.raises(StudyError, match=message) as raised:
        load_study({"study": "mine", "seed": 1, "ranking": ranking})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"real": PREDICTIONS}, "other half judges the ranking: no image does both"),
        ({"calibration": PREDICTIONS, "test": PREDICTIONS}, "they are not disjoint"),
        ({"calibration": PREDICTIONS, "test": PREDICTIONS | {"path": "q.npz"}}, "Two sets of real images were given"),
        ({"calibration": PREDICTIONS}, "No real images judge"),
        ({}, "No real images were given"),
    ],
)
def test_a_ranking_says_whether_calibrating_and_judging_images_are_disjoint(given, words):
    ranking = {"classes": 10, "sets": {"s": PREDICTIONS}} | given
    assert words in load_study({"study": "mine", "seed": 1, "ranking": ranking}).ranking.about_real_images


def test_the_schema_describes_every_key():
    assert '"calibration_fraction"' in json_schema()
