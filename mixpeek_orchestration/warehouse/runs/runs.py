"""Runs and their leases: how a dead run is told from a slow one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.leases import Lease, LeaseCatalog
from mixpeek_orchestration.warehouse.leases import hold, is_dead

PREFIX = "run:"


def _nothing(_: str) -> object:
    return None


class Runs:
    """The runs that are in progress anywhere, by their leases. `ended` is told the name of a lease before it is given
    back, also that of a dead run."""

    def __init__(self, leases: LeaseCatalog, *, ended: Callable[[str], object] = _nothing) -> None:
        self._leases = leases
        self._ended = ended

    @contextmanager
    def hold(self, run_id: str) -> Iterator[str]:
        """Mark a run as alive for the length of the block; gives the name of its lease."""
        name = f"{PREFIX}{run_id}"
        with hold(self._leases, name):
            try:
                yield name
            finally:
                self._ended(name)

    @contextmanager
    def alive(self, run_id: str) -> Iterator[str]:
        """The name of a lease of a run for the length of the block: the one that it holds, or one just for this."""
        lease = self.lease(run_id)
        if lease is not None and not is_dead(lease):
            yield lease.name
            return
        with self.hold(f"{run_id}/{random_id('own')}") as name:
            yield name

    def dead(self) -> list[Lease]:
        """The leases of runs that have expired, or whose process on this host is gone."""
        return [lease for lease in self._leases.held(prefix=PREFIX) if is_dead(lease)]

    def lease(self, run_id: str) -> Lease | None:
        """The lease of a run; `None` when it never took one or has ended."""
        return next((x for x in self._leases.held(prefix=PREFIX) if x.name == f"{PREFIX}{run_id}"), None)

    def bury(self, lease: Lease) -> None:
        """Forget a dead run's lease."""
        self._ended(lease.name)
        self._leases.release(lease.name, owner=lease.owner)
