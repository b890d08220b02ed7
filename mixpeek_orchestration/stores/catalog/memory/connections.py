"""Storage connections in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from mixpeek_orchestration.core.syncs.connection import Connection
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import normal
from mixpeek_orchestration.stores.catalog.sync_errors import second_connection


class MemoryConnections:
    """The `ConnectionCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}

    def put(self, connection: Connection) -> Connection:
        """Insert or replace by id, stamped with the time; raises `NameConflict` when another has that name."""
        kept = normal(replace(connection, created_at=connection.created_at or now(), updated_at=now()))
        with self._lock:
            others = (one for one in self._connections.values() if one.connection_id != kept.connection_id)
            if any(one.name == kept.name for one in others):
                raise second_connection(kept.name)
            self._connections[kept.connection_id] = kept
        return kept

    def get(self, identifier: str) -> Connection | None:
        """By id or by name."""
        return next((one for one in self.all() if identifier in (one.connection_id, one.name)), None)

    def all(self) -> list[Connection]:
        """By name."""
        with self._lock:
            return sorted(self._connections.values(), key=lambda one: one.name)

    def delete(self, connection_id: str) -> bool:
        """Forget a connection; `False` when it was not known."""
        with self._lock:
            return self._connections.pop(connection_id, None) is not None
