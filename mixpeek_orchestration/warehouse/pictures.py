"""Pictures of a namespace: what flows from its buckets to its retrievers, with numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import MixpeekError, NotFound
from mixpeek_orchestration.core.lineage.graph import LineageGraph, Node
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.buckets.buckets import Buckets
from mixpeek_orchestration.warehouse.collections import Collections

WAITING = frozenset({planning.NEW, planning.RETRY})


class Pictures:
    """Gathers what pictures are drawn from."""

    def __init__(
        self, catalog: Catalog, buckets: Buckets, collections: Collections, *, plan: Callable[[str], Plan]
    ) -> None:
        self._catalog = catalog
        self._buckets = buckets
        self._collections = collections
        self._plan = plan

    def lineage(
        self, namespace_id: str, *, around: str | None = None, staleness: bool = True
    ) -> LineageGraph:
        """The lineage of a namespace, or the part of it that leads to and comes of one collection.

        Staleness asks the planner about every collection that is drawn, which reads its table.
        """
        collections = self._collections.all(namespace_id)
        graph = LineageGraph.of(
            self._nodes(namespace_id, collections), self._edges(namespace_id, collections)
        )
        if around is not None:
            graph = graph.around(self._collections.get(namespace_id, around).collection_id)
        by_id = {c.collection_id: c for c in collections}
        return LineageGraph(
            tuple(
                self._counted(node, by_id[node.node_id], staleness=staleness)
                if node.kind == "collection"
                else node
                for node in graph.nodes
            ),
            graph.edges,
        )

    def _nodes(self, namespace_id: str, collections: list[Collection]) -> Iterator[Node]:
        for bucket in self._buckets.all(namespace_id):
            count = self._buckets.counts(bucket).objects
            yield Node(bucket.bucket_id, "bucket", bucket.name, count=count)
        tiers = tier_of(collections)
        for collection in sorted(collections, key=lambda c: (tiers[c.collection_id], c.created_at)):
            identifier = collection.collection_id
            yield Node(identifier, "collection", collection.name, tiers[identifier], _extractor(collection))
        yield from _once(filter(None, map(self._endpoint, collections)))
        for retriever in self._catalog.resources.retrievers(namespace_id):
            yield Node(retriever.retriever_id, "retriever", retriever.name)

    def _edges(self, namespace_id: str, collections: list[Collection]) -> Iterator[tuple[str, str]]:
        for collection in collections:
            for source in collection.source.ids:
                yield source, collection.collection_id
            yield collection.collection_id, _endpoint_id(collection)
        for retriever in self._catalog.resources.retrievers(namespace_id):
            for collection_id in retriever.collection_ids:
                yield collection_id, retriever.retriever_id

    def _endpoint(self, collection: Collection) -> Node | None:
        """What encodes queries for a collection, when its extractor answers queries."""
        extractor = collection.extractor
        found = self._catalog.deployments.get(
            extractor.name, extractor.version, namespace_id=collection.namespace_id
        )
        if found is None and not self._answers_queries(collection):
            return None
        state = found.status.lower() if found else "not deployed"
        return Node(_endpoint_id(collection), "endpoint", _extractor(collection), state=state)

    def _answers_queries(self, collection: Collection) -> bool:
        try:
            return self._collections.description(collection).has_realtime
        except MixpeekError:
            return False  # what is wrong with the package is told at the collection, whose plan fails alike

    def _counted(self, node: Node, collection: Collection, *, staleness: bool) -> Node:
        counted = replace(
            node,
            count=self._collections.count(collection),
            failures=self._catalog.ledger.open_failure_count(collection.collection_id),
        )
        if not staleness:
            return counted
        try:
            plan = self._plan(collection.collection_id)
        except NotFound:
            return replace(counted, problem="no source")
        except MixpeekError as error:
            return replace(counted, problem=error.code)
        new, stale = new_and_stale(plan)
        return replace(counted, new=new, stale=stale)


def new_and_stale(plan: Plan) -> tuple[int, int]:
    """How many items were never processed to the end, and how many have documents that a run would change."""
    changing = sum(plan.count(action) for action in (planning.EXTRACT, planning.PATCH, planning.DELETE))
    return plan.count_reason(planning.NEW), changing - sum(map(plan.count_reason, WAITING))


def _extractor(collection: Collection) -> str:
    return f"{collection.extractor.name} {collection.extractor.version}"


def _endpoint_id(collection: Collection) -> str:
    return f"endpoint:{collection.extractor.id}"


def _once(nodes: Iterable[Node]) -> Iterator[Node]:
    yield from {node.node_id: node for node in nodes}.values()
