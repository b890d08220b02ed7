"""An object as columns: what is searched for, and the rest as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.object import Blob, SourceObject
from mixpeek_orchestration.stores.catalog.encoding import read, written

SHAPE_LENGTH = 32
READ = ("object_id", "namespace_id", "bucket_id", "created_at", "updated_at", "body")
_BLOB_FIELDS = tuple(field.name for field in fields(Blob))
_CONTENT_HASH = _BLOB_FIELDS.index("content_hash")


def shape_of(source: SourceObject) -> tuple[str, str]:
    """The fingerprint of which blobs an object has, and their properties and types as text. Objects of a bucket share
    a few shapes, which are stored once."""
    return _shape(tuple((blob.property, blob.type) for blob in source.blobs))


@lru_cache(maxsize=4096)
def _shape(blobs: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    text = written(blobs)
    return digest("shape", text)[:SHAPE_LENGTH], text


def object_row(source: SourceObject, *, moment: str) -> dict[str, Any]:
    """The row of a live object."""
    return {
        "object_id": source.object_id,
        "namespace_id": source.namespace_id,
        "bucket_id": source.bucket_id,
        "source_fp": source.source_fp,
        "shape": shape_of(source)[0],
        "size_bytes": source.size_bytes,
        "created_at": source.created_at or moment,
        "updated_at": source.updated_at or moment,
        "deleted_at": None,
        "body": written([source.key, [_written_blob(blob) for blob in source.blobs], dict(source.metadata)]),
    }


def _written_blob(blob: Blob) -> list[Any]:
    # `dataclasses.astuple` copies deeply, at ten times the cost of this.
    return [getattr(blob, name) for name in _BLOB_FIELDS]


def object_from(row: Sequence[Any]) -> SourceObject:
    """The object of a row with the columns `READ`."""
    object_id, namespace_id, bucket_id, created_at, updated_at, body = row
    key, blobs, metadata = read(body)
    return SourceObject(
        object_id=object_id,
        namespace_id=namespace_id,
        bucket_id=bucket_id,
        blobs=tuple(Blob(*values) for values in blobs),
        metadata=metadata,
        key=key,
        created_at=created_at,
        updated_at=updated_at,
    )


def contents_of(body: Sequence[Any]) -> set[str]:
    """The addresses of the contents that the body of a row names."""
    return {values[_CONTENT_HASH] for values in body[1]}
