"""The corpus of escapes against a bare worker: nothing gets out, and the worker (or its successor) still serves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assets_tests.isolation import attacks
from assets_tests.isolation.conftest import ATTACKS, World
from mixpeek_orchestration.core.errors import MixpeekError, WorkerDied
from mixpeek_orchestration.extractors.jailed.assets import AssetDoor
from mixpeek_orchestration.extractors.jailed.platform import confined_tools, fetched_model
from mixpeek_orchestration.extractors.jailed.urls import asset_policy
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.paths import package_root
from mixpeek_orchestration.isolation.worker import Access, Worker

LIMITS = Limits(call_s=30.0, resident_bytes=256 << 20, file_bytes=1 << 20, threads=32, frame_bytes=1 << 20)


@dataclass
class Prison:
    """A worker that attacks, and the world around it."""

    worker: Worker
    world: World
    calls: int = 0

    def attack(self, name: str) -> object:
        given = self.worker.assets / "given"
        given.write_text("given")
        self.calls += 1
        world = self.world.described(number=self.calls, given=str(given), file_bytes=LIMITS.file_bytes)
        return self.worker.call("attack", name=name, world=world)


@contextmanager
def imprisoned(world: World, level: Level, limits: Limits = LIMITS) -> Iterator[Prison]:
    """A worker with all that a package gets: a broker that reads assets, runs tools and finds models."""
    services: dict[str, Callable[..., object]] = {"wait": lambda: None}
    access = Access(
        readable=(ATTACKS.parent,),
        broker=services,
        environment={"PYTHONPATH": f"{package_root().parent}:{ATTACKS.parent}"},
    )
    worker = Worker("attacks:Attacker", level=level, limits=limits, access=access)
    policy = asset_policy({"url": str(world.store)}, internet=level is not Level.UNTRUSTED)
    services["download"] = AssetDoor(policy, worker.assets, LIMITS.file_bytes).download
    services["run_tool"] = confined_tools(worker, ATTACKS.parent)
    services["prefetch_model"] = fetched_model(online=False)
    worker.start()
    try:
        yield Prison(worker, world)
    finally:
        worker.close()


@pytest.fixture(scope="module", params=[Level.UNTRUSTED, Level.REVIEWED])
def shared(world: World, request: pytest.FixtureRequest) -> Iterator[Prison]:
    """One worker of each level for all that must not even end it."""
    with imprisoned(world, request.param) as prison:
        yield prison


@pytest.fixture
def prison(world: World) -> Iterator[Prison]:
    """A worker of its own."""
    with imprisoned(world, Level.UNTRUSTED, replace(LIMITS, call_s=3.0)) as prison:
        yield prison


@pytest.mark.parametrize("name", attacks.DENIED)
def test_what_reaches_out_is_denied(shared: Prison, name: str) -> None:
    """The attack gets an error, or costs its own process; it gets nothing, and nothing outside has changed."""
    with pytest.raises((OSError, MixpeekError)):
        shared.attack(name)
    assert shared.world.is_untouched()
    assert shared.worker.call("ping") == "pong"


@pytest.mark.parametrize(
    "name", ["read_secret", "parent_environment", "own_port", "unix_socket", "shell", "credentials"]
)
def test_the_attacks_are_real(world: World, name: str) -> None:
    """In a trusted worker they succeed: it is the jail that denies them."""
    with imprisoned(world, Level.TRUSTED) as prison:
        prison.attack(name)
        _drain(world)


@pytest.mark.parametrize("name", attacks.DEADLY)
def test_what_ends_a_worker_ends_only_that_worker(prison: Prison, name: str) -> None:
    """The call fails with the reason, the process is gone, and the next call finds a new worker."""
    first = prison.worker.pid
    with pytest.raises(WorkerDied) as died:
        prison.attack(name)
    assert died.value.value in {"signal", "exit", "time", "memory", "threads", "disk", "protocol"}
    assert prison.worker.call("ping") == "pong"
    assert prison.worker.pid != first
    assert not Path(f"/proc/{first}").exists()
    assert prison.world.is_untouched()


@pytest.mark.parametrize("name", attacks.FAILING)
def test_what_goes_too_far_fails_inside(shared: Prison, name: str) -> None:
    """The call fails, and the same worker serves the next one."""
    first = shared.worker.pid
    with pytest.raises((Exception, SystemExit)) as failed:
        shared.attack(name)
    assert not isinstance(failed.value, WorkerDied)
    assert shared.worker.call("ping") == "pong"
    assert shared.worker.pid == first


@pytest.mark.parametrize("name", attacks.HARMLESS)
def test_what_is_answered_with_success_has_no_effect(shared: Prison, name: str) -> None:
    """Modes, owners, times, priorities and processors outside are as they were, and output is thrown away."""
    before = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)
    assert shared.attack(name) is None
    assert (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)) == before
    assert shared.world.is_untouched()


def _drain(world: World) -> None:
    """Takes what has arrived, so that the next test finds nothing."""
    for listening in (world.listener, world.local):
        with suppress(BlockingIOError):
            listening.accept()[0].close()
