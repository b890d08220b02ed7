"""Secrets in SQL."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Select, delete, select

from mixpeek_orchestration.core.secret import StoredSecret
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import second_secret
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.schema import secrets
from mixpeek_orchestration.stores.catalog.statements import upsert


class SqlSecrets:
    """The `SecretCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, secret: StoredSecret, *, new: bool = False) -> StoredSecret:
        """Insert or replace by name, stamped with the time; with `new`, raises `NameConflict` when there is one."""
        with self._database.writing() as connection:
            body = connection.execute(_body_of(secret.name)).scalar_one_or_none()
            if body is not None and new:
                raise second_secret(secret.name)
            created = now() if body is None else decoded(StoredSecret, body).created_at
            kept = replace(secret, created_at=created, updated_at=now())
            row = {"name": kept.name, "body": encoded(kept)}
            connection.execute(upsert(connection, secrets, key=["name"]), row)
        return kept

    def get(self, name: str) -> StoredSecret | None:
        with self._database.reading() as connection:
            body = connection.execute(_body_of(name)).scalar_one_or_none()
        return None if body is None else decoded(StoredSecret, body)

    def all(self) -> list[StoredSecret]:
        """By name."""
        with self._database.reading() as connection:
            bodies = connection.execute(select(secrets.c.body)).scalars()
            return sorted((decoded(StoredSecret, body) for body in bodies), key=lambda secret: secret.name)

    def delete(self, name: str) -> bool:
        """Forget a secret; `False` when it was not known."""
        with self._database.writing() as connection:
            return connection.execute(delete(secrets).where(secrets.c.name == name)).rowcount > 0


def _body_of(name: str) -> Select[tuple[str]]:
    return select(secrets.c.body).where(secrets.c.name == name)
