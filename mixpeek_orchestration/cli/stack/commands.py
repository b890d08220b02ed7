"""The command line of each service. Nothing secret is on one: every user of a machine can read them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from mixpeek_orchestration.cli.stack.ray_head import ray_temp
from mixpeek_orchestration.cli.stack.services import LOOPBACK, Stack
from mixpeek_orchestration.engine.ray_cluster import HeadPorts, head_command

LOCATION = "mixpeek_orchestration"
OBJECT_STORE_BYTES = 1_000_000_000
# Ray insists on a number for the port of the server that `ray_head.slim` takes away.
UNUSED_PORT = 10001


def command_of(name: str, stack: Stack, *, ray_folder: Path) -> list[str]:
    """What to execute for a service."""
    if name == "ray":
        return ray_command(stack, ray_folder)
    commands: dict[str, Callable[[Stack], list[str]]] = {
        "code-server": code_server_command,
        "webserver": webserver_command,
        "daemon": daemon_command,
        "api": api_command,
    }
    return [sys.executable, "-m", *commands[name](stack)]


def ray_command(stack: Stack, ray_folder: Path) -> list[str]:
    """A head without dashboard (150 MB and eleven processes that nothing here asks) on ports that need no range.

    0 means any free port, so that two heads live on one machine.
    """
    ports = HeadPorts(
        gcs=stack.settings.ray_port,
        agent_http=stack.settings.ray_agent_port,
        client=UNUSED_PORT,
        node_manager=0,
        object_manager=0,
        runtime_env_agent=0,
        metrics_export=0,
        agent_grpc=0,
        dashboard=0,
        worker_low=0,
        worker_high=0,
    )
    return head_command(
        ports, temp_folder=str(ray_temp(ray_folder)), object_store_bytes=OBJECT_STORE_BYTES, dashboard=False
    )


def code_server_command(stack: Stack) -> list[str]:
    """Our own code server: it loads definitions anew without a new process."""
    where = ["--host", LOOPBACK, "--port", str(stack.settings.code_server_port)]
    return [f"{LOCATION}.defs.code_server", *where]


def webserver_command(stack: Stack) -> list[str]:
    """The Dagster UI on the address that the settings name."""
    where = ["--host", stack.settings.host, "--port", str(stack.settings.webserver_port)]
    return ["dagster_webserver", "--workspace", str(stack.layout.workspace), *where]


def daemon_command(stack: Stack) -> list[str]:
    """All daemons of the instance in one process."""
    return ["dagster._daemon", "run", "--workspace", str(stack.layout.workspace)]


def api_command(stack: Stack) -> list[str]:  # noqa: ARG001 - one signature for all commands
    """The API reads where to listen from the settings."""
    return ["mixpeek_orchestration.api"]
