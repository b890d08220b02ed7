"""The environment of the cluster, which can be told without one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mixpeek_orchestration.engine.ray_cluster import HeadPorts, head_command, ray_environment


def test_the_token_is_made_once_and_only_for_this_user(tmp_path: Path) -> None:
    """The same root gives the same token, in a file that nobody else can read."""
    path = Path(ray_environment(tmp_path)["RAY_AUTH_TOKEN_PATH"])
    token = path.read_text()
    assert len(token) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Path(ray_environment(tmp_path)["RAY_AUTH_TOKEN_PATH"]).read_text() == token


def test_socket_paths_stay_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep the root and the temporary folder are, Ray's folder has at most 45 characters, one per root."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 20)))
    folders = {ray_environment(tmp_path / ("deep" * 20) / name)["RAY_TMPDIR"] for name in "ab"}
    assert len(folders) == 2
    assert all(len(folder) <= 45 for folder in folders)


def test_loopback_and_token_are_asked_for(tmp_path: Path) -> None:
    """The switches that bind Ray to loopback and make it ask for the token are in every environment."""
    environment = ray_environment(tmp_path)
    assert environment["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_workers_can_import_this_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's root comes first on the path of workers, and what was there stays."""
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    root, *rest = ray_environment(tmp_path)["PYTHONPATH"].split(os.pathsep)
    assert (Path(root) / "mixpeek_orchestration" / "engine").is_dir()
    assert rest == ["/somewhere"]


def test_the_head_gets_every_port(tmp_path: Path) -> None:
    """No port of a head node is left to Ray's defaults, which two clusters would share."""
    command = head_command(HeadPorts(*range(1, 12)), temp_folder=str(tmp_path), cpus=2, dashboard=False)
    given = dict(part.split("=", 1) for part in command if part.startswith("--") and "=" in part)
    ports = {name: value for name, value in given.items() if name.endswith("port")}
    assert len(ports) == 11
    assert sorted(map(int, ports.values())) == list(range(1, 12))
    assert given["--num-cpus"] == "2"
    assert given["--node-ip-address"] == "127.0.0.1"
