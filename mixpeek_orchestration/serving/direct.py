"""Replicas that also listen themselves, so that a query need not pass through Serve's proxy.

Ray Serve calls it direct ingress: a replica of an application has a port of its own beside the proxy's, answers there only
under its application's route, counts those requests among the others, and finishes them before it stops. An answer that
came through the proxy says where that is; whoever asks again may go there, and comes back to the proxy when nobody
answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

LOOPBACK: Final = "127.0.0.1"
HEADER: Final = "x-mixpeek-direct"
_LOWEST: Final = "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT"
_HIGHEST: Final = "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT"

DIRECT_ENVIRONMENT: Final[Mapping[str, str]] = {
    "RAY_SERVE_ENABLE_DIRECT_INGRESS": "1",
    # Below the ports that the system gives to outgoing connections. Clusters of one machine share them: a port that is
    # taken is passed over.
    _LOWEST: "31000",
    _HIGHEST: "31999",
    # Meant for load balancers that look every few seconds; callers here learn from a refused connection.
    "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.5",
}
"""What the processes of a Ray cluster need in their environment before Serve starts on it."""


def own_port() -> int | None:
    """Where this process listens as a replica, `None` where it does not or that cannot be told."""
    if os.environ.get("RAY_SERVE_ENABLE_DIRECT_INGRESS") != "1" or _LOWEST not in os.environ:
        return None
    import psutil

    ports = range(int(os.environ[_LOWEST]), int(os.environ[_HIGHEST]) + 1)
    connections = psutil.Process().net_connections(kind="tcp")
    return port_among((one.laddr for one in connections if one.status == psutil.CONN_LISTEN), ports)


def port_among(listening: Iterable[Any], ports: range) -> int | None:
    """The one of `ports` that is listened on over loopback, `None` without one or with several."""
    found = {one.port for one in listening if one.ip == LOOPBACK and one.port in ports}
    return found.pop() if len(found) == 1 else None


def is_alone(serve_config: Mapping[str, Any]) -> bool:
    """Whether an endpoint has one replica at all times. With more, the proxy is what spreads the requests."""
    return (
        not {"min_replicas", "max_replicas"} & set(serve_config)
        and int(serve_config.get("num_replicas", 1)) <= 1
    )
