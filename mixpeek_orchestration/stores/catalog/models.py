"""Own models in SQL."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, func, select

from mixpeek_orchestration.core.own_model import ModelUpload, OwnModel
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import second_model, too_many_models
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.schema import model_parts, model_uploads, models
from mixpeek_orchestration.stores.catalog.statements import upsert


class SqlModels:
    """The `ModelCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, model: OwnModel, *, limit: int) -> OwnModel:
        """Keep a new version, stamped with the time; raises `Conflict` for one that exists, and for more than `limit`
        in its namespace."""
        kept = replace(model, created_at=now())
        identity = {"namespace_id": kept.namespace_id, "model_id": kept.model_id}
        mine = models.c.namespace_id == kept.namespace_id
        with self._database.writing() as connection:
            same = select(models.c.seq).where(mine, models.c.model_id == kept.model_id)
            if connection.execute(same).first() is not None:
                raise second_model(kept)
            if connection.execute(select(func.count()).select_from(models).where(mine)).scalar_one() >= limit:
                raise too_many_models(limit)
            connection.execute(models.insert(), {**identity, "body": encoded(kept)})
            parts = [{**identity, "content_hash": part} for part in dict.fromkeys(kept.parts)]
            connection.execute(model_parts.insert(), parts)
        return kept

    def get(self, namespace_id: str, model_id: str) -> OwnModel | None:
        where = (models.c.namespace_id == namespace_id, models.c.model_id == model_id)
        with self._database.reading() as connection:
            body = connection.execute(select(models.c.body).where(*where)).scalar_one_or_none()
        return None if body is None else decoded(OwnModel, body)

    def all(self, namespace_id: str) -> list[OwnModel]:
        """Oldest first."""
        statement = select(models.c.body).where(models.c.namespace_id == namespace_id).order_by(models.c.seq)
        with self._database.reading() as connection:
            return [decoded(OwnModel, body) for body in connection.execute(statement).scalars()]

    def delete(self, namespace_id: str, model_id: str) -> bool:
        """Forget a model; `False` when it was not known."""
        with self._database.writing() as connection:
            for table in (model_parts, models):
                where = (table.c.namespace_id == namespace_id, table.c.model_id == model_id)
                deleted = connection.execute(delete(table).where(*where)).rowcount
            return deleted > 0

    def uses_part(self, content_hash: str) -> bool:
        """Whether any model of any namespace has a part at this address."""
        statement = select(model_parts.c.model_id).where(model_parts.c.content_hash == content_hash).limit(1)
        with self._database.reading() as connection:
            return connection.execute(statement).first() is not None

    def put_upload(self, upload: ModelUpload) -> ModelUpload:
        """Insert or replace by id."""
        row = {"upload_id": upload.upload_id, "expires_at": upload.expires_at, "body": encoded(upload)}
        with self._database.writing() as connection:
            connection.execute(upsert(connection, model_uploads, key=["upload_id"]), row)
        return upload

    def upload(self, upload_id: str) -> ModelUpload | None:
        statement = select(model_uploads.c.body).where(model_uploads.c.upload_id == upload_id)
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else decoded(ModelUpload, body)
