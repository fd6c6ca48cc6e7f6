"""What Snakemake plans: for the studies of full size, and after a change. Seconds for each test: slow."""

import shutil

import pytest
import timm
import yaml
from safetensors.torch import save_file

from benchmarks.benchmark_dry_run import ROOT, STUDIES, make_images, make_outputs, planned
from tests.studies import one_split_study
from tests.workflow.runs import planned_jobs, snakemake
from tests.zoo.tiny import CLASSES, save_images

pytestmark = pytest.mark.slow(minutes=1)


@pytest.mark.parametrize("name", STUDIES)
def test_a_full_study_has_fewer_than_3000_jobs_and_none_when_its_files_are_there(name, tmp_path):
    path = ROOT / "studies" / f"{name}.yaml"
    make_images(tmp_path, path)
    study = yaml.safe_load(path.read_text())

    def jobs() -> int:
        return planned(snakemake(tmp_path, study, "--dry-run", "--quiet", "rules").stdout)

    before = jobs()
    assert 10 < before < 3000
    summary = snakemake(tmp_path, study, "--summary").stdout
    outputs = [line.split("\t")[0] for line in summary.splitlines() if "\t" in line][1:]
    assert len(outputs) >= before - 1
    make_outputs([tmp_path / output for output in outputs])
    assert jobs() == 0


def test_a_part_is_drawn_again_where_its_own_setting_changes_and_never_the_training_images(tmp_path):
    """What reads the training images, most of a study's hours, stays as long as their file does."""
    places = {"Train200": {"train": 200, "validation": 60}}
    targets = [f"results/small/splits/draw0/Train200/{part}.parquet" for part in ("train", "subtrain", "test")]
    result = snakemake(tmp_path, one_split_study(), "--cores", "2", *targets)
    assert result.returncode == 0, result.stdout + result.stderr
    assert planned_jobs(tmp_path, one_split_study(), *targets) == {}
    assert planned_jobs(tmp_path, one_split_study(calibration_fraction=0.5), *targets) == {"divide_held_out": 1}
    assert planned_jobs(tmp_path, one_split_study(splits=places), *targets) == {"carve_train": 1}


def test_a_models_evaluation_is_made_again_for_other_weights_alone(tmp_path):
    own = {}
    for name in ("first", "second"):
        path = tmp_path / f"{name}.safetensors"
        save_file(timm.create_model("test_resnet", num_classes=CLASSES).state_dict(), path)
        own[name] = {"model": "test_resnet", "path": str(path)}
    images = {"source": "imagefolder", "root": str(save_images(tmp_path / "images", 1))}
    models = {"checkpoints": {"first": own["first"]}, "models_per_job": 1, "workers": 0}
    ranking = {"classes": CLASSES, "models": models, "sets": {"s": images}}
    study = {"study": "zoo", "seed": 3, "device": "cpu", "ranking": ranking}
    batches = [f"results/zoo/ranking/evaluations/s/block00{number}/evaluations.parquet" for number in range(2)]
    result = snakemake(tmp_path, study, "--cores", "1", batches[0])
    assert result.returncode == 0, result.stdout + result.stderr

    def planned(targets, **changes):
        return planned_jobs(tmp_path, study | {"ranking": ranking | {"models": models | changes}}, *targets)

    assert planned(batches[:1], workers=2) == {}
    assert planned(batches, checkpoints=own) == {"evaluate_models": 1}
    shutil.copyfile(own["second"]["path"], own["first"]["path"])
    assert planned(batches[:1]) == {"evaluate_models": 1}
