"""What holds for all tests."""

import os

from hypothesis import settings

# One thread, as Snakemake gives to most jobs: on a busy machine several threads that wait for each other hardly get on.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same cases in every run, and no limit on a case's time: a busy machine would fail right code.
settings.register_profile("understudy", derandomize=True, deadline=None)
settings.load_profile("understudy")
