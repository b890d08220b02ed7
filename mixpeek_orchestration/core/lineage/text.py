"""A lineage as lines of text: a tree from the buckets down. What is read twice is drawn once and named again."""

from __future__ import annotations

from mixpeek_orchestration.core.display import shown
from mixpeek_orchestration.core.lineage.graph import LineageGraph, Node


def lineage_text(graph: LineageGraph) -> list[str]:
    """The lines of a graph, every node on one line with its numbers."""
    return _Tree(graph).lines()


class _Tree:
    def __init__(self, graph: LineageGraph) -> None:
        self._graph = graph
        self._node = {node.node_id: node for node in graph.nodes}
        self._readers = graph.readers()
        self._sources = graph.sources()
        self._drawn: set[str] = set()
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        for node in self._graph.nodes:
            if not self._sources[node.node_id]:
                self._draw(node, first="", rest="")
        return self._lines

    def _draw(self, node: Node, *, first: str, rest: str) -> None:
        if node.node_id in self._drawn:
            self._lines.append(f"{first}{shown(node.name)} (above)")
            return
        self._drawn.add(node.node_id)
        self._lines.append(f"{first}{self._told(node, under_one=bool(first))}")
        below = [self._node[reader] for reader in self._readers[node.node_id]]
        for number, reader in enumerate(below, start=1):
            last = number == len(below)
            self._draw(
                reader,
                first=f"{rest}{'└─ ' if last else '├─ '}",
                rest=f"{rest}{'   ' if last else '│  '}",
            )

    def _told(self, node: Node, *, under_one: bool) -> str:
        kind = f"tier {node.tier}" if node.kind == "collection" else node.kind
        badges = [shown(text) for _, text in node.badges]
        sources = self._sources[node.node_id]
        also = (
            [f"reads {', '.join(shown(self._node[s].name) for s in sources)}"]
            if under_one and len(sources) > 1
            else []
        )
        parts = [kind, shown(node.detail), node.counted, *badges, *also]
        return f"{shown(node.name)}  {' · '.join(part for part in parts if part)}"
