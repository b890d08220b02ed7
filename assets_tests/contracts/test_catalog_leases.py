"""The contract of `LeaseCatalog`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.leases import LeaseCatalog
from mixpeek_orchestration.stores.catalog import open_catalog


@pytest.fixture
def leases(catalog: Catalog) -> LeaseCatalog:
    """The leases of an empty catalog."""
    return catalog.leases


def test_a_lease_has_one_owner(leases: LeaseCatalog) -> None:
    """While a lease runs no one else gets it; its owner may ask again, which moves its expiry."""
    first = leases.acquire("table:1", owner="a", ttl_s=60, payload={"run": "r"})
    assert first is not None
    assert (first.owner, first.host, first.pid, first.payload) == (
        "a",
        socket.gethostname(),
        os.getpid(),
        {"run": "r"},
    )
    assert first.expires_at == pytest.approx(time.time() + 60, abs=30)
    assert leases.acquire("table:1", owner="b", ttl_s=60) is None
    again = leases.acquire("table:1", owner="a", ttl_s=600)
    assert again is not None
    assert again.expires_at > first.expires_at
    assert again.payload == {"run": "r"}
    assert leases.acquire("table:2", owner="b", ttl_s=60) is not None


def test_an_expired_lease_can_be_taken(leases: LeaseCatalog) -> None:
    """Anyone gets an expired lease, with their own payload; who had it has lost it."""
    leases.acquire("table:1", owner="a", ttl_s=-1, payload={"of": "a"})
    taken = leases.acquire("table:1", owner="b", ttl_s=60)
    assert taken is not None
    assert (taken.owner, taken.payload) == ("b", {})
    assert not leases.renew("table:1", owner="a", ttl_s=60)
    assert not leases.release("table:1", owner="a")
    assert leases.acquire("table:1", owner="a", ttl_s=60) is None


def test_renewing_moves_the_expiry(leases: LeaseCatalog) -> None:
    """A renewal moves the expiry, also of an expired lease that no one took; a released one is lost."""
    leases.acquire("table:1", owner="a", ttl_s=-1)
    assert leases.renew("table:1", owner="a", ttl_s=60)
    assert leases.acquire("table:1", owner="b", ttl_s=60) is None
    assert leases.release("table:1", owner="a")
    assert not leases.release("table:1", owner="a")
    assert not leases.renew("table:1", owner="a", ttl_s=60)


def test_held_leases_are_found_by_prefix(leases: LeaseCatalog) -> None:
    """The list has the leases with a prefix taken literally, expired ones included, by name."""
    for name in ("run:2", "run:1", "run_3", "table:1", "100%"):
        leases.acquire(name, owner="a", ttl_s=60)
    leases.acquire("run:0", owner="dead", ttl_s=-1)
    assert [lease.name for lease in leases.held(prefix="run:")] == ["run:0", "run:1", "run:2"]
    assert [lease.name for lease in leases.held(prefix="run_")] == ["run_3"]
    assert [lease.name for lease in leases.held(prefix="1%")] == []
    assert len(leases.held()) == 6


def test_of_racing_threads_one_gets_the_lease(leases: LeaseCatalog) -> None:
    """Of sixteen threads that ask at once for a free lease exactly one gets it."""
    barrier, got = threading.Barrier(16), []

    def ask(owner: str) -> None:
        barrier.wait()
        if leases.acquire("table:1", owner=owner, ttl_s=60):
            got.append(owner)

    threads = [threading.Thread(target=ask, args=(f"owner {number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [leases.held()[0].owner]


_RACER = """
import sys
from mixpeek_orchestration.stores.catalog import open_catalog
leases = open_catalog(sys.argv[1]).leases
print("ready", flush=True)
sys.stdin.readline()
won = [n for n in range(int(sys.argv[3])) if leases.acquire(f"expired:{n}", owner=sys.argv[2], ttl_s=60)]
print(*won, flush=True)
"""


def _start_racer(url: str, owner: str, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _RACER, url, owner, str(rounds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_of_racing_processes_one_gets_each_lease(catalog_url: str) -> None:
    """Two processes that go for the same expired leases at once never both get one, and leave none."""
    rounds = 50
    catalog = open_catalog(catalog_url)
    for number in range(rounds):
        catalog.leases.acquire(f"expired:{number}", owner="dead", ttl_s=-1)
    racers = [_start_racer(catalog_url, owner, rounds) for owner in ("a", "b")]
    assert [racer.stdout.readline() for racer in racers] == ["ready\n", "ready\n"]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [{int(number) for number in racer.communicate(timeout=60)[0].split()} for racer in racers]
    assert won[0] | won[1] == set(range(rounds))
    assert not won[0] & won[1]
    owners = {int(lease.name.split(":")[1]): lease.owner for lease in catalog.leases.held()}
    assert owners == {n: "a" if n in won[0] else "b" for n in range(rounds)}
    catalog.close()
