"""What Snakemake plans for the studies of full size. Ten seconds and more for each dry run: slow."""

import pytest

from tests.benchmarks.benchmark_dry_run import ROOT, STUDIES, dry_run, finish, make_images

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", STUDIES)
def test_a_full_study_has_fewer_than_3000_jobs_and_none_when_its_files_are_there(name, tmp_path):
    study = ROOT / "studies" / f"{name}.yaml"
    make_images(tmp_path, study)
    jobs, _ = dry_run(tmp_path, study)
    assert 10 < jobs < 3000
    assert finish(tmp_path, study) >= jobs - 1
    assert dry_run(tmp_path, study)[0] == 0
