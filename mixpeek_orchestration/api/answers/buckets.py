"""Buckets on the wire."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.bucket import Bucket, BucketCounts, Property


def property_answer(prop: Property) -> dict[str, Any]:
    """One property of a schema; what was not said is left out."""
    said = {
        "default": prop.default,
        "description": prop.description,
        "enum": list(prop.enum) or None,
    }
    return {"type": prop.type, "required": prop.required} | {k: v for k, v in said.items() if v is not None}


def properties_answer(bucket: Bucket) -> dict[str, Any]:
    """The properties of a bucket's schema."""
    return {name: property_answer(prop) for name, prop in bucket.properties.items()}


def bucket_answer(bucket: Bucket, counts: BucketCounts) -> dict[str, Any]:
    """A bucket with what lies in it."""
    unique_key = {"fields": list(bucket.unique_key), "default_policy": bucket.unique_policy}
    return {
        "bucket_id": bucket.bucket_id,
        "namespace_id": bucket.namespace_id,
        "bucket_name": bucket.name,
        "description": bucket.description,
        "bucket_schema": {"properties": properties_answer(bucket)},
        "unique_key": unique_key if bucket.unique_key else None,
        "metadata": dict(bucket.metadata),
        "managed_by": bucket.managed_by,
        "object_count": counts.objects,
        "total_size_bytes": counts.size_bytes,
        "blob_types": dict(counts.blob_types),
        "last_upload_at": counts.last_upload_at,
        "status": "ACTIVE",
        "is_locked": False,
        "created_at": bucket.created_at or None,
        "updated_at": bucket.updated_at or None,
    }
