"""Inputs as people have them are read right or refused in one line; benchmarks/mutate_inputs.py tries many more."""

import pytest

from benchmarks.input_mutations.all import KINDS_BY_MUTATION, mutated
from benchmarks.input_mutations.cases import READ, REFUSED


@pytest.mark.parametrize("name", KINDS_BY_MUTATION)
def test_a_mutated_input_is_read_right_or_refused_in_one_line(name, tmp_path):
    verdict = mutated(name, (0, 0), tmp_path)
    assert verdict.outcome in (READ, REFUSED), verdict.told
