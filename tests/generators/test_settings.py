import subprocess
import sys

import pytest
from pydantic import ValidationError

from understudy.config import StudyGenerator
from understudy.generators.configuration import OVERRIDES, GeneratorSettings
from understudy.generators.methods import METHODS, load_settings
from understudy.generators.presets import CIFAR_STYLEGAN2, PRESETS
from understudy.generators.settings import TrainingSettings, evenly_spaced


def test_a_preset_is_the_reference_and_own_values_replace_it():
    assert GeneratorSettings(method="stylegan2", preset="cifar").resolve() == CIFAR_STYLEGAN2
    resolved = StudyGenerator(method="stylegan2", preset="cifar", kimg=5, r1_gamma=0.0, splits=["A"]).resolve()
    assert resolved == CIFAR_STYLEGAN2.model_copy(update={"kimg": 5, "r1_gamma": 0.0})
    per_class = GeneratorSettings(method="wgan_gp", per_class=True, batch=32).resolve()
    assert (per_class.per_class, per_class.generator_channels, per_class.batch) == (True, 16, 32)


def test_presets_keep_to_their_own_rules_and_can_be_read_back():
    for preset, method in PRESETS:
        for per_class in (False, True):
            resolved = GeneratorSettings(method=method, preset=preset, per_class=per_class).resolve()
            assert load_settings(resolved.model_dump(mode="json")) == resolved
    # A digit that is mirrored or turned is another digit, or none.
    digits = PRESETS["digits", "stylegan2"]
    assert not {"flip", "rotate90", "rotate"} & set(digits.augmentations) and not digits.mirror
    assert CIFAR_STYLEGAN2.lazy_generator and not CIFAR_STYLEGAN2.path_length_weight and not digits.lazy_generator


def test_a_configuration_has_every_key_of_every_method_with_its_range_and_description():
    keys = {key for method in METHODS.values() for key in method.settings.model_fields}
    assert keys == set(GeneratorSettings.model_fields) - {"preset"} == set(OVERRIDES) | {"method", "per_class"}
    properties = GeneratorSettings.model_json_schema()["properties"]
    assert all(properties[key].get("description") for key in properties)
    assert properties["r1_gamma"]["anyOf"][0] == {"minimum": 0, "type": "number"}
    assert properties["r1_gamma"]["description"].startswith("stylegan2: weight")
    assert properties["kimg"]["description"] == TrainingSettings.model_fields["kimg"].description


def test_steps_and_snapshots_follow_from_the_images_shown():
    wgan = PRESETS["digits", "wgan_gp"]
    assert (wgan.images_per_step, wgan.steps) == (32, 1250)
    assert wgan.snapshot_steps[-1] == 1250 and len(wgan.snapshot_steps) == 8
    assert PRESETS["digits", "stylegan2"].images_per_step == 32
    assert evenly_spaced(7, 3) == [2, 5, 7] and evenly_spaced(2, 5) == [1, 2]


def test_the_average_forgets_half_in_a_half_life_which_is_a_fraction_of_the_images_seen():
    steps = CIFAR_STYLEGAN2.model_copy(update={"batch": 100, "ema_kimg": 1.0, "ema_rampup": 0.05})
    assert steps.average_decay(10**6) ** 10 == pytest.approx(0.5)
    assert steps.average_decay(4000) == pytest.approx(0.5 ** (100 / 200))
    assert steps.average_decay(0) == 0  # nothing was seen before: the start is forgotten at once
    assert steps.model_copy(update={"ema_rampup": 0}).average_decay(0) ** 10 == pytest.approx(0.5)
    assert steps.model_copy(update={"ema_kimg": 0}).average_decay(10**6) == 0


def test_passes_of_a_method():
    assert METHODS["stylegan2"].passes(CIFAR_STYLEGAN2) == (4.0, 9.0)
    assert METHODS["wgan_gp"].passes(PRESETS["cifar", "wgan_gp"]) == pytest.approx((1 + 6 / 5, 11 + 6 / 5))


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
    code = "import sys, understudy.generators.configuration; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
