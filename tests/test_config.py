import re

import pytest

from tests.studies import small_study
from tests.test_config_errors import PREDICTIONS, mistakes, with_value
from understudy.config import json_schema, load_study
from understudy.errors import StudyError


def test_a_right_study_passes():
    study = load_study(small_study())
    assert study.generator_names("Train200") == ["stylegan2_cond"]
    assert study.generator_names("Train400") == ["stylegan2_cond", "wgan_gp_per_class"]
    assert study.synthetic_set("Train400") == "stylegan2_cond"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("splits.Train200.validation", 200, r"splits\.Train200: validation \(200\) must be smaller than train \(200\)"),
        ("generators.test", {"method": "stylegan2"}, "generators: 'test' is the name of a part of the data"),
        ("generators.stylegan2_cond.splits", ["Train9"],
         r"generators\.stylegan2_cond\.splits: unknown 'Train9'; allowed: Train200, Train400; did you mean Train"),
        ("generators.stylegan2_cond.splits", ["Train400"],
         r"splits\.Train200: none of the `generators` is trained on it"),
        ("selection", {"synthetic_set": {"Train200": "wgan_gp_per_class"}},
         r"selection\.synthetic_set\.Train200: unknown 'wgan_gp_per_class'; allowed: stylegan2_cond$"),
        ("selection", {"synthetic_set": {"Train20": "a"}},
         r"selection\.synthetic_set: unknown 'Train20'; allowed: Train"),
        ("data", {"source": "imagefolder", "root": "/no/such"}, "data: root '/no/such' does not exist"),
        ("data.size", 30, r"data\.size: 30 pixels; generators need one of"),
        ("candidates.rwnn.neighbours", 6, r"candidates\.rwnn: neighbours \(6\) must be smaller than nodes \(5\)"),
        ("candidates.rwnn.stages", 4, r"candidates\.rwnn\.stages: 4 stages halve 8 pixels"),
        ("candidates.standard.rwnn_00", {"model": "resnet_32"},
         r"candidates\.standard: 'rwnn_00' is the name of a random"),
        ("candidates.standard.resnet_8.recipe", {"momentum": 0},
         r"candidates\.standard\.resnet_8\.recipe.nesterov: true needs a momentum above 0"),
        ("feature_extractor", {"kind": "inception"}, "feature_extractor: kind inception needs `weights`"),
        ("feature_extractor", {"kind": "inception", "weights": "no.pth"},
         r"feature_extractor\.weights: no file 'no\.pth'; give torch-fidelity's"),
        ("feature_extractor", {"weights": "no.pth"}, "feature_extractor: `weights` belong to kind inception"),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_together_are_one_line(path, value, line):
    (found,) = mistakes(with_value(small_study(), path, value))
    assert re.match(line, found), found


def test_recipes_are_checked_as_they_are_put_together():
    study = with_value(small_study(), "candidates.recipe", {"momentum": 0, "nesterov": False})
    assert mistakes(study) == []
    own = {"nesterov": True, "momentum": 0.9}
    assert mistakes(with_value(study, "candidates.standard.resnet_8.recipe", own)) == []
    study = with_value(study, "candidates.standard.resnet_8.recipe", {"nesterov": True})
    (line,) = mistakes(study)
    assert line == "candidates.standard.resnet_8.recipe.nesterov: true needs a momentum above 0"


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
        ({}, r"practice: give `comparison`, `theory` or both; `theory: \{\}` is"),
        ({"theory": {"trails": 3}}, r"practice\.theory\.trails: unknown key .*did you mean trials\?"),
        (
            {"theory": {"keep_fractions": [0]}},
            r"keep_fractions\.0: a number above 0 and at most 1 is needed \(given: 0\)",
        ),
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


def test_a_split_that_tests_nothing_stands_alone():
    study = small_study(
        splits={"Train200": {"train": "all", "validation": 9}, "Train400": {"train": 20, "validation": 9}}
    )
    del study["ranking"]
    (line,) = mistakes(study)
    assert line.startswith("splits: `train: all` holds out no test images; use it for every split or for none")


@pytest.mark.parametrize(
    "changes",
    [{"calibration_fraction": 0}, {"splits": {"All": {"train": "all", "validation": 9}}}],
)
def test_candidates_are_ranked_with_held_out_images_alone(changes):
    changes |= {"generators": {"g": {"method": "stylegan2"}}}
    with pytest.raises(StudyError, match="ranking: real images must be held out to rank candidates"):
        load_study(small_study(**changes))


PICTURES = {"source": "imagefolder", "root": "pictures"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": None}, r"ranking\.classes: missing; give their number"),
        ({"sets": {"a": PREDICTIONS | {"pth": 1}}}, r"ranking\.sets\.a\.pth: unknown key .*mean path\?"),
        (
            {"sets": {"a": PREDICTIONS | {"path": "p.txt"}}},
            r"ranking\.sets\.a\.path: allowed: .*\.npz or \.parquet or \.csv",
        ),
        ({"sets": {"a": PICTURES}}, r"ranking\.sets\.a: `source: predictions` needed, as `models` is not given"),
        ({"models": {"names": ["resnet18"]}}, r"ranking\.sets\.s: images, which `models` are evaluated on needed"),
        ({"sets": {"u": {"source": "union", "of": ["a", "b"]}}}, r"ranking\.sets\.u\.of: unknown 'a'; allowed: none"),
        ({"test": PREDICTIONS}, r"ranking\.calibration: missing; `test` judges"),
        ({"real": PREDICTIONS, "calibration": PREDICTIONS}, r"ranking\.real: give either `real`, or"),
        ({"sets": {"test": PREDICTIONS}}, r"ranking\.sets: 'test' is the name of a real set"),
        (
            {"calibration_models": 1},
            r"calibration_models: a whole number of at least 2 is needed \(given: 1\)",
        ),
        ({"sets": {}}, r"ranking\.classes: it belongs to `sets`"),
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
