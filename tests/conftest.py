"""What holds for all tests."""

from hypothesis import settings

# The same cases in every run, and no limit on a case's time: a busy machine would fail right code.
settings.register_profile("understudy", derandomize=True, deadline=None)
settings.load_profile("understudy")
