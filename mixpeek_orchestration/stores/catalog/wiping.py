"""Rewriting the storage of a catalog: a deleted row is left in free space until its page is written again."""

from __future__ import annotations

from typing import Any

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mixpeek_orchestration.core.errors import NotReady
from mixpeek_orchestration.stores.catalog.database import Database

_PATIENCE_S = 20.0
SQLITE = "the file was written anew and its log emptied"
POSTGRESQL = "dead rows are vacuumed; archived logs and backups are outside"


def wiped(database: Database) -> str:
    """The catalog holds nothing but its rows afterwards; raises `NotReady` while a reader keeps an old state alive."""
    if not database.is_sqlite:
        database.maintain("VACUUM")
        return POSTGRESQL
    database.maintain("VACUUM")
    emptied = Retrying(
        retry=retry_if_result(lambda row: bool(row and row[0])),
        stop=stop_after_delay(_PATIENCE_S),
        wait=wait_fixed(0.2),
        retry_error_callback=_still_read,
    )
    emptied(database.maintain, "PRAGMA wal_checkpoint(TRUNCATE)")
    return SQLITE


def _still_read(_: Any) -> None:
    raise NotReady("The catalog is being read, so that its log cannot be emptied.", fix="Try again.")
