"""The catalog: what the warehouse knows about everything but the documents' content.

`open_catalog` gives the SQL one; its twin in memory is `stores.catalog.memory.MemoryCatalog`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpeek_orchestration.stores.catalog.sql import SqlCatalog

__all__ = ["open_catalog", "upgrade_catalog"]


def open_catalog(url: str) -> SqlCatalog:
    """The catalog at a SQLAlchemy URL (SQLite or PostgreSQL), its schema created or upgraded when it is behind."""
    from mixpeek_orchestration.stores.catalog.sql import SqlCatalog

    return SqlCatalog(url)


def upgrade_catalog(url: str) -> bool:
    """Bring the schema to the newest revision; `False` when it was there. Several processes may try at once."""
    from mixpeek_orchestration.stores.catalog.database import Database
    from mixpeek_orchestration.stores.catalog.upgrade import upgrade

    database = Database(url)
    try:
        return upgrade(database)
    finally:
        database.close()
