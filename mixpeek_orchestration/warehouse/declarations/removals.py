"""What was declared once and is not any more: found, judged, removed in an order in which nothing reads what goes."""

from __future__ import annotations

from collections.abc import Iterable

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.buckets.buckets import Buckets
from mixpeek_orchestration.warehouse.buckets.objects import Objects
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.declarations.changes import Action, Change, Order
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.retrievers import Retrievers

_AT_ONCE = 1000


class Removals:
    """Finds and removes what its owner does not declare any more."""

    def __init__(
        self, buckets: Buckets, collections: Collections, retrievers: Retrievers, objects: Objects
    ) -> None:
        self._buckets = buckets
        self._collections = collections
        self._retrievers = retrievers
        self._objects = objects

    def changes(self, namespace_id: str, manifest: Manifest, order: Order) -> list[Change]:
        """One change for each resource of `order.owner` that the manifest does not name: readers before what they read."""
        remaining = _Remaining(
            manifest,
            order,
            self._collections.all(namespace_id),
            self._retrievers.all(namespace_id),
        )
        action: Action = "remove" if order.prune else "gone"
        found = [
            Change("retriever", r.name, action, managed_by=r.managed_by) for r in remaining.gone_retrievers
        ]
        found += [
            Change(
                "collection",
                c.name,
                action,
                managed_by=c.managed_by,
                held=self._collections.count(c),
                read_by=remaining.readers(c),
            )
            for c in remaining.gone_collections
        ]
        found += [
            Change(
                "bucket",
                b.name,
                action,
                managed_by=b.managed_by,
                held=self._buckets.counts(b).objects,
                read_by=remaining.readers(b),
            )
            for b in remaining.gone_buckets(self._buckets.all(namespace_id))
        ]
        return found

    def act(self, namespace_id: str, change: Change) -> None:
        """Remove the resource of a change, with what it holds; one that is only reported stays."""
        owner = change.managed_by
        if change.action != "remove" or owner is None:
            return
        match change.kind:
            case "retriever":
                self._retrievers.delete(namespace_id, change.name, managed_by=owner)
            case "collection":
                self._collections.delete(namespace_id, change.name, managed_by=owner)
            case "bucket":
                self._empty(self._buckets.get(namespace_id, change.name))
                self._buckets.delete(namespace_id, change.name, managed_by=owner)

    def _empty(self, bucket: Bucket) -> None:
        ids = self._objects.ids(bucket)
        for start in range(0, len(ids), _AT_ONCE):
            self._objects.delete_many(bucket, ids[start : start + _AT_ONCE])


class _Remaining:
    """What exists after a manifest was applied, as far as it matters for what goes."""

    def __init__(
        self,
        manifest: Manifest,
        order: Order,
        collections: Iterable[Collection],
        retrievers: Iterable[Retriever],
    ) -> None:
        self._manifest = manifest
        self._owner = order.owner
        self._collections = list(collections)
        self._retrievers = list(retrievers)
        self._declared = {
            "bucket": {spec.bucket_name for spec in manifest.buckets},
            "collection": {spec.collection_name for spec in manifest.collections},
            "retriever": {spec.retriever_name for spec in manifest.retrievers},
        }

    @property
    def gone_retrievers(self) -> list[Retriever]:
        return [r for r in self._retrievers if self._is_gone("retriever", r)]

    @property
    def gone_collections(self) -> list[Collection]:
        """The last tier first."""
        tiers = tier_of(self._collections)
        gone = [c for c in self._collections if self._is_gone("collection", c)]
        return sorted(gone, key=lambda c: -tiers[c.collection_id])

    def gone_buckets(self, buckets: Iterable[Bucket]) -> list[Bucket]:
        return [b for b in buckets if self._is_gone("bucket", b)]

    def readers(self, resource: Bucket | Collection) -> tuple[str, ...]:
        """The names of what will still read a bucket or a collection: as declared now, else as it is."""
        kind, identifier = (
            ("bucket", resource.bucket_id)
            if isinstance(resource, Bucket)
            else ("collection", resource.collection_id)
        )
        called = {resource.name, identifier}
        readers = {
            spec.collection_name
            for spec in self._manifest.collections
            if spec.source.type == kind and called & set(spec.source.identifiers)
        }
        readers |= {
            c.name for c in self._collections if self._stays("collection", c) and identifier in c.source.ids
        }
        if kind == "collection":
            readers |= {
                spec.retriever_name for spec in self._manifest.retrievers if called & set(spec.identifiers)
            }
            readers |= {
                r.name
                for r in self._retrievers
                if self._stays("retriever", r) and identifier in r.collection_ids
            }
        return tuple(sorted(readers))

    def _stays(self, kind: str, resource: Collection | Retriever) -> bool:
        """Whether it is another owner's that the manifest does not name, and so stays as it is."""
        return resource.name not in self._declared[kind] and not self._is_gone(kind, resource)

    def _is_gone(self, kind: str, resource: Bucket | Collection | Retriever) -> bool:
        return resource.managed_by == self._owner and resource.name not in self._declared[kind]
