"""Uploads: files that arrive apart from the object they will belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Upload:
    """A file that was announced. `content_hash` is empty until it has arrived; `object_id` until it is confirmed.

    Whoever knows the token may send the bytes until `expires_at` (seconds since the epoch); only its hash is kept.
    `purpose` is `object` for files of a bucket, `plugin` or `submission` for archives of packages, which belong to
    no bucket; `details` is what was announced of those.
    """

    upload_id: str
    namespace_id: str
    bucket_id: str
    filename: str
    mime_type: str
    token_hash: str
    expires_at: float
    size_bytes: int | None = None
    blob_property: str = ""
    blob_type: str = ""
    object_metadata: Mapping[str, Any] = field(default_factory=dict)
    create_object: bool = True
    skip_duplicates: bool = True
    file_hash: str | None = None
    content_hash: str = ""
    object_id: str = ""
    created_at: str = ""
    purpose: str = "object"
    details: Mapping[str, Any] = field(default_factory=dict)
