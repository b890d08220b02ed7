"""Holding leases: renewed in the background, released at the end, watched for loss, taken over from the dead."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mixpeek_orchestration.core.errors import LeaseHeld
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.leases import Lease, LeaseCatalog

TTL_S = 30.0
_POLL_S = 0.2


@dataclass
class HeldLease:
    """A lease that a thread keeps alive. `check()` before every write that depends on it."""

    lease: Lease
    lost: threading.Event = field(default_factory=threading.Event)
    valid_until: float = float("inf")

    def check(self) -> None:
        """Raises `LeaseHeld` when the lease was lost: another process may be writing now."""
        if self.lost.is_set() or time.monotonic() > self.valid_until:
            raise LeaseHeld(
                f"The lease {self.lease.name!r} was lost while it was in use.",
                value=self.lease.name,
                fix="Run again: what was committed stays.",
            )


@contextmanager
def hold(
    leases: LeaseCatalog, name: str, *, wait_s: float = 0.0, ttl_s: float = TTL_S
) -> Iterator[HeldLease]:
    """Hold a lease for the length of the block, waiting up to `wait_s` for it; raises `LeaseHeld`."""
    owner = random_id("own")
    held = HeldLease(_acquired(leases, name, owner, wait_s=wait_s, ttl_s=ttl_s))
    held.valid_until = time.monotonic() + ttl_s
    stop = threading.Event()
    beat = threading.Thread(
        target=_keep, args=(leases, held, owner, ttl_s, stop), name=f"lease-{name}", daemon=True
    )
    beat.start()
    try:
        yield held
    finally:
        stop.set()
        beat.join()
        leases.release(name, owner=owner)


def is_dead(lease: Lease) -> bool:
    """Whether a lease has expired, or its process on this host has ended (a reused pid has another start time)."""
    if lease.expires_at < time.time():
        return True
    return lease.host == socket.gethostname() and _started(lease.pid) != lease.payload.get("started")


def _started(pid: int) -> float | None:
    """When a live process started; `None` when there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _acquired(leases: LeaseCatalog, name: str, owner: str, *, wait_s: float, ttl_s: float) -> Lease:
    deadline = time.monotonic() + wait_s
    process = {"started": _started(os.getpid())}
    while True:
        lease = leases.acquire(name, owner=owner, ttl_s=ttl_s, payload=process)
        if lease is not None:
            return lease
        if _bury_the_dead(leases, name):
            continue
        if time.monotonic() >= deadline:
            raise LeaseHeld(
                f"{name!r} is in use by another process.",
                value=name,
                fix="Wait for it to end; the lease of a dead process expires by itself.",
                retry_after_s=ttl_s,
            )
        time.sleep(_POLL_S)


def _bury_the_dead(leases: LeaseCatalog, name: str) -> bool:
    """Release the lease when its holder has died; releasing names the owner, so a living one cannot lose it."""
    return any(
        leases.release(name, owner=lease.owner)
        for lease in leases.held(prefix=name)
        if lease.name == name and is_dead(lease)
    )


def _keep(leases: LeaseCatalog, held: HeldLease, owner: str, ttl_s: float, stop: threading.Event) -> None:
    renewed_at = time.monotonic()
    while not stop.wait(ttl_s / 5):
        try:
            alive = leases.renew(held.lease.name, owner=owner, ttl_s=ttl_s)
        except Exception:  # noqa: BLE001 - a catalog that is briefly away must not kill the heartbeat
            alive = time.monotonic() - renewed_at < ttl_s
        else:
            renewed_at = time.monotonic()
            held.valid_until = renewed_at + ttl_s
        if not alive:
            held.lost.set()
            return
