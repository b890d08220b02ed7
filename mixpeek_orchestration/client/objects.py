"""Rows as objects."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError
from mixpeek_orchestration.warehouse.buckets.file_objects import put_each
from mixpeek_orchestration.warehouse.buckets.folders import Ingested
from mixpeek_orchestration.warehouse.buckets.objects import Objects
from mixpeek_orchestration.warehouse.specs import BlobSpec, ObjectSpec

_ROWS = 1_000
"""So many objects are stored in one transaction."""


def put_batches(
    objects: Objects, bucket: Bucket, batches: Iterable[pa.RecordBatch], *, key: str | None
) -> Ingested:
    """The rows as objects of the bucket, in their order; see `BucketHandle.ingest`."""
    ids: list[str] = []
    changes: Counter[str] = Counter()
    refused: dict[str, MixpeekError] = {}
    done = 0
    for rows in _pieces(batches):
        _check_columns(rows, bucket, key)
        named = {
            _name(row, key, done + i): object_spec(row, bucket, key) for i, row in enumerate(rows.to_pylist())
        }
        done += rows.num_rows
        for put in put_each(objects, bucket, named, refused=refused).values():
            ids.append(put.object.object_id)
            changes[put.change] += 1
    return Ingested(tuple(ids), dict(changes), {name: str(error) for name, error in refused.items()})


def object_spec(row: Mapping[str, Any], bucket: Bucket, key: str | None) -> ObjectSpec:
    """One row as an object to put. Nulls are left out, and dates are text in ISO form."""
    present = {name: value for name, value in row.items() if value is not None}
    blobs = [_blob(name, value) for name, value in present.items() if _is_blob(bucket, name)]
    metadata = {name: _plain(value) for name, value in present.items() if not _is_blob(bucket, name)}
    source_key = str(present[key]) if key is not None and key in present else None
    return ObjectSpec(blobs=blobs, metadata=metadata, source_key=source_key)


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS):
            yield batch.slice(start, _ROWS)


def _check_columns(rows: pa.RecordBatch, bucket: Bucket, key: str | None) -> None:
    names = rows.schema.names
    if key is not None and key not in names:
        raise InvalidInput(
            f"The frame has no column {key!r}.",
            field="key",
            value=key,
            fix=f"Choose one of {', '.join(names)}.",
        )
    blobs = [name for name, declared in bucket.properties.items() if declared.is_blob]
    if blobs and not set(blobs) & set(names):
        raise InvalidInput(
            f"No column of the frame is a blob of bucket {bucket.name!r}.",
            field="frame",
            value=names,
            fix=f"Name a column {' or '.join(blobs)}.",
        )


def _name(row: Mapping[str, Any], key: str | None, number: int) -> str:
    return f"row {number}" if key is None or row.get(key) is None else f"row {number} ({row[key]})"


def _is_blob(bucket: Bucket, name: str) -> bool:
    return name in bucket.properties and bucket.properties[name].is_blob


def _blob(name: str, value: Any) -> BlobSpec:
    if isinstance(value, bytes):
        return BlobSpec(property=name, data=f"data:;base64,{base64.b64encode(value).decode()}")
    return BlobSpec(property=name, data=str(value))


def _plain(value: Any) -> Any:
    """As JSON can say it."""
    return value.isoformat() if hasattr(value, "isoformat") else value
