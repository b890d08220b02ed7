"""The counter of definition changes, which is also the lock that orders them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select, update

from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.schema import revisions


def read_revision(connection: Connection) -> int:
    """How many definition changes there were."""
    return connection.execute(select(revisions.c.value)).scalar_one()


@contextmanager
def changing(database: Database) -> Iterator[Connection]:
    """A transaction that no other change of a definition can overlap, so that it may look before it writes."""
    with database.writing() as connection:
        connection.execute(select(revisions.c.value).with_for_update())
        yield connection


def bump(connection: Connection) -> None:
    """Count one change."""
    connection.execute(update(revisions).values(value=revisions.c.value + 1))
