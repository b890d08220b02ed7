"""Objects in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.bucket import BucketCounts
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class _Kept:
    object_id: str
    bucket_id: str
    source_fp: str
    properties: list[str]
    text: str

    @classmethod
    def of(cls, source: SourceObject) -> _Kept:
        properties = list(dict.fromkeys(blob.property for blob in source.blobs))
        return cls(source.object_id, source.bucket_id, source.source_fp, properties, encoded(source))

    def read(self) -> SourceObject:
        return decoded(SourceObject, self.text)


class MemoryObjects:
    """The `ObjectCatalog` in memory. `_created` remembers every first arrival in order, also of deleted objects."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._created: dict[str, str] = {}
        self._live: dict[str, _Kept] = {}
        self._buckets: dict[str, str] = {}
        self._released: dict[tuple[str, str], float] = {}

    def put(self, sources: Sequence[SourceObject]) -> None:
        """Insert or replace by id, all or none; of several with one id the last is kept."""
        moment = now()
        with self._lock:
            stamped = [self._stamped(source, moment) for source in sources]
            kept = {source.object_id: _Kept.of(source) for source in stamped}
            for source in stamped:
                self._release(source.object_id, kept={blob.content_hash for blob in source.blobs})
                self._buckets[source.object_id] = source.bucket_id
                self._created.setdefault(source.object_id, source.created_at)
            self._live.update(kept)

    def get(self, bucket_id: str, object_id: str) -> SourceObject | None:
        kept = self._live.get(object_id)
        return kept.read() if kept is not None and kept.bucket_id == bucket_id else None

    def get_many(self, object_ids: Sequence[str]) -> dict[str, SourceObject]:
        """The live ones among these ids."""
        with self._lock:
            return {i: self._live[i].read() for i in object_ids if i in self._live}

    def page(self, bucket_id: str, *, limit: int = 100, offset: int = 0) -> list[SourceObject]:
        """Live objects, oldest first."""
        return [kept.read() for kept in self._of(bucket_id)[offset : offset + limit]]

    def delete(self, bucket_id: str, object_ids: Sequence[str]) -> int:
        """Drop the content; returns how many were live."""
        with self._lock:
            chosen = set(object_ids) & set(self.ids(bucket_id))
            for object_id in chosen:
                self._release(object_id)
                del self._live[object_id]
            return len(chosen)

    def ids(self, bucket_id: str) -> list[str]:
        """Ids of live objects, oldest first."""
        return [kept.object_id for kept in self._of(bucket_id)]

    def counts(self, bucket_id: str) -> BucketCounts:
        """What lies in the bucket."""
        live = [kept.read() for kept in self._of(bucket_id)]
        types = Counter(blob.type for source in live for blob in source.blobs)
        return BucketCounts(
            objects=len(live),
            size_bytes=sum(source.size_bytes for source in live),
            blob_types=dict(sorted(types.items())),
            last_upload_at=max((source.updated_at for source in live), default=None),
        )

    def frame(self, bucket_ids: Sequence[str], *, object_ids: AnyOf[str] | None = None) -> pl.DataFrame:
        """Live objects as the planner sees them."""
        from mixpeek_orchestration.stores.catalog.frames import SOURCE_FRAME_SCHEMA, frame_of

        wanted = None if object_ids is None else set(object_ids)
        rows = [
            (kept.object_id, kept.object_id, kept.source_fp, kept.properties)
            for kept in self._of(*bucket_ids)
            if wanted is None or kept.object_id in wanted
        ]
        return frame_of(rows, SOURCE_FRAME_SCHEMA)

    def bucket_of(self, object_id: str) -> str | None:
        """The bucket that an object is in, or was in."""
        return self._buckets.get(object_id)

    def released(self) -> dict[tuple[str, str], float]:
        """When which content was released by which object."""
        return self._released

    def _release(self, object_id: str, *, kept: AnyOf[str] = ()) -> None:
        old = self._live.get(object_id)
        for blob in old.read().blobs if old is not None else ():
            if blob.content_hash not in kept:
                self._released[blob.content_hash, object_id] = time.time()

    def _stamped(self, source: SourceObject, moment: str) -> SourceObject:
        created_at = self._created.get(source.object_id) or source.created_at or moment
        return replace(source, created_at=created_at, updated_at=source.updated_at or moment)

    def _of(self, *bucket_ids: str) -> list[_Kept]:
        with self._lock:
            every = [self._live[i] for i in self._created if i in self._live]
        return [kept for kept in every if kept.bucket_id in bucket_ids]
