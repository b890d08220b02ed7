"""Secrets in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from mixpeek_orchestration.core.secret import StoredSecret
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.definitions import second_secret


class MemorySecrets:
    """The `SecretCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, StoredSecret] = {}

    def put(self, secret: StoredSecret, *, new: bool = False) -> StoredSecret:
        """Insert or replace by name, stamped with the time; with `new`, raises `NameConflict` when there is one."""
        with self._lock:
            known = self._secrets.get(secret.name)
            if known is not None and new:
                raise second_secret(secret.name)
            created = now() if known is None else known.created_at
            kept = replace(secret, created_at=created, updated_at=now())
            self._secrets[secret.name] = kept
        return kept

    def get(self, name: str) -> StoredSecret | None:
        return self._secrets.get(name)

    def all(self) -> list[StoredSecret]:
        """By name."""
        with self._lock:
            return sorted(self._secrets.values(), key=lambda secret: secret.name)

    def delete(self, name: str) -> bool:
        """Forget a secret; `False` when it was not known."""
        with self._lock:
            return self._secrets.pop(name, None) is not None
