"""The port to the catalog's storage connections."""

from __future__ import annotations

from typing import Protocol

from mixpeek_orchestration.core.syncs.connection import Connection


class ConnectionCatalog(Protocol):
    """Storage connections; no row holds a credential."""

    def put(self, connection: Connection) -> Connection:
        """Insert or replace by id, stamped with the time; raises `NameConflict` when another has that name."""

    def get(self, identifier: str) -> Connection | None:
        """By id or by name."""

    def all(self) -> list[Connection]:
        """By name."""

    def delete(self, connection_id: str) -> bool:
        """Forget a connection; `False` when it was not known."""
