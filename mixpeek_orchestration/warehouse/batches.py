"""Batches: selections of objects, submitted to be processed through all tiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mixpeek_orchestration.core.batch import Batch, DedupStrategy
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, NotFound
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.tiers import downstream_of_bucket
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.specs import BatchSpec

_UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS"})


def _anything(_: Batch) -> None:
    return None


class Batches:
    """The batches of all buckets."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        admit: Callable[[Batch], None] = _anything,
        call_off: Callable[[Batch], None] = _anything,
    ) -> None:
        """`admit` raises for a batch that may not be submitted; `call_off` undoes it for one that is canceled."""
        self._catalog = catalog
        self._admit = admit
        self._call_off = call_off

    def create(self, bucket: Bucket, spec: BatchSpec) -> Batch:
        """A draft batch of existing objects (all of the bucket's without `object_ids`), submitted when asked to.

        Raises `InvalidInput` naming the first object or collection that is not there, or when nothing reads the
        bucket.
        """
        object_ids = self._checked_objects(bucket, spec.object_ids)[: spec.limit]
        if not object_ids:
            raise InvalidInput(
                f"Bucket {bucket.name!r} has no objects.", field="object_ids", fix="Add objects first."
            )
        batch = self.draft(
            bucket,
            object_ids,
            collection_ids=self._checked_collections(bucket, spec.collection_ids),
            name=spec.batch_name,
            dedup_strategy=spec.dedup_strategy,
            metadata=spec.metadata,
        )
        return self.submit(bucket, batch.batch_id) if spec.auto_submit else batch

    def draft(
        self,
        bucket: Bucket,
        object_ids: Sequence[str],
        *,
        collection_ids: Sequence[str],
        name: str | None = None,
        dedup_strategy: DedupStrategy = "skip",
        metadata: Mapping[str, Any] | None = None,
    ) -> Batch:
        """A stored draft of these objects and collections, unchecked."""
        unique = list(dict.fromkeys(object_ids))
        batch = Batch(
            batch_id=random_id("btch"),
            namespace_id=bucket.namespace_id,
            bucket_id=bucket.bucket_id,
            object_count=len(unique),
            collection_ids=tuple(collection_ids),
            name=name,
            dedup_strategy=dedup_strategy,
            metadata=metadata or {},
            created_at=now(),
        )
        return self._catalog.batches.create(batch, unique)

    def removal(self, bucket: Bucket, object_ids: Sequence[str]) -> Batch | None:
        """The draft that removes the documents of objects, once they are deleted; `None` when nothing reads the bucket."""
        everything = self._catalog.resources.collections(bucket.namespace_id)
        below = downstream_of_bucket(bucket.bucket_id, everything, disabled_too=True)
        if not below:
            return None
        return self.draft(bucket, object_ids, collection_ids=below, name="deleted objects")

    def add_objects(self, bucket: Bucket, batch_id: str, object_ids: Sequence[str]) -> Batch:
        """The draft with more objects; raises `NotFound` for one that is not there, `Conflict` after a submit."""
        batch = self.get(bucket, batch_id)
        return self._catalog.batches.add(batch.batch_id, self._checked_objects(bucket, object_ids))

    def submit(self, bucket: Bucket, batch_id: str, collection_ids: Sequence[str] | None = None) -> Batch:
        """The batch, pending. Raises `Conflict` while it runs, when `collection_ids` are not its own, and `OverBudget`
        when it would cost too much."""
        batch = self.get(bucket, batch_id)
        given = self._checked_collections(bucket, collection_ids) if collection_ids else batch.collection_ids
        if set(given) != set(batch.collection_ids):
            raise Conflict(
                "The batch was created for other collections.",
                field="collection_ids",
                value=list(collection_ids or ()),
                fix=f"Leave collection_ids out, or send {list(batch.collection_ids)}.",
            )
        if batch.status not in _UNDER_WAY:
            self._admit(batch)
        return self._catalog.batches.submit(batch_id)

    def get(self, bucket: Bucket, batch_id: str) -> Batch:
        """Raises `NotFound` also for a batch of another bucket."""
        batch = self._catalog.batches.get(batch_id)
        if batch is None or batch.bucket_id != bucket.bucket_id:
            raise NotFound(
                f"Bucket {bucket.name!r} has no batch {batch_id!r}.", field="batch_id", value=batch_id
            )
        return batch

    def recent(self, bucket: Bucket, *, limit: int = 100) -> list[Batch]:
        return self._catalog.batches.recent(bucket_id=bucket.bucket_id, limit=limit)

    def object_ids(self, batch: Batch) -> list[str]:
        return self._catalog.batches.object_ids([batch.batch_id])[batch.batch_id]

    def in_namespace(self, namespace_id: str, batch_id: str) -> Batch:
        """A batch of any bucket of a namespace; raises `NotFound`."""
        batch = self._catalog.batches.get(batch_id)
        if batch is None or batch.namespace_id != namespace_id:
            raise NotFound(f"There is no batch {batch_id!r}.", field="batch_id", value=batch_id)
        return batch

    def cancel(self, bucket: Bucket, batch_id: str, *, reason: str | None = None) -> Batch:
        """The batch, canceled unless it had ended. A run that works on it stops; what was committed stays."""
        batch = self.get(bucket, batch_id)
        canceled = self._catalog.batches.cancel(batch_id, reason=reason)
        self._call_off(batch)
        return canceled

    def collections_below(self, bucket: Bucket) -> list[str]:
        """Ids of all enabled collections that read the bucket, directly or not, by tier."""
        return downstream_of_bucket(
            bucket.bucket_id, self._catalog.resources.collections(bucket.namespace_id)
        )

    def _checked_objects(self, bucket: Bucket, object_ids: Sequence[str] | None) -> list[str]:
        if object_ids is None:
            return self._catalog.objects.ids(bucket.bucket_id)
        if not object_ids:
            raise InvalidInput(
                "The batch names no objects.", field="object_ids", value=[], fix="Name at least one."
            )
        live = self._catalog.objects.get_many(object_ids)
        for object_id in object_ids:
            if object_id not in live or live[object_id].bucket_id != bucket.bucket_id:
                raise NotFound(
                    f"Bucket {bucket.name!r} has no object {object_id!r}.",
                    field="object_ids",
                    value=object_id,
                )
        return list(object_ids)

    def _checked_collections(self, bucket: Bucket, identifiers: Sequence[str] | None) -> list[str]:
        below = self.collections_below(bucket)
        if identifiers is None:
            if not below:
                raise InvalidInput(
                    f"No collection reads bucket {bucket.name!r}.",
                    field="collection_ids",
                    fix="Create one first.",
                )
            return below
        wanted = {self._collection_id(bucket, identifier) for identifier in identifiers}
        foreign = wanted - set(below)
        if foreign:
            raise InvalidInput(
                f"These collections do not read bucket {bucket.name!r}.",
                field="collection_ids",
                value=sorted(foreign),
                fix=f"Those that do: {below}.",
            )
        return [collection_id for collection_id in below if collection_id in wanted]

    def _collection_id(self, bucket: Bucket, identifier: str) -> str:
        found = self._catalog.resources.collection(bucket.namespace_id, identifier)
        if found is None:
            raise NotFound(
                f"There is no collection {identifier!r}.", field="collection_ids", value=identifier
            )
        return found.collection_id
