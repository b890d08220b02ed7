"""Bringing the schema of a catalog to the newest revision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = "mixpeek_orchestration.stores.catalog:migrations"
_ADVISORY_LOCK = 0x6D697870
_LOCK_TIMEOUT_S = 120.0


def current_revision(connection: Connection) -> str | None:
    """The revision that the schema has; `None` before the first upgrade."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(database: Database) -> bool:
    """Whether the schema is the newest. Costs one query and does not import Alembic."""
    if database.is_sqlite and not database.file.exists():
        return False
    with database.reading() as connection:
        return current_revision(connection) == HEAD


def upgrade(database: Database) -> bool:
    """Apply the missing migrations in one transaction; `False` when there were none. The second of two processes
    waits for the first and finds nothing to do."""
    if is_current(database):
        return False
    with _alone(database), database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if current_revision(connection) == HEAD:
            return False
        _migrate(connection)
    return True


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise Broken(
            f"The catalog has the schema {current_revision(connection)!r}, which this version does not know.",
            value=current_revision(connection),
            fix="Use the version of this project that wrote it, or a newer one.",
        ) from error


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Keeps other processes from a new SQLite file while it is made: the switch to WAL does not wait for locks."""
    if not database.is_sqlite:
        yield
        return
    from filelock import FileLock

    database.file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database.file}.lock", timeout=_LOCK_TIMEOUT_S):
        database.use_wal()
        yield
