"""The failure table in SQL, read: pages, counts and groups are made by the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from mixpeek_orchestration.core.failure import FailureGroup, FailureQuery, ItemError
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import read
from mixpeek_orchestration.stores.catalog.schema import failures


class SqlFailures:
    """The `FailureCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, which: FailureQuery, *, limit: int = 100, offset: int = 0) -> list[Failure]:
        """Newest first."""
        statement = select(failures).where(*_where(which)).order_by(failures.c.seq.desc())
        with self._database.reading() as connection:
            return [failure_of(row) for row in connection.execute(statement.limit(limit).offset(offset))]

    def count(self, which: FailureQuery) -> int:
        """How many failures, of which an item can have several."""
        statement = select(func.count()).select_from(failures).where(*_where(which))
        with self._database.reading() as connection:
            return connection.execute(statement).scalar_one()

    def groups(self, which: FailureQuery, *, by: Sequence[str]) -> list[FailureGroup]:
        """Those with the most items first."""
        keys = [failures.c[name] for name in by]
        items = func.count(failures.c.item.distinct())
        numbers = (items, func.count(), func.max(failures.c.attempt))
        times = (func.min(failures.c.created_at), func.max(failures.c.created_at))
        statement = select(*keys, *numbers, *times).where(*_where(which)).group_by(*keys)
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(items.desc(), *keys)).all()
        width = len(by)
        return [FailureGroup(dict(zip(by, row[:width], strict=True)), *row[width:]) for row in rows]

    def items(self, which: FailureQuery) -> dict[str, str]:
        """The root object of every item with such a failure."""
        newest = func.max(failures.c.root_object)
        statement = select(failures.c.item, newest).where(*_where(which)).group_by(failures.c.item)
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(failures.c.item)).all()
        return {row[0]: row[1] for row in rows}


def failure_of(row: Row[Any]) -> Failure:
    """A row of the table as the core knows it."""
    return Failure(
        failure_id=row.failure_id,
        collection_id=row.collection_id,
        generation_id=row.generation_id,
        batch_id=row.batch_id,
        error=ItemError(**read(row.error)),
        attempt=row.attempt,
        versions=read(row.versions),
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        root_object=row.root_object,
        run_id=row.run_id,
        resolved_by=row.resolved_by,
    )


def _where(which: FailureQuery) -> list[ColumnElement[bool]]:
    said = [failures.c[name] == value for name, value in which.equals.items()]
    is_open = [failures.c.resolved_at.is_(None)] if which.open_only else []
    return [failures.c.collection_id == which.collection_id, *is_open, *said]
