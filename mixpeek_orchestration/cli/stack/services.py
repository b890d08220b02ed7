"""What a stack consists of, as data: each service's address, what it needs, and how long it may take to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.serving.direct import DIRECT_ENVIRONMENT
from mixpeek_orchestration.settings import Settings

LOOPBACK = "127.0.0.1"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Service:
    """One process that the keeper holds up."""

    name: str
    address: str = ""
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_s: int = 10


@dataclass(frozen=True)
class Stack:
    """One home, its settings and its services in the order in which they start."""

    settings: Settings
    layout: Layout
    services: tuple[Service, ...]

    def service(self, name: str) -> Service:
        """The service of that name; `KeyError` when there is none."""
        return {service.name: service for service in self.services}[name]


def plan_stack(settings: Settings) -> Stack:
    """The stack of these settings. An address of another Ray cluster means that none is started here."""
    own_ray = [ray_head(settings)] if has_own_ray(settings) else []
    services = (*own_ray, code_server(settings), webserver(settings), daemon(), api(settings))
    return Stack(settings, Layout(settings.root), services)


def has_own_ray(settings: Settings) -> bool:
    """Whether the Ray cluster is this stack's own, and not one that the settings point to."""
    return settings.ray_address in ("", own_ray_address(settings))


def own_ray_address(settings: Settings) -> str:
    """The address of the Ray head that the stack starts."""
    return f"{LOOPBACK}:{settings.ray_port}"


def ray_head(settings: Settings) -> Service:
    """The one Ray node. Ray gives its workers as many threads as they reserve cores, so no number is set here.

    With Serve's actors it never ends by itself, so its grace is short; nothing of a local session is kept anyway.
    """
    hook = {"RAY_START_HOOK": "mixpeek_orchestration.cli.stack.ray_head.slim"}
    return Service("ray", own_ray_address(settings), environment={**hook, **DIRECT_ENVIRONMENT}, grace_s=5)


def code_server(settings: Settings) -> Service:
    """The process that holds the definitions and starts the runs."""
    return Service("code-server", f"{LOOPBACK}:{settings.code_server_port}")


def webserver(settings: Settings) -> Service:
    """The Dagster UI and its GraphQL API."""
    return Service("webserver", webserver_url(settings), needs=("code-server",), environment=ONE_THREAD)


def daemon() -> Service:
    """Sensors, schedules and the run queue."""
    return Service("daemon", needs=("code-server",), environment=ONE_THREAD)


def api(settings: Settings) -> Service:
    """The HTTP API."""
    return Service("api", api_url(settings), environment=ONE_THREAD)


def api_url(settings: Settings) -> str:
    """Where a client on this machine finds the API."""
    return f"http://{reachable(settings.host)}:{settings.api_port}"


def webserver_url(settings: Settings) -> str:
    """Where a browser on this machine finds the Dagster UI."""
    return f"http://{reachable(settings.host)}:{settings.webserver_port}"


def reachable(host: str) -> str:
    """An address that can be connected to, for one that may mean every interface."""
    if host in ("0.0.0.0", ""):
        return LOOPBACK
    return f"[{host}]" if ":" in host else host
