import subprocess
import sys

import pytest
from pydantic import ValidationError

from understudy.config import StudyGenerator
from understudy.generators.settings import CIFAR_STYLEGAN2, PRESETS, GeneratorSettings


def test_a_preset_is_the_reference_and_own_values_replace_it():
    assert GeneratorSettings(method="stylegan2", preset="cifar").resolve() == CIFAR_STYLEGAN2
    resolved = GeneratorSettings(method="stylegan2", preset="cifar", kimg=5, r1_gamma=0.0).resolve()
    assert resolved == CIFAR_STYLEGAN2.model_copy(update={"kimg": 5, "r1_gamma": 0.0})


@pytest.mark.parametrize("per_class", [False, True])
@pytest.mark.parametrize(("preset", "method"), list(PRESETS))
def test_presets_keep_to_their_own_rules(preset, method, per_class):
    resolved = GeneratorSettings(method=method, preset=preset, per_class=per_class).resolve()
    assert type(resolved)(**resolved.model_dump()) == resolved
    # A digit that is mirrored or turned is another digit, or none.
    if preset == "digits" and method == "stylegan2":
        assert not {"flip", "rotate90", "rotate"} & set(resolved.augmentations) and not resolved.mirror


def test_a_study_without_the_later_key_has_the_parameters_of_before():
    assert "precision" not in StudyGenerator(method="stylegan2").training_settings()
    given = StudyGenerator(method="stylegan2", precision="bfloat16")
    assert given.training_settings()["precision"] == "bfloat16"
    assert given.resolve().precision == "bfloat16"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "biggan"}, "stylegan2"),
        ({"method": "stylegan2", "fmaps": 1}, "fmaps"),
        ({"method": "stylegan2", "kimg": 0}, "kimg"),
        ({"method": "stylegan2", "learning_rate": 3}, "learning_rate"),
        ({"method": "stylegan2", "ada_target": 1.5}, "ada_target"),
        ({"method": "stylegan2", "augmentations": ["cutout"]}, "augmentations"),
        ({"method": "stylegan2", "precision": "float16"}, "precision"),
        ({"method": "stylegan2", "critic_steps": 3}, "critic_steps: not a setting of stylegan2"),
        ({"method": "wgan_gp", "r1_gamma": 1}, "r1_gamma: not a setting of wgan_gp"),
        ({"method": "stylegan2", "batch": 10, "minibatch_std_group": 4}, "must divide batch"),
    ],
)
def test_mistakes_name_the_key(given, message):
    with pytest.raises(ValidationError, match=message):
        GeneratorSettings(**given)


def test_checking_settings_loads_no_torch():
    code = "import sys, understudy.generators.settings; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
