"""Up, down and status of the stack of one home."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mixpeek_orchestration.cli.stack.environment import stack_environment
from mixpeek_orchestration.cli.stack.keeper import Keeper
from mixpeek_orchestration.cli.stack.keeper_config import render_keeper_config
from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.lock import stack_lock
from mixpeek_orchestration.cli.stack.ports import refuse_taken_ports
from mixpeek_orchestration.cli.stack.prepare import prepare
from mixpeek_orchestration.cli.stack.processes import end, marked
from mixpeek_orchestration.cli.stack.ray_head import forget_sessions
from mixpeek_orchestration.cli.stack.record import (
    read_record,
    record_of,
    refuse_other_ports,
    write_private,
    write_record,
)
from mixpeek_orchestration.cli.stack.services import Stack, plan_stack
from mixpeek_orchestration.cli.stack.status import ServiceStatus
from mixpeek_orchestration.cli.stack.watch import look, wait_until_healthy
from mixpeek_orchestration.engine.ray_cluster import ray_environment
from mixpeek_orchestration.settings import Settings

GRACE_S = 10.0
POLL_S = 0.1


@dataclass(frozen=True)
class Outcome:
    """How the services are after `up`, and what it had to do for that; nothing when all was well."""

    statuses: list[ServiceStatus]
    did: str | None


def up(
    settings: Settings, *, say: Callable[[str], None], healthy: Callable[[ServiceStatus], None]
) -> Outcome:
    """Every service of this home is healthy, and there is one stack of it."""
    stack = plan_stack(settings)
    with stack_lock(stack.layout):
        keeper = Keeper(stack.layout)
        did = _revive(stack, keeper) if keeper.pid() else _start(stack, keeper, say)
        before = look(stack, keeper)
        if did is None and all(status.healthy for status in before):
            return Outcome(before, None)
        return Outcome(
            wait_until_healthy(stack, keeper, healthy), did or "waited until all services were healthy"
        )


def _revive(stack: Stack, keeper: Keeper) -> str | None:
    """What the running keeper had given up on is starting again."""
    if running := read_record(stack.layout):
        refuse_other_ports(stack.settings, running)
    ours = {process.pid for process in marked(stack.layout.stack_id)}
    refuse_taken_ports(stack.settings, ours=ours)
    revived = keeper.revive()
    return f"started {', '.join(revived)} again" if revived else None


def _start(stack: Stack, keeper: Keeper, say: Callable[[str], None]) -> str:
    """A new keeper starts everything, after what a killed one left behind has ended."""
    if left := end_everything(stack.layout):
        say(f"ended {left} processes that an earlier stack of this home left behind")
    refuse_taken_ports(stack.settings, ours=())
    say(f"preparing {stack.layout.root}")
    prepare(stack)
    write_record(stack.layout, record_of(stack.settings))
    write_private(stack.layout.keeper_config, render_keeper_config(stack))
    say(f"starting {', '.join(service.name for service in stack.services)}")
    keeper.start(environment_of(stack))
    return "started the stack"


def environment_of(stack: Stack) -> dict[str, str]:
    """The environment of all processes of the stack."""
    ray = ray_environment(stack.layout.root)
    return stack_environment(stack.settings, stack.layout, inherited=os.environ, ray=ray)


def down(settings: Settings) -> int:
    """No process and no socket of this home's stack is left. Returns how many processes there were."""
    stack = plan_stack(settings)
    if not stack.layout.folder.exists():
        return 0
    with stack_lock(stack.layout):
        running = len(marked(stack.layout.stack_id))
        _shut_keeper_down(stack, Keeper(stack.layout))
        end_everything(stack.layout)
        return running


def _shut_keeper_down(stack: Stack, keeper: Keeper) -> None:
    """The keeper ended its services in order and itself, or had its time for that."""
    pid = keeper.pid()
    if pid is None:
        return
    keeper.shut_down()
    deadline = time.monotonic() + sum(service.grace_s for service in stack.services) + GRACE_S
    while time.monotonic() < deadline and any(p.pid == pid for p in marked(stack.layout.stack_id)):
        time.sleep(POLL_S)


def end_everything(layout: Layout) -> int:
    """No marked process is left, run workers and orphans included, and the sockets are gone."""
    ended = end(lambda: marked(layout.stack_id), grace_s=GRACE_S)
    ray_folder = Path(ray_environment(layout.root)["RAY_TMPDIR"])
    forget_sessions(layout, ray_folder)
    for folder in (ray_folder, layout.runtime):
        shutil.rmtree(folder, ignore_errors=True)
    return ended


def status(settings: Settings) -> list[ServiceStatus]:
    """How every service of this home is doing."""
    stack = plan_stack(settings)
    return look(stack, Keeper(stack.layout))
