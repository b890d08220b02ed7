"""The port to the catalog's objects, which are what buckets hold."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from mixpeek_orchestration.core.bucket import BucketCounts
from mixpeek_orchestration.core.object import SourceObject

if TYPE_CHECKING:
    import polars as pl


class ObjectCatalog(Protocol):
    """Objects of buckets. Deleted objects stay known by id, so that their documents can be found and removed."""

    def put(self, objects: Sequence[SourceObject]) -> None:
        """Insert or replace by id, all or none; an id that was deleted lives again. Keeps the first `created_at`."""

    def get(self, bucket_id: str, object_id: str) -> SourceObject | None:
        """A live object."""

    def get_many(self, object_ids: Sequence[str]) -> dict[str, SourceObject]:
        """The live ones among these ids."""

    def page(self, bucket_id: str, *, limit: int = 100, offset: int = 0) -> list[SourceObject]:
        """Live objects, oldest first."""

    def delete(self, bucket_id: str, object_ids: Sequence[str]) -> int:
        """Mark as deleted; returns how many were live."""

    def ids(self, bucket_id: str) -> list[str]: ...

    def counts(self, bucket_id: str) -> BucketCounts: ...

    def frame(self, bucket_ids: Sequence[str], *, object_ids: AnyOf[str] | None = None) -> pl.DataFrame:
        """Live objects as the planner sees them, in one read: `item`, `root_object` (the same id), `source_fp`,
        `properties` (list of strings: the object's blob properties)."""
