"""What holds for all tests."""

import os

import pytest
from hypothesis import settings

# One thread, as Snakemake gives to most jobs: on a busy machine several threads that wait for each other hardly get on.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same cases in every run, and no limit on a case's time: a busy machine would fail right code.
settings.register_profile("understudy", derandomize=True, deadline=None)
settings.load_profile("understudy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest files first: what is left in the end is small enough to keep all workers busy."""
    items.sort(key=_minutes, reverse=True)


def _minutes(item: pytest.Item) -> float:
    """Return the minutes of a test's file where it is slow."""
    marker = item.get_closest_marker("slow")
    return marker.kwargs.get("minutes", 0.1) if marker else 0.0
