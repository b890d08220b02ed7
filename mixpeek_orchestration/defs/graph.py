"""What hangs on what in a snapshot."""

from graphlib import CycleError, TopologicalSorter

import dagster as dg

from mixpeek_orchestration.core.errors import Cycle, NotFound
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.warehouse.snapshots.snapshot import (
    Snapshot,
    SnapshotCollection,
    SnapshotEndpoint,
    SnapshotRetriever,
)


class Graph:
    """The resources of a snapshot by id, with their neighbours and their shared partitions."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._sources: dict[str, naming.Resource] = {
            **{b.bucket_id: b for b in snapshot.buckets},
            **{c.collection_id: c for c in snapshot.collections},
        }
        self._component = {
            member: component.name
            for component in snapshot.components
            for member in (*component.bucket_ids, *component.collection_ids)
        }
        self._on_a_circle = _on_a_circle(snapshot)

    def partitions(self, resource_id: str) -> dg.DynamicPartitionsDefinition:
        """The definition that a bucket or collection shares with all it is connected to."""
        name = self._component.get(resource_id)
        if name is None:
            raise NotFound(
                f"{resource_id} hangs on no bucket that exists.",
                field="source",
                value=resource_id,
                fix="Let it read a bucket, or delete it.",
            )
        return dg.DynamicPartitionsDefinition(name=name)

    def sources(self, collection: SnapshotCollection) -> list[naming.Resource]:
        """What the collection reads, as far as it exists; raises `Cycle` when it reads itself, directly or not."""
        if collection.collection_id in self._on_a_circle:
            raise Cycle(f"{collection.name} reads from itself.", field="source", value=collection.name)
        return [self._sources[i] for i in collection.source_ids if i in self._sources]

    def read_by(self, reader: SnapshotEndpoint | SnapshotRetriever) -> list[naming.Resource]:
        """The collections behind an endpoint or a retriever, as far as they exist."""
        return [self._sources[i] for i in reader.collection_ids if i in self._sources]


def _on_a_circle(snapshot: Snapshot) -> set[str]:
    """The ids of collections that read themselves; the catalog refuses them, but a file can hold anything."""
    edges = {c.collection_id: set(c.source_ids) for c in snapshot.collections}
    circular: set[str] = set()
    while True:
        try:
            tuple(TopologicalSorter(edges).static_order())
        except CycleError as error:
            circular |= set(error.args[1])
            edges = {node: sources for node, sources in edges.items() if node not in circular}
        else:
            return circular
