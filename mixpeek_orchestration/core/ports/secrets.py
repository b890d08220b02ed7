"""The port to the catalog's secrets."""

from __future__ import annotations

from typing import Protocol

from mixpeek_orchestration.core.secret import StoredSecret


class SecretCatalog(Protocol):
    """Encrypted secrets, by name."""

    def put(self, secret: StoredSecret, *, new: bool = False) -> StoredSecret:
        """Insert or replace by name, stamped with the time; with `new`, raises `NameConflict` when there is one."""

    def get(self, name: str) -> StoredSecret | None: ...
    def all(self) -> list[StoredSecret]:
        """By name."""

    def delete(self, name: str) -> bool:
        """Forget a secret; `False` when it was not known."""
