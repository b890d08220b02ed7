"""The graph of collections: tiers, cycles, and the components that share partitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import Cycle


def tier_of(collections: Iterable[Collection]) -> dict[str, int]:
    """The tier of each collection id: 0 reads buckets, n reads at least one collection of tier n - 1.

    Raises `Cycle` naming the collections on it.
    """
    by_id = {collection.collection_id: collection for collection in collections}
    graph = {
        cid: [s for s in c.source.ids if c.source.type == "collection" and s in by_id]
        for cid, c in by_id.items()
    }
    tiers: dict[str, int] = {}
    try:
        for cid in TopologicalSorter(graph).static_order():
            tiers[cid] = max((tiers[source] + 1 for source in graph[cid]), default=0)
    except CycleError as error:
        names = " → ".join(by_id[cid].name for cid in error.args[1])
        raise Cycle(
            f"These collections would read from each other: {names}.",
            field="source",
            value=names,
            fix="Let one of them read a bucket or a collection outside the circle.",
        ) from error
    return tiers


def root_buckets(collection_id: str, collections: Mapping[str, Collection]) -> set[str]:
    """The ids of the buckets that a collection reads, directly or through other collections."""
    source = collections[collection_id].source
    if source.type == "bucket":
        return set(source.ids)
    return set().union(
        *(root_buckets(upstream, collections) for upstream in source.ids if upstream in collections)
    )


def downstream_of_bucket(
    bucket_id: str, collections: Iterable[Collection], *, disabled_too: bool = False
) -> list[str]:
    """The ids of all enabled collections (of all, for removals) below a bucket, ordered by tier, then by age."""
    by_id = {c.collection_id: c for c in collections if c.enabled or disabled_too}
    tiers = tier_of(by_id.values())
    reached = [cid for cid in by_id if bucket_id in root_buckets(cid, by_id)]
    return sorted(reached, key=lambda cid: (tiers[cid], by_id[cid].created_at, cid))


def components(bucket_ids: Iterable[str], collections: Iterable[Collection]) -> list[set[str]]:
    """Buckets and collections that are connected, as sets of ids; a bucket nobody reads is one of its own."""
    neighbours: dict[str, set[str]] = {bucket_id: set() for bucket_id in bucket_ids}
    for collection in collections:
        neighbours.setdefault(collection.collection_id, set())
        for source in collection.source.ids:
            neighbours[collection.collection_id].add(source)
            neighbours.setdefault(source, set()).add(collection.collection_id)
    found: list[set[str]] = []
    unseen = set(neighbours)
    while unseen:
        frontier, component = [unseen.pop()], set[str]()
        while frontier:
            node = frontier.pop()
            component.add(node)
            frontier += neighbours[node] - component
        unseen -= component
        found.append(component)
    return found
