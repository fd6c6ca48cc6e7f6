"""A fault campaign in short; `python -m tests.workflow.faults --faults 50` is the long one. Two minutes: slow."""

import os

import pytest

from tests.workflow.faults import KINDS, Campaign, different_tables

pytestmark = pytest.mark.slow


def test_six_faults_change_no_table_and_repeat_no_finished_job(finished, tmp_path):
    campaign = Campaign(tmp_path, faults=6, seed=1, disk=200_000_000 if os.geteuid() == 0 else None)
    try:
        campaign.run()
        assert len(campaign.faults) == 6
        assert {fault.kind for fault in campaign.faults} <= set(KINDS)
        assert all("LIVES ON" not in fault.followed for fault in campaign.faults)
        assert different_tables(finished, tmp_path) == []
        assert campaign.made_twice == []
    finally:
        campaign.close()
