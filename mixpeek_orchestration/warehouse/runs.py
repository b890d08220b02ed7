"""Runs and their leases: how a dead run is told from a slow one."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mixpeek_orchestration.core.ports.catalog import Lease, LeaseCatalog
from mixpeek_orchestration.warehouse.leases import hold

PREFIX = "run:"


class Runs:
    """The runs that are in progress anywhere, by their leases."""

    def __init__(self, leases: LeaseCatalog) -> None:
        self._leases = leases

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Mark a run as alive for the length of the block."""
        process = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
        with hold(self._leases, f"{PREFIX}{run_id}", payload=process):
            yield

    def dead(self) -> list[Lease]:
        """The leases of runs that have expired, or whose process on this host is gone."""
        return [lease for lease in self._leases.held(prefix=PREFIX) if self.is_dead(lease)]

    def lease(self, run_id: str) -> Lease | None:
        """The lease of a run; `None` when it never took one or has ended."""
        return next((x for x in self._leases.held(prefix=PREFIX) if x.name == f"{PREFIX}{run_id}"), None)

    def bury(self, lease: Lease) -> None:
        """Forget a dead run's lease."""
        self._leases.release(lease.name, owner=lease.owner)

    @staticmethod
    def is_dead(lease: Lease) -> bool:
        """Expired, or its process on this host has ended (a reused pid has another start time)."""
        if lease.expires_at < time.time():
            return True
        here = lease.payload.get("host") == socket.gethostname()
        return here and _started(int(lease.payload["pid"])) != lease.payload.get("started")


def _started(pid: int) -> float | None:
    """When a live process started; `None` when there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
