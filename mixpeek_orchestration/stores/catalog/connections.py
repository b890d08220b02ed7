"""Storage connections in SQL."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, or_, select

from mixpeek_orchestration.core.syncs.connection import Connection
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.statements import upsert
from mixpeek_orchestration.stores.catalog.sync_errors import second_connection
from mixpeek_orchestration.stores.catalog.sync_schema import connections


class SqlConnections:
    """The `ConnectionCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, connection: Connection) -> Connection:
        """Insert or replace by id, stamped with the time; raises `NameConflict` when another has that name."""
        kept = replace(connection, created_at=connection.created_at or now(), updated_at=now())
        row = {"connection_id": kept.connection_id, "name": kept.name, "body": encoded(kept)}
        named = select(connections.c.connection_id).where(connections.c.name == kept.name)
        with self._database.writing() as database:
            if database.execute(named).scalar_one_or_none() not in (None, kept.connection_id):
                raise second_connection(kept.name)
            database.execute(upsert(database, connections, key=["connection_id"]), row)
        return kept

    def get(self, identifier: str) -> Connection | None:
        """By id or by name."""
        either = or_(connections.c.connection_id == identifier, connections.c.name == identifier)
        statement = select(connections.c.body).where(either)
        with self._database.reading() as database:
            body = database.execute(statement).scalars().first()
        return None if body is None else decoded(Connection, body)

    def all(self) -> list[Connection]:
        """By name."""
        with self._database.reading() as database:
            bodies = database.execute(select(connections.c.body)).scalars()
            return sorted((decoded(Connection, body) for body in bodies), key=lambda one: one.name)

    def delete(self, connection_id: str) -> bool:
        """Forget a connection; `False` when it was not known."""
        with self._database.writing() as database:
            gone = delete(connections).where(connections.c.connection_id == connection_id)
            return database.execute(gone).rowcount > 0
