"""Money that is set aside: what a run may spend and has not spent yet counts against a budget, as long as it can."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

OF_BATCH: Final = "batch:"
"""Begins the holder of what is set aside for a submitted batch until its run takes over."""
GRACE_S: Final = 60.0
"""A batch is priced before it is submitted. Within this time it is, or will not be."""


@dataclass(frozen=True)
class Reservation:
    """So many dollars for a holder: the name of a run's lease, or `batch:<id>`. `since` is in seconds since the epoch."""

    holder: str
    namespace_id: str
    usd: float
    since: float = 0.0

    @property
    def subject(self) -> str:
        """Whom it is for, as people know it."""
        kind, _, identifier = self.holder.partition(":")
        return f"{kind} {identifier.partition('/')[0]}"


def of_batch(batch_id: str) -> str:
    """The holder of what is set aside for a submitted batch."""
    return f"{OF_BATCH}{batch_id}"


def batches_of(reservations: Iterable[Reservation]) -> list[str]:
    """The ids of the batches for which something is set aside."""
    return [r.holder.removeprefix(OF_BATCH) for r in reservations if r.holder.startswith(OF_BATCH)]


def counting(
    reservations: Iterable[Reservation],
    *,
    live_leases: AnyOf[str],
    open_batches: AnyOf[str],
    now: float,
) -> list[Reservation]:
    """Those whose holder can still spend: a run whose lease is alive, a batch that is on its way or being submitted."""
    return [
        one
        for one in reservations
        if one.holder in live_leases
        or (
            one.holder.startswith(OF_BATCH)
            and (one.holder.removeprefix(OF_BATCH) in open_batches or now - one.since < GRACE_S)
        )
    ]
