"""Uploads on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mixpeek_orchestration.core.upload import Upload


def upload_answer(upload: Upload, url: str) -> dict[str, Any]:
    """An announced upload with the URL that takes its bytes."""
    expires = datetime.fromtimestamp(upload.expires_at, UTC)
    lifetime = expires - datetime.fromisoformat(upload.created_at)
    return {
        "upload_id": upload.upload_id,
        "bucket_id": upload.bucket_id,
        "filename": upload.filename,
        "content_type": upload.mime_type,
        "file_size_bytes": upload.size_bytes,
        "presigned_url": url,
        "presigned_url_expiration": round(lifetime.total_seconds()),
        "s3_key": f"uploads/{upload.upload_id}/{upload.filename}",
        "status": upload_status(upload),
        "create_object_on_confirm": upload.create_object,
        "object_metadata": dict(upload.object_metadata),
        "blob_property": upload.blob_property,
        "blob_type": upload.blob_type,
        "file_hash": upload.file_hash,
        "skip_duplicates": upload.skip_duplicates,
        "created_at": upload.created_at,
        "expires_at": expires,
        "object_id": upload.object_id or None,
    }


def confirmed_answer(upload: Upload, *, batch_id: str | None = None) -> dict[str, Any]:
    """A confirmed upload with the object that was made of it."""
    return {
        "upload_id": upload.upload_id,
        "bucket_id": upload.bucket_id,
        "status": upload_status(upload),
        "etag": upload.content_hash,
        "file_hash": upload.content_hash,
        "file_size_bytes": upload.size_bytes,
        "object_id": upload.object_id or None,
        "batch_id": batch_id,
        "message": "The object is stored." if upload.object_id else "The file is stored.",
    }


def upload_status(upload: Upload) -> str:
    """`PENDING` until the bytes have arrived."""
    return "COMPLETED" if upload.content_hash else "PENDING"
