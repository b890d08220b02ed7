"""Reservations in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from mixpeek_orchestration.core.spending.reservation import Reservation


class MemoryReservations:
    """The `ReservationCatalog` in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._made: dict[str, Reservation] = {}

    def make(
        self,
        wanted: Reservation,
        admit: Callable[[list[Reservation]], None],
        *,
        instead_of: Sequence[str] = (),
    ) -> Reservation:
        """Set a sum aside unless `admit`, which is given what others have set aside, raises."""
        made = replace(wanted, since=wanted.since or self._clock())
        own = {wanted.holder, *instead_of}
        with self._lock:
            admit([one for one in self.of(wanted.namespace_id) if one.holder not in own])
            for holder in own:
                self._made.pop(holder, None)
            if made.usd > 0.0:
                self._made[made.holder] = made
        return made

    def of(self, namespace_id: str) -> list[Reservation]:
        """Everything that is set aside, oldest first."""
        with self._lock:
            found = [one for one in self._made.values() if one.namespace_id == namespace_id]
        return sorted(found, key=lambda one: (one.since, one.holder))

    def reduce(self, left: Reservation) -> None:
        """The holder has only so much set aside still."""
        with self._lock:
            old = self._made.pop(left.holder, None)
            if old is not None and left.usd > 0.0:
                self._made[left.holder] = replace(old, usd=left.usd)

    def release(self, holder: str) -> bool:
        """Nothing is set aside for the holder any more; `False` when nothing was."""
        with self._lock:
            return self._made.pop(holder, None) is not None
