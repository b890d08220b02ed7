"""One table of named definitions."""

from __future__ import annotations

from typing import Any, Generic

from sqlalchemy import (
    Connection,
    Select,
    String,
    Table,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)

from mixpeek_orchestration.core.identity import folded
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import (
    NAMESPACE,
    D,
    Kind,
    name_conflict,
    settled,
    unknown_namespace,
)
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.revision import bump, changing
from mixpeek_orchestration.stores.catalog.schema import namespaces


class NamedTable(Generic[D]):
    """Definitions of one kind. Names are unique, also when folded, within a namespace."""

    def __init__(self, database: Database, kind: Kind[D], table: Table) -> None:
        self._database = database
        self._kind = kind
        self._table = table
        self._id = table.c[kind.identifier]
        # Every request asks these: building a statement costs as much as running it.
        self._found_anywhere = self._found()
        self._found_within = self._found().where(table.c.namespace_id == bindparam("namespace"))

    def put(self, new: D) -> D:
        """Insert or replace by id, and count the change if there is one."""
        with changing(self._database) as connection:
            self._check_namespace(connection, new)
            self._check_name(connection, new)
            old = self.by_id(connection, self._kind.id_of(new))
            kept = settled(new, old)
            if kept != old:
                self.write(connection, kept, exists=old is not None)
            return kept

    def find(self, namespace_id: str | None, identifier: str) -> D | None:
        """By id, else by exact name."""
        statement = self._found_anywhere if namespace_id is None else self._found_within
        asked = {"identifier": identifier, "namespace": namespace_id}
        with self._database.reading() as connection:
            body = connection.execute(statement, asked).scalar_one_or_none()
        return None if body is None else decoded(self._kind.type, body)

    def all(self, namespace_id: str | None = None) -> list[D]:
        """Oldest first."""
        statement = select(self._table.c.body).where(*self._within(namespace_id)).order_by(self._table.c.seq)
        with self._database.reading() as connection:
            return [decoded(self._kind.type, body) for body in connection.execute(statement).scalars()]

    def delete(self, connection: Connection, identifier: str) -> bool:
        """Remove one and count the change; `False` when it was not there."""
        gone = connection.execute(delete(self._table).where(self._id == identifier)).rowcount > 0
        if gone:
            bump(connection)
        return gone

    def by_id(self, connection: Connection, identifier: str) -> D | None:
        """The definition, read inside a transaction."""
        body = connection.execute(
            select(self._table.c.body).where(self._id == identifier)
        ).scalar_one_or_none()
        return None if body is None else decoded(self._kind.type, body)

    def write(self, connection: Connection, definition: D, *, exists: bool) -> None:
        """Insert or replace the row and count the change."""
        row = self._row(definition)
        if exists:
            where = self._id == self._kind.id_of(definition)
            connection.execute(update(self._table).where(where).values(row))
        else:
            connection.execute(insert(self._table).values(row))
        bump(connection)

    def _row(self, definition: D) -> dict[str, Any]:
        return {
            self._kind.identifier: self._kind.id_of(definition),
            "namespace_id": definition.namespace_id,
            "name": definition.name,
            "folded_name": folded(definition.name),
            "body": encoded(definition),
        }

    def _found(self) -> Select[tuple[str]]:
        """What has `:identifier` as its id, else as its name."""
        identifier = bindparam("identifier", type_=String)
        by_id_first = case((self._id == identifier, 0), else_=1)
        matches = (self._id == identifier) | (self._table.c.name == identifier)
        return select(self._table.c.body).where(matches).order_by(by_id_first).limit(1)

    def _within(self, namespace_id: str | None) -> list[Any]:
        return [] if namespace_id is None else [self._table.c.namespace_id == namespace_id]

    def _check_namespace(self, connection: Connection, new: D) -> None:
        if self._kind is NAMESPACE:
            return
        known = select(namespaces.c.seq).where(namespaces.c.namespace_id == new.namespace_id)
        if connection.execute(known).first() is None:
            raise unknown_namespace(new.namespace_id)

    def _check_name(self, connection: Connection, new: D) -> None:
        scope = None if self._kind is NAMESPACE else new.namespace_id
        alike = select(self._table.c.name).where(
            self._table.c.folded_name == folded(new.name),
            self._id != self._kind.id_of(new),
            *self._within(scope),
        )
        existing = connection.execute(alike).scalars().first()
        if existing is not None:
            raise name_conflict(self._kind, new.name, existing)
