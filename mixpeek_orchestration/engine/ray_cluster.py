"""The local Ray cluster: the environment that everything of ours that talks to Ray runs in, its head, connections.

Ray decides at import and at connection time, from environment variables, whom it trusts and where it listens. So there is
one function that makes those variables, and every process (head, driver, Serve deployer) runs with the same.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mixpeek_orchestration.core.errors import Broken, NotReady
from mixpeek_orchestration.engine.lost_cluster import check_cluster

LOOPBACK = "127.0.0.1"
NAMESPACE = "mixpeek"

_NOTHING: Mapping[str, str] = MappingProxyType({})
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]

logger = logging.getLogger(__name__)


def ray_environment(root: Path) -> dict[str, str]:
    """The variables to run in, for the cluster whose state is under `root`.

    Listening on loopback, token authentication with a token file that only this user can read (made here when
    there is none), a temporary folder short enough for socket paths, no usage statistics, no progress bars, and
    this package importable in workers.
    """
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Ray's only switch that makes it listen on loopback
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(_token_file(root)),
        "RAY_TMPDIR": str(_short_folder(root)),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # Ray's 15 would starve endpoints; extraction workers are nice by themselves
        "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "AUTOSCALER_METRIC_PORT": "0",  # any free one; the fixed default would be shared by all clusters of a machine
        "DASHBOARD_METRIC_PORT": "0",
        "PYTHONPATH": _with_package_root(os.environ.get("PYTHONPATH", "")),
    }


def _token_file(root: Path) -> Path:
    path = root.resolve() / "ray" / "token"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return path


def _short_folder(root: Path) -> Path:
    """A folder of its own per root and user, below 45 characters: a socket path ends at 107 bytes."""
    name = hashlib.sha256(f"{os.getuid()}:{root.resolve()}".encode()).hexdigest()[:10]
    parent = next(p for p in (tempfile.gettempdir(), "/tmp") if len(p) <= 30)
    folder = Path(parent) / f"mxp{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise Broken(f"The folder {folder} for Ray's sockets belongs to another user.", value=str(folder))
    return folder


def _with_package_root(before: str) -> str:
    parts = [part for part in before.split(os.pathsep) if part]
    return os.pathsep.join([str(_PACKAGE_ROOT), *(part for part in parts if part != str(_PACKAGE_ROOT))])


@dataclass(frozen=True)
class HeadPorts:
    """The ports of a head node; all of them explicit, so that two clusters on one machine do not meet. Worker processes
    take theirs from `worker_low` to `worker_high`."""

    gcs: int
    node_manager: int
    object_manager: int
    runtime_env_agent: int
    metrics_export: int
    agent_grpc: int
    agent_http: int
    dashboard: int
    client: int
    worker_low: int
    worker_high: int


def head_command(
    ports: HeadPorts,
    *,
    temp_folder: str,
    cpus: int | None = None,
    object_store_bytes: int | None = None,
    dashboard: bool = True,
) -> list[str]:
    """The command that runs a head node in the foreground; to be run in `ray_environment`."""
    command = [
        sys.executable,
        "-m",
        "ray.scripts.scripts",
        "start",
        "--head",
        "--block",
        "--disable-usage-stats",
    ]
    options = {
        "--node-ip-address": LOOPBACK,
        "--port": ports.gcs,
        "--node-manager-port": ports.node_manager,
        "--object-manager-port": ports.object_manager,
        "--runtime-env-agent-port": ports.runtime_env_agent,
        "--metrics-export-port": ports.metrics_export,
        "--dashboard-agent-grpc-port": ports.agent_grpc,
        "--dashboard-agent-listen-port": ports.agent_http,
        "--dashboard-host": LOOPBACK,
        "--dashboard-port": ports.dashboard,
        "--ray-client-server-port": ports.client,
        "--min-worker-port": ports.worker_low,
        "--max-worker-port": ports.worker_high,
        "--include-dashboard": "true" if dashboard else "false",
        "--temp-dir": temp_folder,
        "--num-cpus": cpus,
        "--object-store-memory": object_store_bytes,
    }
    return command + [f"{name}={value}" for name, value in options.items() if value is not None]


def connect(address: str, environment: Mapping[str, str] = _NOTHING, *, namespace: str = NAMESPACE) -> None:
    """This process is connected to the cluster at `address`; nothing happens when it already is.

    `environment` may be left out in a process that was started in it.
    Raises `NotReady` when nothing answers there, `ClusterLost` when this process is connected to one that is gone, and
    `Broken` when it is connected to another.
    """
    os.environ.update(environment)
    os.environ.setdefault(
        "RAY_BACKEND_LOG_LEVEL", "fatal"
    )  # errors come as exceptions, not as native log lines
    imported_before = "ray" in sys.modules
    import ray

    if ray.is_initialized():
        check_cluster()
        connected = ray.get_runtime_context().gcs_address
        if connected != address:
            raise Broken(
                f"This process is connected to the Ray cluster {connected}, not to {address}.", value=address
            )
        return
    if not answers(address):
        raise NotReady(
            f"No Ray cluster answers at {address}.",
            field="ray_address",
            value=address,
            fix="Start it: mixpeek up.",
        )
    if imported_before:
        _read_environment_again()
    try:
        _keep_off_standard_output()
        ray.init(address=address, namespace=namespace, log_to_driver=False, logging_level="WARNING")
    except (ConnectionError, RuntimeError) as error:
        raise NotReady(
            f"The Ray cluster at {address} refused the connection: {error}", value=address
        ) from error


def _keep_off_standard_output() -> None:
    """What Ray's own processes report to this one is logged. Ray prints it at any moment, also into the JSON that a
    command answers with, whatever `log_to_driver` says; there is no public way to change that."""
    from ray._private import worker

    def log(data: Mapping[str, Any], ignore_prefix: bool) -> None:  # noqa: ARG001 - as Ray calls it
        for line in data["lines"]:
            logger.warning("%s: %s", data.get("pid", "ray"), line)

    worker.print_to_stdstream = log


def _read_environment_again() -> None:
    """What Ray read when it was imported, it reads again: whether it uses loopback, and who may talk to it.

    Without this, a process that imported Ray too early looks for 127.0.0.1 under the machine's own address, with no
    token. There is no public way; Ray's own tests do the same.
    """
    from ray._private import ray_constants
    from ray._private.authentication_test_utils import reset_auth_token_state

    if os.environ.get(ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR) == "0":
        ray_constants.ENABLE_RAY_CLUSTER = False
    reset_auth_token_state()


def answers(address: str, *, timeout_s: float = 2.0) -> bool:
    """Whether something listens at `host:port`; asking Ray itself would take minutes to say no."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s):
            return True
    except OSError:
        return False
