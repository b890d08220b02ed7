"""Lineages to draw."""

from __future__ import annotations

from random import Random

from mixpeek_orchestration.core.lineage.graph import LineageGraph, Node

HOSTILE = '<script>alert("1")</script>\n\x1b[31m\u202e&'


def three_tiers() -> LineageGraph:
    """Two buckets, a diamond, an endpoint that two tiers share and a retriever that reads two tiers."""
    nodes = [
        Node("b1", "bucket", "field-notes", count=1204),
        Node("b2", "bucket", "press-photos", count=1),
        Node("c1", "collection", "passages", 0, "text_extractor v1", count=8412, new=12, stale=0, failures=0),
        Node("c2", "collection", "captions", 0, "captions 2.0.0", count=88, stale=3, failures=2),
        Node("c3", "collection", "keywords", 1, "keywords 1.0.0", count=8400, stale=8400, failures=1),
        Node("c4", "collection", "everything", 1, "text_extractor v1", count=0, problem="invalid_package"),
        Node("c5", "collection", "keyword-vectors", 2, "text_extractor v1", count=8400),
        Node("e1", "endpoint", "text_extractor v1", state="running"),
        Node("r1", "retriever", "find"),
    ]
    edges = [
        ("b1", "c1"),
        ("b2", "c2"),
        ("c1", "c3"),
        ("c1", "c4"),
        ("c2", "c4"),
        ("c3", "c5"),
        ("c1", "e1"),
        ("c5", "e1"),
        ("c5", "r1"),
        ("c2", "r1"),
        ("c2", "gone"),
    ]
    return LineageGraph.of(nodes, edges)


def many(number: int = 200) -> LineageGraph:
    """A graph of this many nodes over five tiers, the same every time."""
    random = Random(7)
    nodes = [Node(f"b{i}", "bucket", f"bucket {i}", count=i) for i in range(10)]
    edges: list[tuple[str, str]] = []
    for i in range(number - 40):
        tier = i // 32
        above = [n.node_id for n in nodes if (n.kind, n.tier) == _above(tier)]
        nodes.append(Node(f"c{i}", "collection", f"collection {i}", tier, "x v1", count=i))
        edges += [(source, f"c{i}") for source in random.sample(above, random.choice([1, 1, 2]))]
    for i in range(30):
        nodes.append(Node(f"r{i}", "retriever", f"retriever {i}"))
        edges += [(f"c{random.randrange(number - 40)}", f"r{i}") for _ in range(2)]
    return LineageGraph.of(nodes, edges)


def _above(tier: int) -> tuple[str, int]:
    return ("collection", tier - 1) if tier else ("bucket", 0)
