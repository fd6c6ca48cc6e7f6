"""A fault campaign in short; `python -m tests.cluster.faults --faults 50` is the long one. It takes minutes."""

import os

from tests.cluster.faults import KINDS, Campaign


def test_six_faults_change_no_table_and_repeat_no_finished_job(finished, tmp_path):
    disk = 200_000_000 if os.geteuid() == 0 else None  # only root may mount a small disk
    campaign = Campaign(tmp_path, finished, faults=6, seed=1, disk=disk)
    try:
        campaign.run()
        assert len(campaign.faults) >= 6
        assert {fault.kind for fault in campaign.faults} <= set(KINDS)
        assert campaign.unanswered == []
        assert campaign.compared
        assert campaign.different == []
        assert campaign.made_twice == []
    finally:
        campaign.close()
