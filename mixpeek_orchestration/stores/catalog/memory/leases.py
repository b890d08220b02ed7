"""Leases in memory."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mixpeek_orchestration.core.ports.leases import Lease


class MemoryLeases:
    """The `LeaseCatalog` in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._leases: dict[str, Lease] = {}

    def acquire(
        self, name: str, *, owner: str, ttl_s: float, payload: Mapping[str, Any] | None = None
    ) -> Lease | None:
        """The lease, also when `owner` has it (without a payload it keeps the old one); `None` when another has."""
        with self._lock:
            moment, old = self._clock(), self._leases.get(name)
            if old is not None and old.owner != owner and old.expires_at > moment:
                return None
            mine = old is not None and old.owner == owner
            kept = old.payload if old is not None and mine and payload is None else dict(payload or {})
            lease = Lease(name, owner, moment + ttl_s, socket.gethostname(), os.getpid(), kept)
            self._leases[name] = lease
            return lease

    def renew(self, name: str, *, owner: str, ttl_s: float) -> bool:
        """Move the expiry; `False` when another owner took the lease or it was released."""
        with self._lock:
            lease = self._leases.get(name)
            if lease is None or lease.owner != owner:
                return False
            self._leases[name] = replace(lease, expires_at=self._clock() + ttl_s)
            return True

    def release(self, name: str, *, owner: str) -> bool:
        """Give the lease back; `False` when `owner` did not have it."""
        with self._lock:
            lease = self._leases.get(name)
            if lease is None or lease.owner != owner:
                return False
            del self._leases[name]
            return True

    def held(self, *, prefix: str = "") -> list[Lease]:
        """Leases that were not released, by name; expired ones too, for whoever looks for dead owners."""
        with self._lock:
            return [lease for name, lease in sorted(self._leases.items()) if name.startswith(prefix)]
