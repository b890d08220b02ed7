"""Where nodes are put: in their column, apart from each other, with few crossings, always the same."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core.lineage.layers import Layout, arrange

SIZE, BETWEEN = 10.0, 2.0


def laid_out(columns: list[list[str]], edges: list[tuple[str, str]]) -> Layout:
    sizes = dict.fromkeys(itertools.chain(*columns), SIZE)
    return arrange(columns, edges, sizes=sizes, waypoint_size=BETWEEN)


def ordered(layout: Layout, column: list[str]) -> list[str]:
    return sorted(column, key=lambda node: layout.height_of[node])


def test_two_crossed_edges_are_uncrossed() -> None:
    """The order of a column follows what it is connected to."""
    layout = laid_out([["a", "b"], ["x", "y"]], [("a", "y"), ("b", "x")])
    upper, lower = ordered(layout, ["a", "b"])
    partner = {"a": "y", "b": "x"}
    assert ordered(layout, ["x", "y"]) == [partner[upper], partner[lower]]


def test_a_chain_is_a_straight_line() -> None:
    """Nodes of a chain are level, also where it passes a column in between."""
    layout = laid_out([["a"], ["b"], ["c"]], [("a", "b"), ("b", "c")])
    assert len({round(height, 3) for height in layout.height_of.values()}) == 1


def test_an_edge_passes_columns_beside_their_nodes() -> None:
    """An edge over a column has a height of its own there, which no node covers."""
    layout = laid_out([["a"], ["b"], ["c"]], [("a", "b"), ("b", "c"), ("a", "c")])
    (passing,) = layout.passes["a", "c"]
    assert abs(passing - layout.height_of["b"]) >= (SIZE + BETWEEN) / 2 - 1e-6


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[list[str]], list[tuple[str, str]]]:
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    columns = [[f"{c}.{n}" for n in range(size)] for c, size in enumerate(sizes)]
    pairs = [
        (a, b)
        for i, j in itertools.combinations(range(len(columns)), 2)
        for a in columns[i]
        for b in columns[j]
    ]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    return columns, edges


@given(graphs())
def test_nothing_overlaps_and_everything_is_inside(
    graph: tuple[list[list[str]], list[tuple[str, str]]],
) -> None:
    """In any graph the nodes of a column are apart, all lies between the edges of the picture, and twice is equal."""
    columns, edges = graph
    layout = laid_out(columns, edges)
    for column in columns:
        heights = sorted(layout.height_of[node] for node in column)
        assert all(below - above >= SIZE - 1e-6 for above, below in itertools.pairwise(heights))
        assert heights[0] >= SIZE / 2 - 1e-6
        assert heights[-1] <= layout.total - SIZE / 2 + 1e-6
    assert laid_out(columns, edges) == layout
