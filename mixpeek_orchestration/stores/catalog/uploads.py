"""Uploads in SQL."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.schema import uploads
from mixpeek_orchestration.stores.catalog.statements import upsert


class SqlUploads:
    """The `UploadCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, upload: Upload) -> Upload:
        """Insert or replace by id."""
        kept = replace(upload, created_at=upload.created_at or now())
        row = {"upload_id": kept.upload_id, "expires_at": kept.expires_at, "body": encoded(kept)}
        with self._database.writing() as connection:
            connection.execute(upsert(connection, uploads, key=["upload_id"]), row)
        return kept

    def get(self, upload_id: str) -> Upload | None:
        statement = select(uploads.c.body).where(uploads.c.upload_id == upload_id)
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else decoded(Upload, body)
