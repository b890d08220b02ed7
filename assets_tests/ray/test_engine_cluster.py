"""The local cluster: on loopback, behind a token, gone afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from assets_tests.e2e.running_stack import wait_until
from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.engine.ray_cluster import connect, ray_environment
from mixpeek_orchestration.engine.ray_local import LocalCluster, end_tree, start_local

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]


def processes_of(cluster: LocalCluster) -> list[psutil.Process]:
    head = psutil.Process(cluster.pid)
    return [head, *head.children(recursive=True)]


def test_everything_listens_on_loopback(ray_cluster: LocalCluster) -> None:
    """No process of the cluster can be reached from another machine."""
    sockets = [
        connection.laddr.ip
        for process in processes_of(ray_cluster)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert sockets
    assert {ip.removeprefix("::ffff:") for ip in sockets} <= {"127.0.0.1", "::1"}


def test_what_ray_reports_is_logged_and_not_printed(
    ray_cluster: LocalCluster, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Standard output is what a command answers with; a report of the cluster may come at any moment."""
    from ray._private import utils, worker

    connect(ray_cluster.address, ray_cluster.environment)
    utils.push_error_to_driver(worker.global_worker, "note", "an actor has ended")
    wait_until(lambda: "an actor has ended" in caplog.text, "the report", within_s=60)
    assert capsys.readouterr().out == ""


def test_connecting_again_changes_nothing(ray_cluster: LocalCluster) -> None:
    """A second connection to the same cluster is the first one; another address is refused."""
    connect(ray_cluster.address, ray_cluster.environment)
    with pytest.raises(Broken, match=r"not to 127\.0\.0\.1:1"):
        connect("127.0.0.1:1", ray_cluster.environment)


def test_importing_ray_too_early_is_mended(ray_cluster: LocalCluster, tmp_path: Path) -> None:
    """A process that imported Ray before it knew the environment is connected all the same."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    script = (
        "import ray, sys, json\n"
        "from mixpeek_orchestration.engine.ray_cluster import connect\n"
        "connect(sys.argv[1], json.loads(sys.argv[2]))\n"
        "print(ray.cluster_resources()['CPU'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, ray_cluster.address, json.dumps(ray_cluster.environment)],
        env=plain,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == ["2.0"]


@pytest.mark.slow
def test_a_wrong_token_opens_nothing(ray_cluster: LocalCluster, tmp_path: Path) -> None:
    """A process with a token of its own is not let in."""
    stranger = {**os.environ, **ray_cluster.environment, **ray_environment(tmp_path)}
    script = f"import ray; ray.init(address={ray_cluster.address!r}); print('inside')"
    done = subprocess.run(
        [sys.executable, "-c", script], env=stranger, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode != 0
    assert "inside" not in done.stdout


def test_ending_a_cluster_leaves_no_process(tmp_path: Path, ray_cluster: LocalCluster) -> None:
    """Two clusters run side by side, and ending one ends exactly its own processes."""
    with start_local(tmp_path, cpus=1) as second:
        processes = processes_of(second)
        assert len(processes) > 3
    assert [process for process in processes if process.is_running()] == []
    assert all(process.is_running() for process in processes_of(ray_cluster))


def test_ending_what_has_ended_is_nothing(tmp_path: Path) -> None:
    """A process id that is gone is left alone."""
    done = subprocess.Popen([sys.executable, "-c", "pass"], cwd=tmp_path)
    done.wait()
    end_tree(done.pid)
