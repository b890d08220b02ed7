"""The process keeper: one supervisord per home, started here and spoken to over its socket."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.core.errors import Broken

ANSWER_S = 20.0
NO_ANSWER = (OSError, http.client.HTTPException, xmlrpc.client.Fault)
NOT_RUNNING = {"STOPPED", "EXITED", "FATAL", "BACKOFF"}


@dataclass(frozen=True)
class Held:
    """What the keeper knows of one process."""

    name: str
    state: str
    pid: int | None
    uptime_s: int
    note: str


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_S)
        self.sock.connect(str(self._path))


class _SocketTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _SocketConnection(self._path)


class Keeper:
    """The keeper of one home."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def _rpc(self) -> Any:
        return xmlrpc.client.ServerProxy(
            "http://keeper", transport=_SocketTransport(self._layout.socket)
        ).supervisor

    def pid(self) -> int | None:
        """The keeper's process, or None when no keeper answers, or one that is ending."""
        try:
            return int(self._rpc.getPID())
        except NO_ANSWER:
            return None

    def start(self, environment: Mapping[str, str]) -> None:
        """A keeper runs, detached from this terminal, and starts the services."""
        started = subprocess.run(
            [
                sys.executable,
                "-m",
                "supervisor.supervisord",
                "--configuration",
                str(self._layout.keeper_config),
            ],
            env=dict(environment),
            cwd=self._layout.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if started.returncode:
            raise Broken(
                f"The process keeper did not start: {started.stderr.strip()[-500:]}",
                fix=f"Read {self._layout.logs / 'keeper.log'}.",
            )

    def held(self) -> dict[str, Held]:
        """What runs, by service; empty when no keeper answers."""
        try:
            answer = self._rpc.getAllProcessInfo()
        except NO_ANSWER:
            return {}
        return {info["name"]: _held(info) for info in answer}

    def revive(self) -> list[str]:
        """The services that the keeper had given up on, or that were stopped, are starting again."""
        idle = [held.name for held in self.held().values() if held.state in NOT_RUNNING]
        return [name for name in idle if self._started(name)]

    def _started(self, name: str) -> bool:
        try:
            return bool(self._rpc.startProcess(name, False))
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" in fault.faultString:  # the keeper was faster
                return False
            raise

    def shut_down(self) -> None:
        """The keeper was asked to end its services in reverse order, and then itself."""
        self._rpc.shutdown()


def _held(info: Mapping[str, Any]) -> Held:
    running = info["statename"] in ("RUNNING", "STARTING", "STOPPING")
    uptime = int(info["now"] - info["start"]) if running else 0
    return Held(info["name"], info["statename"], info["pid"] or None, uptime, info["spawnerr"] or "")
