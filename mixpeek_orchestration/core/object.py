"""Objects: what people put into buckets. An object has blobs (content-addressed) and metadata fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mixpeek_orchestration.core.fingerprint import fields_fp

MAX_INLINE_TEXT_BYTES = 10_000_000


@dataclass(frozen=True)
class Blob:
    """One piece of content. `content_hash` is its SHA-256 and its address in the object store."""

    blob_id: str
    property: str
    type: str
    content_hash: str
    size_bytes: int
    mime_type: str
    filename: str | None = None


@dataclass(frozen=True)
class SourceObject:
    """An object as the catalog holds it. `key` is what names it from outside: a path, a unique key."""

    object_id: str
    namespace_id: str
    bucket_id: str
    blobs: tuple[Blob, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    created_at: str = ""
    updated_at: str = ""

    @property
    def source_fp(self) -> str:
        """The fingerprint of everything an extractor or a passthrough could read of this object."""
        blobs = [[b.property, b.type, b.mime_type, b.content_hash, b.filename] for b in self.blobs]
        return fields_fp({"blobs": blobs, "metadata": dict(self.metadata), "key": self.key})

    @property
    def size_bytes(self) -> int:
        return sum(blob.size_bytes for blob in self.blobs)
