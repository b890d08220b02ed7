"""Runs and their leases: how a dead run is told from a slow one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mixpeek_orchestration.core.ports.leases import Lease, LeaseCatalog
from mixpeek_orchestration.warehouse.leases import hold, is_dead

PREFIX = "run:"


class Runs:
    """The runs that are in progress anywhere, by their leases."""

    def __init__(self, leases: LeaseCatalog) -> None:
        self._leases = leases

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Mark a run as alive for the length of the block."""
        with hold(self._leases, f"{PREFIX}{run_id}"):
            yield

    def dead(self) -> list[Lease]:
        """The leases of runs that have expired, or whose process on this host is gone."""
        return [lease for lease in self._leases.held(prefix=PREFIX) if is_dead(lease)]

    def lease(self, run_id: str) -> Lease | None:
        """The lease of a run; `None` when it never took one or has ended."""
        return next((x for x in self._leases.held(prefix=PREFIX) if x.name == f"{PREFIX}{run_id}"), None)

    def bury(self, lease: Lease) -> None:
        """Forget a dead run's lease."""
        self._leases.release(lease.name, owner=lease.owner)
