"""A cluster of one node that lives as long as a `with` block: for tests and benchmarks beside a running stack."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from mixpeek_orchestration.core.errors import NotReady
from mixpeek_orchestration.engine.ray_cluster import (
    LOOPBACK,
    HeadPorts,
    answers,
    head_command,
    ray_environment,
)

_WORKER_PORTS = 200


@dataclass(frozen=True)
class LocalCluster:
    """A running cluster: what to connect to, and in which environment."""

    address: str
    environment: dict[str, str]
    pid: int


@contextmanager
def start_local(
    root: Path,
    *,
    cpus: int = 2,
    object_store_bytes: int = 512 * 1024 * 1024,
    dashboard: bool = False,
    timeout_s: float = 120.0,
) -> Iterator[LocalCluster]:
    """A cluster on free ports with its state under `root`. At the end of the block exactly its own processes are gone."""
    environment = ray_environment(root)
    ports = free_ports()
    command = head_command(
        ports,
        temp_folder=environment["RAY_TMPDIR"],
        cpus=cpus,
        object_store_bytes=object_store_bytes,
        dashboard=dashboard,
    )
    log = root / "ray" / "head.log"
    with log.open("ab") as output:
        head = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _wait_until_ready(head, ports, log, timeout_s)
        yield LocalCluster(f"{LOOPBACK}:{ports.gcs}", environment, head.pid)
    finally:
        end_tree(head.pid)
        head.wait()


def _wait_until_ready(head: subprocess.Popen[bytes], ports: HeadPorts, log: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    needed = [f"{LOOPBACK}:{port}" for port in (ports.gcs, ports.node_manager, ports.object_manager)]
    while not all(answers(address, timeout_s=0.2) for address in needed):
        if head.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-1500:]
            raise NotReady(f"The Ray head did not come up; its log ends with: {tail}", value=head.poll())
        time.sleep(0.1)


def end_tree(pid: int, *, grace_s: float = 10.0) -> None:
    """The process and everything that it started are gone. Processes are held by creation time, so that a process id
    that is used again is never hit."""
    try:
        head = psutil.Process(pid)
        processes = [*head.children(recursive=True), head]
    except psutil.NoSuchProcess:
        return
    with suppress(psutil.NoSuchProcess):
        head.terminate()
    _, alive = psutil.wait_procs(processes, timeout=grace_s)
    for process in alive:
        with suppress(psutil.NoSuchProcess):  # on a busy machine one ends between the look and the signal
            process.kill()
    psutil.wait_procs(alive, timeout=grace_s)


def free_ports() -> HeadPorts:
    """Ports that nobody listens on right now: single ones, and a free stretch for workers."""
    with ExitStack() as held:
        low = _free_stretch(held)
        single = [_bind(held, 0) for _ in range(9)]
    return HeadPorts(*single, worker_low=low, worker_high=low + _WORKER_PORTS - 1)


def _free_stretch(held: ExitStack) -> int:
    for low in range(21000 + os.getpid() % 50 * 100, 32000, _WORKER_PORTS):
        with ExitStack() as attempt:
            try:
                for port in range(low, low + _WORKER_PORTS):
                    _bind(attempt, port)
            except OSError:
                continue
            held.push(attempt.pop_all())
            return low
    raise NotReady("There is no free stretch of ports for Ray workers.", value=_WORKER_PORTS)


def _bind(held: ExitStack, port: int) -> int:
    listener = held.enter_context(socket.socket())
    listener.bind((LOOPBACK, port))
    return int(listener.getsockname()[1])
