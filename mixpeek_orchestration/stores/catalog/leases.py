"""Leases in SQL: every change is one statement that only succeeds for whoever may make it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row, case, delete, select, update

from mixpeek_orchestration.core.ports.leases import Lease
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import read, written
from mixpeek_orchestration.stores.catalog.schema import leases
from mixpeek_orchestration.stores.catalog.statements import inserting


class SqlLeases:
    """The `LeaseCatalog` in SQL. `clock` gives seconds since the epoch."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def acquire(
        self, name: str, *, owner: str, ttl_s: float, payload: Mapping[str, Any] | None = None
    ) -> Lease | None:
        """The lease, also when `owner` has it (without a payload it keeps the old one); `None` when another has."""
        moment = self._clock()
        row = {
            "name": name,
            "owner": owner,
            "expires_at": moment + ttl_s,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "payload": written(dict(payload or {})),
        }
        with self._database.writing() as connection:
            offer = inserting(connection, leases).values(row)
            may_take = (leases.c.owner == owner) | (leases.c.expires_at <= moment)
            taken = {key: offer.excluded[key] for key in row if key != "name"}
            if payload is None:
                mine = leases.c.owner == owner
                taken["payload"] = case((mine, leases.c.payload), else_=offer.excluded.payload)
            offer = offer.on_conflict_do_update(index_elements=["name"], set_=taken, where=may_take)
            if not connection.execute(offer).rowcount:
                return None
            return _lease(connection.execute(select(leases).where(leases.c.name == name)).one())

    def renew(self, name: str, *, owner: str, ttl_s: float) -> bool:
        """Move the expiry; `False` when another owner took the lease or it was released."""
        mine = (leases.c.name == name) & (leases.c.owner == owner)
        statement = update(leases).where(mine).values(expires_at=self._clock() + ttl_s)
        with self._database.writing() as connection:
            return connection.execute(statement).rowcount > 0

    def release(self, name: str, *, owner: str) -> bool:
        """Give the lease back; `False` when `owner` did not have it."""
        mine = (leases.c.name == name) & (leases.c.owner == owner)
        with self._database.writing() as connection:
            return connection.execute(delete(leases).where(mine)).rowcount > 0

    def held(self, *, prefix: str = "") -> list[Lease]:
        """Leases that were not released, by name; expired ones too, for whoever looks for dead owners."""
        statement = select(leases).where(leases.c.name.startswith(prefix, autoescape=True))
        with self._database.reading() as connection:
            return [_lease(row) for row in connection.execute(statement.order_by(leases.c.name))]


def _lease(row: Row[Any]) -> Lease:
    return Lease(row.name, row.owner, row.expires_at, row.host, row.pid, read(row.payload))
