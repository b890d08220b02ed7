"""Buckets: named places for objects, with a schema that says which blobs and fields an object may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mixpeek_orchestration.core.syncs.sync import SyncRules

BLOB_TYPES = frozenset({"text", "image", "audio", "video", "pdf", "excel"})
FIELD_TYPES = frozenset(
    {"string", "number", "integer", "float", "boolean", "object", "array", "date", "datetime"}
)

ManagedBy = Literal["yaml", "python", "component", "api"]
UniquePolicy = Literal["insert", "update", "upsert"]


@dataclass(frozen=True)
class Property:
    """One property of a bucket's schema: a blob (`text`, `image`, …) or a metadata field (`string`, …)."""

    type: str
    required: bool = False
    default: object = None
    description: str | None = None
    enum: tuple[object, ...] = ()
    examples: tuple[object, ...] = ()
    items: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None

    @property
    def is_blob(self) -> bool:
        return self.type in BLOB_TYPES


@dataclass(frozen=True)
class Bucket:
    """A bucket as the catalog holds it."""

    bucket_id: str
    namespace_id: str
    name: str
    properties: Mapping[str, Property]
    unique_key: tuple[str, ...] = ()
    unique_policy: UniquePolicy = "upsert"
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    managed_by: ManagedBy = "api"
    syncs: tuple[SyncRules, ...] = ()
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class BucketCounts:
    """What lies in a bucket right now: live objects, their bytes, and blobs by type."""

    objects: int
    size_bytes: int
    blob_types: Mapping[str, int]
    last_upload_at: str | None = None
