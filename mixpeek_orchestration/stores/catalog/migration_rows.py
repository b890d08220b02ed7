"""Migrations of collections, and the last queries, in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.core.ports.migrations import LoggedQuery
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import second_migration
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.generations import GenerationTable
from mixpeek_orchestration.stores.catalog.migration_schema import migrations, query_log
from mixpeek_orchestration.stores.catalog.revision import changing

_READ = select(migrations.c.body)


class SqlMigrations:
    """The `MigrationCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generations = GenerationTable(database)

    def add(self, migration: Migration, generations: Sequence[Generation] = ()) -> Migration:
        """Keep a new one and its generations; raises `Conflict` while another one of its collection is open."""
        kept = replace(migration, created_at=now(), updated_at=now())
        with changing(self._database) as connection:
            other = _only(connection, _is_open(kept.collection_id))
            if other is not None:
                raise second_migration(other)
            for generation in generations:
                self._generations.write(connection, generation)
            connection.execute(insert(migrations).values(_row(kept)))
        return kept

    def get(self, migration_id: str) -> Migration | None:
        with self._database.reading() as connection:
            return _only(connection, migrations.c.migration_id == migration_id)

    def of(self, collection_id: str) -> list[Migration]:
        """Newest first."""
        statement = _READ.where(migrations.c.collection_id == collection_id).order_by(migrations.c.seq.desc())
        with self._database.reading() as connection:
            return [decoded(Migration, body) for body in connection.execute(statement).scalars()]

    def open(self, collection_id: str) -> Migration | None:
        with self._database.reading() as connection:
            return _only(connection, _is_open(collection_id))

    def change(self, migration_id: str, change: Callable[[Migration], Migration]) -> Migration | None:
        """Replace a migration by what `change` makes of it as it is now; what is closed stays closed."""
        with changing(self._database) as connection:
            old = _only(connection, migrations.c.migration_id == migration_id)
            if old is None or not old.is_open:
                return old
            return _changed(connection, old, change(old))

    def note(self, generation_id: str, error: str | None) -> None:
        """Keep what last kept a generation of an open migration from being filled."""
        with changing(self._database) as connection:
            bodies = connection.execute(_READ.where(migrations.c.is_open)).scalars()
            for found in [decoded(Migration, body) for body in bodies]:
                if generation_id in (found.from_generation, found.to_generation):
                    _changed(connection, found, replace(found, error=error))

    def forget(self, collection_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(migrations).where(migrations.c.collection_id == collection_id))


class SqlQueries:
    """The `QueryCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, queries: Sequence[LoggedQuery], *, limit: int, since: float) -> None:
        """Add these; of each namespace that they are of, only the newest stay."""
        rows = [{"namespace_id": q.namespace_id, "asked_at": q.asked_at, "body": encoded(q)} for q in queries]
        if not rows:
            return
        with self._database.writing() as connection:
            connection.execute(insert(query_log), rows)
            for namespace_id in {query.namespace_id for query in queries}:
                mine = query_log.c.namespace_id == namespace_id
                newest = select(query_log.c.seq).where(mine).order_by(query_log.c.seq.desc()).limit(limit)
                kept = newest.subquery()
                too_many = query_log.c.seq.not_in(select(kept.c.seq))
                connection.execute(delete(query_log).where(mine, too_many | (query_log.c.asked_at < since)))

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[LoggedQuery]:
        """Newest first."""
        statement = select(query_log.c.body).where(query_log.c.namespace_id == namespace_id)
        with self._database.reading() as connection:
            bodies = connection.execute(statement.order_by(query_log.c.seq.desc()).limit(limit)).scalars()
            return [decoded(LoggedQuery, body) for body in bodies]

    def forget(self, namespace_id: str) -> int:
        with self._database.writing() as connection:
            gone = connection.execute(delete(query_log).where(query_log.c.namespace_id == namespace_id))
            return gone.rowcount


def _changed(connection: Connection, old: Migration, new: Migration) -> Migration:
    if new == old:
        return old
    kept = replace(new, updated_at=now())
    where = migrations.c.migration_id == old.migration_id
    connection.execute(update(migrations).where(where).values(_row(kept)))
    return kept


def _row(migration: Migration) -> dict[str, object]:
    return {
        "migration_id": migration.migration_id,
        "collection_id": migration.collection_id,
        "is_open": migration.is_open,
        "body": encoded(migration),
    }


def _is_open(collection_id: str) -> ColumnElement[bool]:
    return (migrations.c.collection_id == collection_id) & migrations.c.is_open


def _only(connection: Connection, condition: ColumnElement[bool]) -> Migration | None:
    body = connection.execute(_READ.where(condition)).scalar_one_or_none()
    return None if body is None else decoded(Migration, body)
