"""Ports of the local stack: where each number comes from, and what is said when it is taken."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mixpeek_orchestration.cli.stack import ports
from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.ports import (
    PORT_FIELDS,
    choose_ports,
    is_free,
    needed_ports,
    refuse_taken_ports,
)
from mixpeek_orchestration.cli.stack.record import (
    read_record,
    record_of,
    refuse_other_ports,
    settings_of_stack,
    write_record,
)
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MIXPEEK_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_option_wins_over_the_environment_the_last_start_and_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each port comes from the first of: option, environment, record of the last start, default."""
    monkeypatch.setenv("MIXPEEK_API_PORT", "7001")
    monkeypatch.setenv("MIXPEEK_WEBSERVER_PORT", "7002")
    recorded = {"api_port": 7101, "webserver_port": 7102, "serve_port": 7103}
    chosen = choose_ports(Settings(), options={"api_port": 7201, "webserver_port": None}, recorded=recorded)
    assert (chosen.api_port, chosen.webserver_port, chosen.serve_port) == (7201, 7002, 7103)
    assert chosen.ray_port == Settings().ray_port


def test_one_port_for_two_services_is_refused() -> None:
    """Two services on one port are an error that names both options."""
    with pytest.raises(Conflict, match="--api-port and --serve-port are both 9000"):
        choose_ports(Settings(), options={"api_port": 9000, "serve_port": 9000}, recorded={})


def test_a_taken_port_names_the_port_the_process_and_the_option(taken_port: int) -> None:
    """The error says which port, who has it, and the option and variable that choose another."""
    settings = choose_ports(Settings(), options={"api_port": taken_port}, recorded={})
    with pytest.raises(Conflict) as raised:
        refuse_taken_ports(settings.model_copy(update=free_ports(except_for="api_port")), ours=())
    message = str(raised.value)
    assert f"Port {taken_port} is taken by process {os.getpid()}" in message
    assert "--api-port or MIXPEEK_API_PORT" in message
    assert raised.value.field == "api_port"


def test_a_port_that_our_own_process_holds_is_no_conflict(taken_port: int) -> None:
    """A running service of the stack does not stand in its own way."""
    settings = Settings(api_port=taken_port).model_copy(update=free_ports(except_for="api_port"))
    refuse_taken_ports(settings, ours={os.getpid()})


def test_a_port_of_a_process_that_is_ending_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process that is still giving its files back can hold a port without being seen."""
    monkeypatch.setattr(ports, "listeners", lambda _: [])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = Settings(api_port=port).model_copy(update=free_ports(except_for="api_port"))
        ends = threading.Timer(0.3, server.close)
        ends.start()
        refuse_taken_ports(settings, ours=())
        ends.join()


def test_a_port_that_stays_taken_by_someone_unseen_is_told(
    monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    """After the wait the error says that the holder is not to be seen."""
    monkeypatch.setattr(ports, "listeners", lambda _: [])
    monkeypatch.setattr(ports, "DYING_S", 0.2)
    settings = Settings(api_port=taken_port).model_copy(update=free_ports(except_for="api_port"))
    with pytest.raises(Conflict, match="by a process of another user"):
        refuse_taken_ports(settings, ours=())


def test_another_ray_cluster_needs_no_ray_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address of a cluster elsewhere, no Ray port is checked here."""
    assert set(needed_ports(Settings())) == set(PORT_FIELDS)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.5:6379")
    assert set(needed_ports(Settings())) == {"api_port", "webserver_port", "code_server_port"}


def test_later_commands_find_the_ports_of_the_last_start(tmp_path: Path) -> None:
    """`status` without options looks where `up --api-port` started the API."""
    settings = Settings(home=tmp_path)
    layout = Layout(settings.root)
    layout.create_home()
    write_record(layout, record_of(choose_ports(settings, options={"api_port": 7301}, recorded={})))
    assert settings_of_stack(Settings(home=tmp_path)).api_port == 7301
    assert layout.record.stat().st_mode & 0o777 == 0o600


def test_a_running_stack_does_not_change_its_ports(tmp_path: Path) -> None:
    """Another port for a running stack is an error that says what it has and how to change it."""
    settings = Settings(home=tmp_path, api_port=7401)
    with pytest.raises(Conflict, match=r"up with --api-port 7402, not 7401.*mixpeek down"):
        refuse_other_ports(settings, record_of(settings.model_copy(update={"api_port": 7402})))


def test_before_the_first_start_there_is_no_record(tmp_path: Path) -> None:
    """A home without a stack has no recorded ports."""
    assert read_record(Layout(tmp_path)) is None


def free_ports(*, except_for: str) -> dict[str, int]:
    """A port for each other field on which nothing listens."""
    chosen: dict[str, int] = {}
    with_sockets = [socket.create_server(("127.0.0.1", 0)) for _ in PORT_FIELDS]
    for field, server in zip(PORT_FIELDS, with_sockets, strict=True):
        if field != except_for:
            chosen[field] = server.getsockname()[1]
        server.close()
    assert all(is_free("127.0.0.1", port) for port in chosen.values())
    return chosen
