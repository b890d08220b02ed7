"""Reservations in SQL: whoever sets money aside in a namespace does so while no one else can."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from mixpeek_orchestration.core.spending.reservation import Reservation
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.reservations_schema import reservations


class SqlReservations:
    """The `ReservationCatalog` in SQL. `clock` gives seconds since the epoch."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

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
        with self._database.writing() as connection:
            _take_turns(connection, wanted.namespace_id)
            admit([one for one in _of(connection, wanted.namespace_id) if one.holder not in own])
            connection.execute(delete(reservations).where(reservations.c.holder.in_(own)))
            if made.usd > 0.0:
                connection.execute(insert(reservations).values(asdict(made)))
        return made

    def of(self, namespace_id: str) -> list[Reservation]:
        """Everything that is set aside, oldest first."""
        with self._database.reading() as connection:
            return _of(connection, namespace_id)

    def reduce(self, left: Reservation) -> None:
        """The holder has only so much set aside still."""
        if left.usd <= 0.0:
            self.release(left.holder)
            return
        mine = update(reservations).where(reservations.c.holder == left.holder)
        with self._database.writing() as connection:
            _take_turns(connection, left.namespace_id)
            connection.execute(mine.values(usd=left.usd))

    def release(self, holder: str) -> bool:
        """Nothing is set aside for the holder any more; `False` when nothing was."""
        with self._database.writing() as connection:
            gone = delete(reservations).where(reservations.c.holder == holder)
            return connection.execute(gone).rowcount > 0


def _take_turns(connection: Connection, namespace_id: str) -> None:
    """Until this transaction ends, no other one gets past here for the same namespace; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        key = func.hashtextextended(literal(f"reservations of {namespace_id}"), 0)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def _of(connection: Connection, namespace_id: str) -> list[Reservation]:
    statement = select(reservations).where(reservations.c.namespace_id == namespace_id)
    ordered = statement.order_by(reservations.c.since, reservations.c.holder)
    return [Reservation(**row._mapping) for row in connection.execute(ordered)]
