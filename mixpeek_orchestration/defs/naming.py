"""What things are called in Dagster: keys from the names people gave, everything else from ids."""

from __future__ import annotations

import dagster as dg

from mixpeek_orchestration.core.collection_profile import SHARED
from mixpeek_orchestration.core.identity import digest, folded, resource_slug
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.warehouse.snapshots.snapshot import (
    SnapshotBucket,
    SnapshotCollection,
    SnapshotEndpoint,
    SnapshotRetriever,
)

Resource = SnapshotBucket | SnapshotCollection | SnapshotEndpoint | SnapshotRetriever


def asset_key(resource: Resource) -> dg.AssetKey:
    """The path that people read in the lineage."""
    match resource:
        case SnapshotBucket():
            return dg.AssetKey([resource.namespace, "buckets", resource.name])
        case SnapshotCollection():
            return dg.AssetKey([resource.namespace, "collections", resource.name])
        case SnapshotEndpoint():
            return dg.AssetKey(
                [resource.namespace, "endpoints", resource.extractor_name, resource.extractor_version]
            )
        case SnapshotRetriever():
            return dg.AssetKey([resource.namespace, "retrievers", resource.name])


def identifier(resource: Resource) -> str:
    """The id of a resource; an endpoint of a namespace has one derived from what it serves."""
    match resource:
        case SnapshotBucket():
            return resource.bucket_id
        case SnapshotCollection():
            return resource.collection_id
        case SnapshotRetriever():
            return resource.retriever_id
        case SnapshotEndpoint():
            served = (resource.namespace_id, resource.extractor_name, resource.extractor_version)
            return f"end_{digest('endpoint', *served)[:16]}"


def op_name(resource: Resource) -> str:
    """A name that no other resource's op has, whatever people call things."""
    return resource_slug(identifier(resource))


def pool(resource: Resource) -> str:
    """The pool that keeps two runs from writing the same thing at the same time."""
    return resource_slug(identifier(resource))


def shared_pool(collection: SnapshotCollection) -> str:
    """The pool of what a collection takes from all others while it runs: accelerators, calls of services of others,
    or the cores of this machine.

    Where it needs several it queues for the scarcest.
    """
    kind = next((kind for kind in SHARED if kind in collection.uses), "cpu")
    return f"mixpeek_{kind}"


def group_name(resource: Resource) -> str:
    return resource_slug(resource.namespace_id)


def owners(resource: Resource) -> list[str]:
    """The team of the namespace. Two namespaces whose names fold alike share a team name, which harms nobody."""
    return [f"team:{folded(resource.namespace)}"]


def tags(resource: Resource) -> dict[str, str]:
    """What assets can be found by in the UI."""
    found = {run_tags.NAMESPACE: tag_value(resource.namespace_id)}
    if isinstance(resource, SnapshotEndpoint | SnapshotCollection):
        found["mixpeek/extractor"] = tag_value(f"{resource.extractor_name}_{resource.extractor_version}")
    if not isinstance(resource, SnapshotEndpoint):
        found["mixpeek/managed_by"] = tag_value(resource.managed_by)
    return found


def run_tags_of(resource: Resource) -> dict[str, str]:
    """The tags of a run that materializes a resource."""
    found = {run_tags.NAMESPACE: resource.namespace_id}
    if isinstance(resource, SnapshotCollection):
        found |= run_tags.of_collections({resource.collection_id: resource.name})
    return found


def tag_value(text: str) -> str:
    """The text within what Dagster accepts as a tag's value: 63 characters out of a small alphabet."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "_.-") else "_" for char in text)[
        :63
    ]
