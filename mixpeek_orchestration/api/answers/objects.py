"""Objects on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mixpeek_orchestration.core.object import Blob, SourceObject

BlobUrl = Callable[[Blob], str]
"""Gives the URL under which a blob can be fetched without a key."""

_RESERVED = frozenset(
    {"object_id", "bucket_id", "namespace_id", "blobs", "metadata", "status", "created_at", "updated_at"}
)


def blob_answer(blob: Blob, url: BlobUrl | None = None) -> dict[str, Any]:
    """A blob; with its URL when the caller asked for URLs."""
    address = url(blob) if url else None
    return {
        "blob_id": blob.blob_id,
        "property": blob.property,
        "type": blob.type,
        "properties": {"url": address} if address else {},
        "presigned_url": address,
        "details": {
            "filename": blob.filename,
            "size_bytes": blob.size_bytes,
            "mime_type": blob.mime_type,
            "hash": f"sha256:{blob.content_hash}",
        },
    }


def object_answer(item: SourceObject, url: BlobUrl | None = None) -> dict[str, Any]:
    """An object; its metadata is under `metadata` and, where no field of the contract has the name, at the root."""
    metadata = dict(item.metadata)
    at_root = {name: value for name, value in metadata.items() if name not in _RESERVED}
    return {
        **at_root,
        "object_id": item.object_id,
        "bucket_id": item.bucket_id,
        "namespace_id": item.namespace_id,
        "metadata": metadata,
        "blobs": [blob_answer(blob, url) for blob in item.blobs],
        "status": "COMPLETED",
        "error": None,
        "key": item.key,
        "created_at": item.created_at or None,
        "updated_at": item.updated_at or None,
    }
