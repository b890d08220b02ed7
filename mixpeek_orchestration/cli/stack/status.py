"""Judges what the keeper says and what the services answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixpeek_orchestration.cli.stack.keeper import Held
from mixpeek_orchestration.cli.stack.services import Service

STATES = {
    "RUNNING": "running",
    "STARTING": "starting",
    "BACKOFF": "restarting",
    "STOPPING": "stopping",
    "STOPPED": "stopped",
    "EXITED": "stopped",
    "FATAL": "failed",
}


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `mixpeek status`."""

    name: str
    state: str
    pid: int | None
    uptime_s: int
    address: str
    healthy: bool
    trouble: str | None

    @property
    def given_up(self) -> bool:
        """The keeper does not try to start it any more."""
        return self.state == "failed"


def judge(service: Service, held: Held | None, trouble: str | None) -> ServiceStatus:
    """The status of a service. One that the keeper does not run is not healthy, whoever answers at its address."""
    if held is None:
        return ServiceStatus(service.name, "stopped", None, 0, service.address, False, "no keeper runs")
    state = STATES.get(held.state, held.state.lower())
    running = held.state == "RUNNING"
    said = trouble if running else (held.note or f"is {state}")
    return ServiceStatus(
        service.name, state, held.pid, held.uptime_s, service.address, running and trouble is None, said
    )


def all_healthy(statuses: Sequence[ServiceStatus]) -> bool:
    """Whether the stack does its work."""
    return bool(statuses) and all(status.healthy for status in statuses)


def summary(statuses: Sequence[ServiceStatus]) -> str:
    """One sentence about the whole."""
    down = [status.name for status in statuses if not status.healthy]
    if not down:
        return f"all {len(statuses)} services are healthy"
    if len(down) == len(statuses) and all(status.pid is None for status in statuses):
        return "the stack is down; start it with `mixpeek up`"
    return f"not healthy: {', '.join(down)}"


def restarts(seen: Mapping[str, set[int]], limit: int) -> list[str]:
    """The services that needed more processes than the limit since we started to look."""
    return [name for name, pids in seen.items() if len(pids) > limit]
