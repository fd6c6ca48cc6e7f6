import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.graphs import _draw, draw_edges, draw_graphs, graph_arguments, is_connected
from understudy.errors import StudyError
from understudy.seeds import numpy_generator


@given(nodes=st.integers(5, 32), half=st.integers(1, 2), probability=st.floats(0, 0.6), seed=st.integers(0, 10**6))
def test_graphs_are_connected_acyclic_and_have_all_edges(nodes, half, probability, seed):
    edges = draw_edges(nodes, 2 * half, probability, seed)
    assert len(set(edges)) == len(edges) == nodes * half
    assert all(0 <= a < b < nodes for a, b in edges)
    assert is_connected(nodes, edges)
    assert edges == draw_edges(nodes, 2 * half, probability, seed)


def test_without_rewiring_the_graph_is_a_ring():
    assert draw_edges(6, 2, 0.0, 1) == [(0, 1), (0, 5), (1, 2), (2, 3), (3, 4), (4, 5)]


def test_connectedness_and_rewiring_are_as_frequent_as_derived():
    # 32 nodes, WS(2, 0.25): 69 % of the draws are connected, a quarter of the ring's edges is rewired.
    generator = numpy_generator(4)
    drawn = [_draw(32, 2, 0.25, generator) for _ in range(600)]
    connected = np.mean([is_connected(32, [tuple(sorted(edge)) for edge in edges]) for edges in drawn])
    assert connected == pytest.approx(0.69, abs=0.06)
    ring = {frozenset((v, (v + 1) % 32)) for v in range(32)}
    # A rewired edge may by chance land on a place of the ring that is free.
    assert np.mean([len(ring - edges) for edges in drawn]) == pytest.approx(8, abs=0.6)


@pytest.mark.parametrize(("nodes", "neighbours"), [(8, 3), (8, 0), (4, 4)])
def test_impossible_graphs_are_refused(nodes, neighbours):
    with pytest.raises(StudyError, match="K must be even"):
        draw_edges(nodes, neighbours, 0.25, 0)


def test_a_table_of_graphs_gives_the_builders_arguments():
    table = draw_graphs(["a", "b"], 7, stages=2, nodes=8)
    more = draw_graphs(["b", "c"], 7, stages=2, nodes=8)
    mine = graph_arguments(table, "b")
    assert mine == graph_arguments(more, "b")
    assert mine != graph_arguments(table, "a")
    settings = ArchitectureSettings(model="rwnn", arguments={"width": 4, "head": 8, **mine})
    assert len(settings.builder_arguments.graphs) == 2
    with pytest.raises(StudyError, match="'z' is not in the study's table"):
        graph_arguments(table, "z")
