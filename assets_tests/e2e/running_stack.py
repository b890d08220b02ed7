"""A real stack in a folder, driven through the command as a person would."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.ports import PORT_FIELDS, is_free
from mixpeek_orchestration.cli.stack.processes import SERVICE_MARK, marked

MIXPEEK = Path(sys.executable).with_name("mixpeek")
PACKAGES = Path(__file__).parents[1] / "packages"
PATIENCE_S = 420.0
COMMAND_S = 900.0
# Below the ports that the system gives to outgoing connections, so that none of those is in the way.
CANDIDATES = range(20000, 30000)


def free_ports() -> dict[str, int]:
    """A port for every service on which nothing listens."""
    drawn = (port for port in random.sample(CANDIDATES, len(CANDIDATES)) if is_free("127.0.0.1", port))
    return {field: next(drawn) for field in PORT_FIELDS}


@dataclass(frozen=True)
class RunningStack:
    """One home with ports of its own; `settings` are further `MIXPEEK_…` variables of its processes."""

    home: Path
    ports: dict[str, int]
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        return Layout(self.home.resolve())

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment with this home and these ports, and nothing of another stack."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MIXPEEK_")}
        ports = {f"MIXPEEK_{field.upper()}": str(port) for field, port in self.ports.items()}
        return {
            **inherited,
            **ports,
            "MIXPEEK_HOME": str(self.home),
            "MIXPEEK_EXTRACTOR_PATHS": str(PACKAGES),
            **self.settings,
        }

    def url(self, service: str) -> str:
        """The address of the API or the webserver."""
        return f"http://127.0.0.1:{self.ports[f'{service}_port']}"

    def mixpeek(
        self, *arguments: str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [str(MIXPEEK), *arguments],
            env={**self.environment, **environment},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )

    def up(self) -> str:
        """Bring it up; what the command printed."""
        done = self.mixpeek("up")
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return done.stdout

    def status(self) -> dict[str, dict[str, Any]]:
        """What `status --json` says, by service."""
        return {one["name"]: one for one in json.loads(self.mixpeek("status", "--json").stdout)}

    def logs(self) -> str:
        """The end of every log, for the message of a failed test."""
        return self.mixpeek("logs", "-n", "20").stdout

    def processes(self, service: str | None = None) -> list[psutil.Process]:
        """The living processes of this stack."""
        return marked(self.layout.stack_id, service=service)

    def run_workers(self) -> list[psutil.Process]:
        """The processes that execute runs now; the code server spawns them."""
        return [one for one in self.processes("code-server") if "--multiprocessing-fork" in one.cmdline()]

    def keeper(self) -> psutil.Process:
        """The process that holds the others up."""
        return next(process for process in self.processes() if SERVICE_MARK not in process.environ())

    def client(self) -> httpx.Client:
        """A client with the key that `up` wrote."""
        written = json.loads((self.home / "credentials.json").read_text())
        headers = {"Authorization": f"Bearer {written['api_key']}", "X-Namespace": written["namespace"]}
        return httpx.Client(
            base_url=f"{written['base_url']}/v1", headers=headers, timeout=60, trust_env=False
        )


def wait_until(fact: Callable[[], Any], what: str, *, within_s: float = PATIENCE_S) -> Any:
    """The first true answer; fails when there is none in time."""
    deadline = time.monotonic() + within_s
    while not (answer := fact()):
        assert time.monotonic() < deadline, f"{what}: not within {within_s:.0f} s"
        time.sleep(0.1)
    return answer
