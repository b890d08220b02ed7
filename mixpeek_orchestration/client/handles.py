"""One bucket, one collection: what can be done with them from a notebook or a script."""

from __future__ import annotations

from collections.abc import Sequence

from mixpeek_orchestration.client.documents import Documents
from mixpeek_orchestration.client.frames import Frame, record_batches
from mixpeek_orchestration.client.objects import put_batches
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.warehouse.buckets.folders import Ingested
from mixpeek_orchestration.warehouse.specs import BatchSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse


class BucketHandle:
    """A bucket that takes frames: a row becomes an object."""

    def __init__(self, warehouse: Warehouse, bucket: Bucket) -> None:
        self._warehouse = warehouse
        self.bucket = bucket

    def ingest(self, frame: Frame, *, key: str | None = None) -> Ingested:
        """A row of the frame is an object of the bucket; one that is refused is named and costs only itself.

        Columns that the bucket declares as blobs hold content (text, or bytes), all others are metadata; a null is
        left out. `key` names the column that names the object from outside, so that the same row again is the same
        object; without it the bucket's unique key does, and where there is none every row is a new object. Large
        frames go through in pieces. Raises `InvalidInput` for a frame without the key, or without any blob of the
        bucket.
        """
        return put_batches(self._warehouse.objects, self.bucket, record_batches(frame), key=key)

    def submit(self, object_ids: Sequence[str] | None = None) -> Batch:
        """A submitted batch of these objects, of all without them: a running stack takes it through all tiers."""
        chosen = None if object_ids is None else list(object_ids)
        return self._warehouse.batches.create(self.bucket, BatchSpec(object_ids=chosen, auto_submit=True))


class CollectionHandle:
    """A collection whose documents can be read as frames."""

    def __init__(self, warehouse: Warehouse, collection: Collection) -> None:
        self._warehouse = warehouse
        self.collection = collection

    def documents(self, *, version: int | None = None) -> Documents:
        """The documents as they are now, or at a table version that an earlier call has given.

        Nothing is read yet, and whatever is written later is not seen. Raises `NotFound` for a version that is gone.
        """
        generation = self._warehouse.collections.generation(self.collection)
        store = self._warehouse.documents
        pinned = store.version(generation.table) if version is None else version
        return Documents(
            store.dataset(generation.table, pinned or None), version=pinned, generation=generation.number
        )
