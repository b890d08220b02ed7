"""Setting money aside for runs, so that two that start at once cannot spend it both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.spending.reservation import Reservation, batches_of, counting
from mixpeek_orchestration.warehouse.leases import is_dead
from mixpeek_orchestration.warehouse.runs.runs import PREFIX

_ON_THEIR_WAY = frozenset({"PENDING", "IN_PROGRESS"})


class Reservations:
    """What runs and submitted batches have set aside. What a dead run had set aside counts no more."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, namespace_id: str) -> list[Reservation]:
        """What counts in a namespace."""
        return self._counting(self._catalog.reservations.of(namespace_id))

    def make(
        self,
        wanted: Reservation,
        admit: Callable[[list[Reservation]], None],
        *,
        instead_of: Sequence[str] = (),
    ) -> Reservation:
        """Set a sum aside, unless `admit` raises for what others have set aside."""
        return self._catalog.reservations.make(
            wanted, lambda others: admit(self._counting(others)), instead_of=instead_of
        )

    def reduce(self, left: Reservation) -> None:
        """The holder has only so much set aside still."""
        self._catalog.reservations.reduce(left)

    def release(self, *holders: str) -> None:
        """Nothing is set aside for these holders any more."""
        for holder in holders:
            self._catalog.reservations.release(holder)

    def _counting(self, made: Iterable[Reservation]) -> list[Reservation]:
        """Leases are read after the reservations: a run takes its lease first, and gives it back last."""
        every = list(made)
        if not every:
            return []
        leases = self._catalog.leases.held(prefix=PREFIX)
        batches = self._catalog.batches.get_many(batches_of(every)).values()
        return counting(
            every,
            live_leases={lease.name for lease in leases if not is_dead(lease)},
            open_batches={batch.batch_id for batch in batches if batch.status in _ON_THEIR_WAY},
            now=time.time(),
        )
