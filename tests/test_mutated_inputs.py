"""Inputs as people have them are read right or refused in one line; benchmarks/mutate_inputs.py tries many more."""

import pytest

from benchmarks.input_mutations.all import KINDS_BY_MUTATION, mutated
from benchmarks.input_mutations.cases import CRASH, FALSE, READ, REFUSED, UNCLEAR, WRONG, Reads, Refuses, judge
from understudy.errors import StudyError

pytestmark = pytest.mark.slow(minutes=0.3)  # each kind of mutation once


@pytest.mark.parametrize("name", KINDS_BY_MUTATION)
def test_a_mutated_input_is_read_right_or_refused_in_one_line(name, tmp_path):
    verdict = mutated(name, (0, 0), tmp_path)
    assert verdict.outcome in (READ, REFUSED), verdict.message


def refuse(message):
    raise StudyError(message)


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        (Reads(lambda: {"a": 1}, {"a": 1}), READ),
        (Reads(lambda: {"a": 1}, {"a": 2}), WRONG),
        (Reads(lambda: refuse("no"), 1), FALSE),
        (Reads(lambda: 1 / 0, 1), CRASH),
        (Refuses(lambda: refuse("x: save it as PNG"), "PNG"), REFUSED),
        (Refuses(lambda: refuse("x: no"), "PNG"), UNCLEAR),
        (Refuses(lambda: refuse("x: PNG\nof two lines"), "PNG"), UNCLEAR),
        (Refuses(lambda: 1, "PNG"), WRONG),
        (Refuses(lambda: {}["x"], "x"), CRASH),
    ],
)
def test_faults_are_told_from_right_outcomes(case, outcome, tmp_path):
    assert judge(case, tmp_path).outcome == outcome
