"""Uploads in memory."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded


class MemoryUploads:
    """The `UploadCatalog` in memory."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}

    def put(self, upload: Upload) -> Upload:
        """Insert or replace by id."""
        kept = replace(upload, created_at=upload.created_at or now())
        self._bodies[kept.upload_id] = encoded(kept)
        return kept

    def get(self, upload_id: str) -> Upload | None:
        body = self._bodies.get(upload_id)
        return None if body is None else decoded(Upload, body)
