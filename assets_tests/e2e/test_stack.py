"""The local stack as a person meets it: up, down, status, killed processes, taken ports, open sockets."""

from __future__ import annotations

import ipaddress
import json
import socket
import stat
from pathlib import Path

import httpx
import psutil
import pytest

from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

SERVICES = ["ray", "code-server", "webserver", "daemon", "api"]


def identities(stack: RunningStack) -> dict[str, int]:
    """The process of every service."""
    return {name: one["pid"] for name, one in stack.status().items()}


def all_healthy(stack: RunningStack) -> bool:
    """Whether `status` finds every service healthy."""
    return all(one["healthy"] for one in stack.status().values())


def test_the_first_up_writes_credentials_that_work(stack: RunningStack) -> None:
    """The key in credentials.json opens the API at its base_url; nobody else can read the file."""
    path = stack.home / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"api_key", "namespace", "base_url"}
    with stack.client() as client:
        assert client.get("/buckets").status_code == 200
        assert client.get("/buckets", headers={"Authorization": "Bearer wrong"}).status_code == 403


def test_up_twice_changes_nothing_and_says_so(stack: RunningStack) -> None:
    """The second `up` leaves every process and the key as they are."""
    before, key = identities(stack), (stack.home / "credentials.json").read_text()
    assert "nothing was changed" in stack.up()
    assert identities(stack) == before
    assert (stack.home / "credentials.json").read_text() == key


def test_status_from_another_folder_finds_the_ports_of_the_stack(stack: RunningStack, tmp_path: Path) -> None:
    """The home is enough: the ports are read from what `up` recorded."""
    done = RunningStack(stack.home, ports={}).mixpeek("status", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"http://127.0.0.1:{stack.ports['api_port']}" in done.stdout


def test_every_socket_listens_on_loopback(stack: RunningStack) -> None:
    """No process of the stack listens on an interface that others reach.

    Serve replicas open one port that Ray cannot be told to bind; no endpoint is deployed here.
    """
    listening = [
        (process.name(), connection.laddr.ip)
        for process in stack.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= len(stack.ports) - 1
    assert [one for one in listening if not is_loopback(one[1])] == []


def is_loopback(address: str) -> bool:
    """Whether only this machine can connect to it, also when written as IPv6."""
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def test_sockets_and_temporary_files_are_closed_to_other_users(stack: RunningStack) -> None:
    """The folders that hold the keeper's, Dagster's and Ray's sockets can be entered by this user only."""
    ray = next(process for process in stack.processes("ray"))
    for folder in (stack.layout.runtime, Path(ray.environ()["RAY_TMPDIR"]), Path(ray.environ()["TMPDIR"])):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_no_secret_is_on_a_command_line(stack: RunningStack) -> None:
    """Neither the API key nor Ray's token can be read from the process list."""
    key = json.loads((stack.home / "credentials.json").read_text())["api_key"]
    token = Path(stack.processes("ray")[0].environ()["RAY_AUTH_TOKEN_PATH"]).read_text().strip()
    lines = " ".join(" ".join(process.cmdline()) for process in stack.processes())
    assert key not in lines
    assert token not in lines


def test_another_port_for_a_running_stack_is_refused(stack: RunningStack) -> None:
    """`up` with another port neither moves the stack nor pretends to."""
    done = stack.mixpeek("up", "--api-port", "20001")
    assert done.returncode == 1
    assert f"--api-port {stack.ports['api_port']}, not 20001" in done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_up_brings_a_killed_service_back(stack: RunningStack, service: str) -> None:
    """After `kill -9` of one service, `up` ends with all of them healthy and the others untouched."""
    before = identities(stack)
    psutil.Process(before[service]).kill()
    stack.up()
    after = identities(stack)
    assert all_healthy(stack)
    assert after[service] != before[service]
    assert {n: p for n, p in after.items() if n != service} == {
        n: p for n, p in before.items() if n != service
    }


def test_up_brings_ray_back_when_its_raylet_is_killed(stack: RunningStack) -> None:
    """A head without raylet ends, what is left of the session is ended, and a new one starts."""
    raylet = next(process for process in stack.processes("ray") if process.name() == "raylet")
    session = stack.processes("ray")
    raylet.kill()
    wait_until(lambda: not any(p.is_running() and p.status() != "zombie" for p in session), "the old session")
    stack.up()
    assert all_healthy(stack)


def test_up_brings_everything_back_when_all_services_are_killed_together(stack: RunningStack) -> None:
    """The keeper restarts all; webserver and daemon wait for the code server."""
    for process in stack.processes():
        if process.pid != stack.keeper().pid:
            process.kill()
    stack.up()
    assert all_healthy(stack)


def test_up_replaces_a_killed_keeper_and_what_it_left(stack: RunningStack) -> None:
    """After `kill -9` of the keeper there is one stack again, without the orphans of the first."""
    orphans = {process.pid for process in stack.processes()} - {stack.keeper().pid}
    stack.keeper().kill()
    assert "left behind" in stack.up()
    assert all_healthy(stack)
    assert not orphans & {process.pid for process in stack.processes()}


def test_a_taken_port_names_itself_its_holder_and_its_option(other_stack: RunningStack) -> None:
    """`up` refuses before anything is started."""
    with socket.create_server(("127.0.0.1", other_stack.ports["webserver_port"])):
        done = other_stack.mixpeek("up")
    assert done.returncode == 1
    assert f"Port {other_stack.ports['webserver_port']} is taken by process" in done.stderr
    assert "--webserver-port or MIXPEEK_WEBSERVER_PORT" in done.stderr
    assert other_stack.processes() == []


def test_two_stacks_live_side_by_side_and_down_ends_exactly_one(
    stack: RunningStack, other_stack: RunningStack
) -> None:
    """A second home on other ports comes up and goes down; no process, socket or folder of it is left."""
    before = identities(stack)
    other_stack.up()
    assert all_healthy(other_stack)
    held = Path(other_stack.processes("ray")[0].environ()["RAY_TMPDIR"])

    assert other_stack.mixpeek("down").returncode == 0

    assert other_stack.processes() == []
    assert not held.exists()
    assert not other_stack.layout.runtime.exists()
    assert other_stack.mixpeek("status").returncode == 1
    assert "down already" in other_stack.mixpeek("down").stdout
    assert all_healthy(stack)
    assert identities(stack) == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{other_stack.ports['api_port']}/", trust_env=False)


def test_logs_prints_what_a_service_wrote(stack: RunningStack) -> None:
    """`logs ray` shows the head's own words; an unknown service is an error that lists the known ones."""
    assert "Ray runtime started" in stack.mixpeek("logs", "ray", "-n", "200").stdout
    unknown = stack.mixpeek("logs", "proxy")
    assert unknown.returncode == 1
    assert "One of: ray, code-server" in unknown.stderr
