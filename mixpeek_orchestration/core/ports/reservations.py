"""The port to what is set aside for runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from mixpeek_orchestration.core.spending.reservation import Reservation


class ReservationCatalog(Protocol):
    """What holders have set aside; each has at most one reservation."""

    def make(
        self,
        wanted: Reservation,
        admit: Callable[[list[Reservation]], None],
        *,
        instead_of: Sequence[str] = (),
    ) -> Reservation:
        """Set a sum aside for a holder, in place of what it and the holders `instead_of` had, unless `admit` raises.

        `admit` is given what everybody else in the namespace has set aside. It may read and must not write: nobody makes
        or reduces a reservation there until it has decided. A sum of nothing leaves no reservation.
        """

    def of(self, namespace_id: str) -> list[Reservation]:
        """Everything that is set aside, oldest first; also for holders that are dead."""

    def reduce(self, left: Reservation) -> None:
        """The holder has only so much set aside still; one that has nothing set aside any more stays without."""

    def release(self, holder: str) -> bool:
        """Nothing is set aside for the holder any more; `False` when nothing was."""
