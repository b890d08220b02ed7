"""The port to the catalog's leases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Lease:
    """The right of one owner to something until it expires (seconds since the epoch)."""

    name: str
    owner: str
    expires_at: float
    host: str = ""
    pid: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


class LeaseCatalog(Protocol):
    """Leases with heartbeats, by compare and swap; expired ones can be taken by anyone."""

    def acquire(
        self, name: str, *, owner: str, ttl_s: float, payload: Mapping[str, Any] | None = None
    ) -> Lease | None:
        """The lease, also when `owner` has it already (its expiry moves, and without a new payload the old one
        stays); `None` when another owner has it."""

    def renew(self, name: str, *, owner: str, ttl_s: float) -> bool:
        """`False` when the lease was lost: released, or taken by another owner after it had expired."""

    def release(self, name: str, *, owner: str) -> bool: ...
    def held(self, *, prefix: str = "") -> list[Lease]:
        """Leases that were not released, by name; expired ones too, for whoever looks for dead owners."""
