"""The part of a snapshot that one manifest declares: for definitions that show just those resources."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot, hashed


def declared_part(snapshot: Snapshot, namespace_id: str, manifest: Manifest) -> Snapshot:
    """The resources of a manifest, the endpoints of its collections, and the partitions that they share."""
    buckets = {spec.bucket_name for spec in manifest.buckets}
    collections = {spec.collection_name for spec in manifest.collections}
    retrievers = {spec.retriever_name for spec in manifest.retrievers}
    part = replace(
        snapshot,
        buckets=tuple(b for b in snapshot.buckets if b.namespace_id == namespace_id and b.name in buckets),
        collections=tuple(
            c for c in snapshot.collections if c.namespace_id == namespace_id and c.name in collections
        ),
        retrievers=tuple(
            r for r in snapshot.retrievers if r.namespace_id == namespace_id and r.name in retrievers
        ),
    )
    shown = {b.bucket_id for b in part.buckets} | {c.collection_id for c in part.collections}
    return hashed(
        replace(
            part,
            endpoints=tuple(e for e in snapshot.endpoints if shown & set(e.collection_ids)),
            components=tuple(c for c in snapshot.components if shown & {*c.bucket_ids, *c.collection_ids}),
        )
    )
