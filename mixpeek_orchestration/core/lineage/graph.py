"""What a picture of a lineage is drawn from: buckets, collections, and what reads them, with their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Kind = Literal["bucket", "collection", "endpoint", "retriever"]
Badge = Literal["new", "stale", "failed"]
UNITS: Final[Mapping[str, str]] = {"bucket": "objects", "collection": "documents"}


@dataclass(frozen=True)
class Node:
    """One resource. `new` are items that were never processed, `stale` those whose documents a run would change,
    `failures` those with an open failure.

    Numbers that were not looked up are `None`. `tier` is that of a collection, `state` what an endpoint says of
    itself, `problem` why something could not be looked up.
    """

    node_id: str
    kind: Kind
    name: str
    tier: int = 0
    detail: str = ""
    state: str = ""
    count: int | None = None
    new: int | None = None
    stale: int | None = None
    failures: int | None = None
    problem: str = ""

    @property
    def counted(self) -> str:
        """`12 documents`, or what state it is in; empty when neither is known."""
        if self.count is None:
            return self.state
        unit = UNITS.get(self.kind, "items")
        return f"{self.count:,} {unit if self.count != 1 else unit.removesuffix('s')}"

    @property
    def badges(self) -> list[tuple[Badge, str]]:
        """What a person should know beside the count, worst last."""
        numbers: tuple[tuple[Badge, int | None], ...] = (
            ("new", self.new),
            ("stale", self.stale),
            ("failed", self.failures),
        )
        found: list[tuple[Badge, str]] = [(kind, f"{number:,} {kind}") for kind, number in numbers if number]
        return [*found, ("failed", self.problem)] if self.problem else found


@dataclass(frozen=True)
class LineageGraph:
    """Resources and what flows from one to another, by id; edges between unknown nodes are left out."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, nodes: Iterable[Node], edges: Iterable[tuple[str, str]]) -> LineageGraph:
        """The graph of these nodes, with each edge once."""
        found = tuple(nodes)
        known = {node.node_id for node in found}
        inside = dict.fromkeys(edge for edge in edges if known.issuperset(edge) and edge[0] != edge[1])
        return cls(found, tuple(inside))

    def around(self, node_id: str) -> LineageGraph:
        """What leads to a node, and what comes of it."""
        upward = [(after, before) for before, after in self.edges]
        wanted = _reached(node_id, upward) | _reached(node_id, self.edges)
        return LineageGraph.of((n for n in self.nodes if n.node_id in wanted), self.edges)

    def sources(self) -> dict[str, list[str]]:
        """The ids that each node reads."""
        found: dict[str, list[str]] = {node.node_id: [] for node in self.nodes}
        for before, after in self.edges:
            found[after].append(before)
        return found

    def readers(self) -> dict[str, list[str]]:
        """The ids that read each node."""
        found: dict[str, list[str]] = {node.node_id: [] for node in self.nodes}
        for before, after in self.edges:
            found[before].append(after)
        return found

    def columns(self) -> list[tuple[str, list[Node]]]:
        """The nodes from left to right under their headings: buckets, a column per tier, and what reads them."""
        tiers = sorted({node.tier for node in self.nodes if node.kind == "collection"})
        found = [("Buckets", [n for n in self.nodes if n.kind == "bucket"])]
        found += [
            (f"Tier {tier}", [n for n in self.nodes if n.kind == "collection" and n.tier == tier])
            for tier in tiers
        ]
        found.append(
            ("Endpoints and retrievers", [n for n in self.nodes if n.kind in ("endpoint", "retriever")])
        )
        return [(heading, nodes) for heading, nodes in found if nodes]

    def as_dict(self) -> dict[str, Any]:
        """Nodes and edges as plain values."""
        return {
            "nodes": [asdict(node) for node in self.nodes],
            "edges": [{"from": before, "to": after} for before, after in self.edges],
        }


def _reached(start: str, edges: Iterable[tuple[str, str]]) -> set[str]:
    following: dict[str, list[str]] = {}
    for before, after in edges:
        following.setdefault(before, []).append(after)
    reached, frontier = {start}, [start]
    while frontier:
        new = [after for after in following.get(frontier.pop(), ()) if after not in reached]
        reached.update(new)
        frontier += new
    return reached
