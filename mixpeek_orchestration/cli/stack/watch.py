"""Looks at the services, once or until all are healthy."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mixpeek_orchestration.cli.stack.health import trouble_of
from mixpeek_orchestration.cli.stack.keeper import Held, Keeper
from mixpeek_orchestration.cli.stack.logs import last_lines, log_of
from mixpeek_orchestration.cli.stack.services import Service, Stack
from mixpeek_orchestration.cli.stack.status import ServiceStatus, all_healthy, judge, restarts, summary
from mixpeek_orchestration.core.errors import Broken, NotReady

HEALTHY_WITHIN_S = 300.0
MOST_PROCESSES = 3
POLL_S = 0.3
SHOWN_LINES = 15


def look(stack: Stack, keeper: Keeper) -> list[ServiceStatus]:
    """The status of every service now."""
    held = keeper.held()
    with ThreadPoolExecutor(max_workers=len(stack.services)) as pool:
        return list(
            pool.map(lambda service: _look_at(stack, service, held.get(service.name)), stack.services)
        )


def _look_at(stack: Stack, service: Service, held: Held | None) -> ServiceStatus:
    running = held is not None and held.state == "RUNNING"
    since = time.time() - held.uptime_s if held else 0.0
    trouble = trouble_of(service.name, stack.settings, since=since) if running else None
    return judge(service, held, trouble)


def wait_until_healthy(
    stack: Stack, keeper: Keeper, healthy: Callable[[ServiceStatus], None]
) -> list[ServiceStatus]:
    """All services are healthy; calls back once for each. Raises when one dies again and again or takes too long."""
    told: set[str] = set()
    pids: dict[str, set[int]] = defaultdict(set)
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while True:
        statuses = look(stack, keeper)
        for status in statuses:
            if status.pid:
                pids[status.name].add(status.pid)
            if status.healthy and status.name not in told:
                told.add(status.name)
                healthy(status)
        if all_healthy(statuses):
            return statuses
        _refuse_hopeless(stack, statuses, restarts(pids, MOST_PROCESSES))
        if time.monotonic() > deadline:
            raise NotReady(f"The stack is not healthy after {HEALTHY_WITHIN_S:.0f} s: {describe(statuses)}")
        time.sleep(POLL_S)


def _refuse_hopeless(stack: Stack, statuses: Sequence[ServiceStatus], restarting: Sequence[str]) -> None:
    for status in statuses:
        if status.given_up or (status.name in restarting and not status.healthy):
            lines = last_lines(log_of(stack.layout, status.name), SHOWN_LINES)
            raise Broken(
                f"{status.name} does not stay up. Its log ends with:\n" + "\n".join(lines),
                value=status.name,
                fix=f"Read all of it with `mixpeek logs {status.name}`.",
            )


def describe(statuses: Sequence[ServiceStatus]) -> str:
    """What is wrong with each service that is not healthy."""
    wrong = [f"{status.name} {status.trouble}" for status in statuses if not status.healthy]
    return "; ".join(wrong) or summary(statuses)
