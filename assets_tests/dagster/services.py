"""A code server and a daemon as real processes, to be killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from assets_tests.dagster.site import PACKAGES
from mixpeek_orchestration.defs.instance import as_yaml, instance_config
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.reload import LOCATION

DEADLINE_S = 150.0


@dataclass
class Services:
    """The processes over one home. What is started here is ended here, by its own process id."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port, self.webserver_port = _free_port(), _free_port()
        self.packages = self.folder / "packages"
        shutil.copytree(PACKAGES, self.packages, ignore=shutil.ignore_patterns("realtime.py", "__pycache__"))
        self.dagster_home = self.folder / "dagster"
        self.dagster_home.mkdir()
        server = {"host": "127.0.0.1", "port": self.port, "location_name": LOCATION}
        (self.folder / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
        self.configure()

    @property
    def webserver(self) -> str:
        return f"http://127.0.0.1:{self.webserver_port}"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home", extractor_paths=str(self.packages))

    def configure(self, *, concurrent_runs: int | None = None) -> None:
        """The stack's instance; with a number of concurrent runs of its own where a test needs a standstill."""
        config: dict[str, Any] = instance_config(self.folder)
        if concurrent_runs is not None:
            config["concurrency"]["runs"] = {"max_concurrent_runs": concurrent_runs}
        (self.dagster_home / "dagster.yaml").write_text(as_yaml(config))

    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.dagster_home))

    def start(self, *names: str) -> None:
        """Start any of `code_server`, `daemon` and `webserver`; the others want the code server first."""
        at = ["--host", "127.0.0.1", "--port"]
        workspace = ["-w", str(self.folder / "workspace.yaml")]
        commands = {
            "code_server": ["mixpeek_orchestration.defs.code_server", *at, str(self.port)],
            "daemon": ["dagster._daemon", "run", *workspace],
            "webserver": ["dagster_webserver", *workspace, *at, str(self.webserver_port)],
        }
        environment = {
            **os.environ,
            "MIXPEEK_HOME": str(self.settings.home),
            "MIXPEEK_EXTRACTOR_PATHS": str(self.packages),
            "DAGSTER_HOME": str(self.dagster_home),
        }
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [sys.executable, "-m", *commands[name]],
                    env=environment,
                    cwd=self.folder,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            if name == "code_server":
                until(lambda: _listens(self.port), "the code server listens")

    def kill(self, *names: str) -> None:
        """`kill -9` of a service and of what it started."""
        for name in names:
            process = self.running.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def end(self) -> None:
        self.kill(*list(self.running))


def until(condition: Callable[[], object], what: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Return when the condition holds; fail when the deadline has passed."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"it did not come true in {deadline_s:.0f} s that {what}"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
