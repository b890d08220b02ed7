"""Asks each service whether it does its work. The answer is what is wrong, or None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from mixpeek_orchestration.cli.stack.launch import accepts
from mixpeek_orchestration.cli.stack.services import LOOPBACK, api_url, webserver_url
from mixpeek_orchestration.settings import Settings

TIMEOUT_S = 5.0
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus
  locationOrLoadError { ... on PythonError { message } } } } } }"""
DAEMONS = (
    "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy lastHeartbeatTime } } } }"
)


def trouble_of(name: str, settings: Settings, *, since: float) -> str | None:
    """What is wrong with a service that has been running since then; None when it is healthy."""
    try:
        return CHECKS[name](settings, since)
    except httpx.HTTPError as error:
        return f"does not answer: {type(error).__name__}"


def _ray(settings: Settings, since: float) -> str | None:  # noqa: ARG001 - one signature for all checks
    # The node's agent answers this without the cluster's token.
    answer = _get(f"http://{LOOPBACK}:{settings.ray_agent_port}/api/local_raylet_healthz")
    return None if answer.status_code == httpx.codes.OK else f"raylet: {answer.text[:100]}"


def _code_server(settings: Settings, since: float) -> str | None:  # noqa: ARG001 - one signature for all checks
    return None if accepts(LOOPBACK, settings.code_server_port) else "does not listen yet"


def _webserver(settings: Settings, since: float) -> str | None:  # noqa: ARG001 - one signature for all checks
    return trouble_of_locations(_ask(settings, LOCATIONS))


def _daemon(settings: Settings, since: float) -> str | None:
    try:
        return trouble_of_daemons(_ask(settings, DAEMONS), since)
    except httpx.HTTPError:
        return "unknown: the webserver, which is asked for its heartbeats, does not answer"


def _api(settings: Settings, since: float) -> str | None:  # noqa: ARG001 - one signature for all checks
    answer = _get(f"{api_url(settings)}/v1/health")
    return (
        None if answer.status_code == httpx.codes.OK else f"answers {answer.status_code}: {answer.text[:100]}"
    )


CHECKS: dict[str, Callable[[Settings, float], str | None]] = {
    "ray": _ray,
    "code-server": _code_server,
    "webserver": _webserver,
    "daemon": _daemon,
    "api": _api,
}


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=TIMEOUT_S, trust_env=False)  # no proxy stands between us and ourselves


def _ask(settings: Settings, query: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{webserver_url(settings)}/graphql", json={"query": query}, timeout=TIMEOUT_S, trust_env=False
    )
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


def trouble_of_locations(data: dict[str, Any]) -> str | None:
    """What the webserver says is wrong with the definitions."""
    entries = data["workspaceOrError"].get("locationEntries")
    if not entries:
        return "shows no code location"
    for entry in entries:
        if entry["loadStatus"] != "LOADED":
            return f"{entry['name']} is loading"
        if message := (entry["locationOrLoadError"] or {}).get("message"):
            return f"{entry['name']} does not load: {message.strip().splitlines()[-1][:200]}"
    return None


def trouble_of_daemons(data: dict[str, Any], since: float) -> str | None:
    """The daemons that are not healthy, or whose last sign of life is from before this process started."""
    statuses = [
        status for status in data["instance"]["daemonHealth"]["allDaemonStatuses"] if status["required"]
    ]
    silent = [
        status["daemonType"].lower()
        for status in statuses
        if not status["healthy"] or (status["lastHeartbeatTime"] or 0) < since
    ]
    return f"no heartbeat of {', '.join(silent)}" if silent else None
