"""One database: its engine, its transactions, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.stores.catalog.database_errors import translated

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another one before it gives up."""


class Database:
    """Transactions on SQLite or PostgreSQL. Nothing connects before the first one."""

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.url = _checked(url)
        self._engine = _engine(self.url, busy_timeout_s)
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The file of an SQLite database."""
        return Path(str(self.url.database))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state and writes nothing."""
        with translated(self.url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block, or leaves nothing behind.

        On SQLite it takes the write lock at once: upgrading a read transaction would fail instead of waiting.
        """
        with translated(self.url), self._writer.begin() as connection:
            yield connection

    def use_wal(self) -> None:
        """Switch an SQLite file to write-ahead logging, which it remembers."""
        with translated(self.url):
            raw = self._engine.raw_connection()
            try:
                raw.driver_connection.execute("PRAGMA journal_mode = WAL")
            finally:
                raw.close()

    def maintain(self, statement: str) -> tuple[Any, ...] | None:
        """Run a statement that must be outside of a transaction; its first row, if it has any."""
        with translated(self.url):
            raw = self._engine.raw_connection()
            try:
                if not self.is_sqlite:
                    raw.driver_connection.autocommit = True
                cursor = raw.driver_connection.cursor()
                cursor.execute(statement)
                return cursor.fetchone() if cursor.description else None
            finally:
                raw.invalidate()

    def close(self) -> None:
        """Give back all connections; the next transaction opens new ones."""
        self._engine.dispose()


def _checked(text: str) -> URL:
    try:
        url = make_url(text)
    except exc.ArgumentError as error:
        raise _not_usable(text) from error
    if url.drivername == "postgresql":
        return url.set(drivername="postgresql+psycopg2")
    usable = url.get_backend_name() in ("sqlite", "postgresql")
    in_memory = url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
    if not usable or in_memory:
        raise _not_usable(url.render_as_string(hide_password=True))
    return url


def _not_usable(shown: str) -> InvalidInput:
    return InvalidInput(
        "This URL names no catalog.",
        field="catalog_url",
        value=shown,
        fix="Write sqlite:////path/to/catalog.db or postgresql://user@host/database.",
    )


def _engine(url: URL, busy_timeout_s: float) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": busy_timeout_s}, max_overflow=32)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions begin late and never around DDL; we begin them ourselves.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
