"""The port to the catalog's uploads."""

from __future__ import annotations

from typing import Protocol

from mixpeek_orchestration.core.upload import Upload


class UploadCatalog(Protocol):
    """Files that were announced, and those that have arrived."""

    def put(self, upload: Upload) -> Upload:
        """Insert or replace by id."""

    def get(self, upload_id: str) -> Upload | None: ...
