"""Objects in memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.bucket import BucketCounts
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded

if TYPE_CHECKING:
    import polars as pl


class MemoryObjects:
    """The `ObjectCatalog` in memory. `_created` remembers the first arrival, in order, deleted objects included."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._created: dict[str, str] = {}
        self._live: dict[str, tuple[str, str]] = {}

    def put(self, sources: Sequence[SourceObject]) -> None:
        """Insert or replace by id, all or none."""
        moment = now()
        with self._lock:
            kept = [self._stamped(source, moment) for source in sources]
            texts = {source.object_id: (source.source_fp, encoded(source)) for source in kept}
            for source in kept:
                self._created.setdefault(source.object_id, source.created_at)
            self._live.update(texts)

    def get(self, bucket_id: str, object_id: str) -> SourceObject | None:
        found = self.get_many([object_id]).get(object_id)
        return found if found is not None and found.bucket_id == bucket_id else None

    def get_many(self, object_ids: Sequence[str]) -> dict[str, SourceObject]:
        """The live ones among these ids."""
        with self._lock:
            return {i: decoded(SourceObject, self._live[i][1]) for i in object_ids if i in self._live}

    def page(self, bucket_id: str, *, limit: int = 100, offset: int = 0) -> list[SourceObject]:
        """Live objects, oldest first."""
        return self._of(bucket_id)[offset : offset + limit]

    def delete(self, bucket_id: str, object_ids: Sequence[str]) -> int:
        """Drop the content; returns how many were live."""
        with self._lock:
            chosen = set(object_ids) & set(self.ids(bucket_id))
            for object_id in chosen:
                del self._live[object_id]
            return len(chosen)

    def ids(self, bucket_id: str) -> list[str]:
        """Ids of live objects, oldest first."""
        return [source.object_id for source in self._of(bucket_id)]

    def counts(self, bucket_id: str) -> BucketCounts:
        """What lies in the bucket."""
        live = self._of(bucket_id)
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
        with self._lock:
            return frame_of(self._rows(bucket_ids, wanted), SOURCE_FRAME_SCHEMA)

    def _rows(self, bucket_ids: Sequence[str], wanted: AnyOf[str] | None) -> list[tuple[Any, ...]]:
        return [
            (
                s.object_id,
                s.object_id,
                self._live[s.object_id][0],
                list(dict.fromkeys(b.property for b in s.blobs)),
            )
            for s in self._of(*bucket_ids)
            if wanted is None or s.object_id in wanted
        ]

    def _stamped(self, source: SourceObject, moment: str) -> SourceObject:
        created_at = self._created.get(source.object_id) or source.created_at or moment
        return replace(source, created_at=created_at, updated_at=source.updated_at or moment)

    def _of(self, *bucket_ids: str) -> list[SourceObject]:
        with self._lock:
            every = [decoded(SourceObject, self._live[i][1]) for i in self._created if i in self._live]
        return [source for source in every if source.bucket_id in bucket_ids]
