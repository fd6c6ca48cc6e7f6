"""What a study will cost, before it is paid: jobs, GPU-hours, core-hours, disk, wall time.

A job's time is estimated from its work (`work.py`, from the networks' sizes in `networks.py`). Where benchmark files of
earlier runs on the same kind of device exist (`measured.py`), each stage's estimate is multiplied by what its finished
jobs measured over what was estimated for them; it then counts as measured. All else is guessed, and marked so
(`estimate.py`). The same work says what the long trainings ask a scheduler for (`requests.py`).
"""
