"""Where a replica says that it listens."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from mixpeek_orchestration.serving import direct
from mixpeek_orchestration.serving.direct import DIRECT_ENVIRONMENT, is_alone, own_port, port_among


def test_the_one_port_of_the_range_on_loopback_is_its_own():
    """Other ports, other interfaces, and two candidates say nothing."""
    ports = range(31000, 32000)

    def at(port: int, ip: str = "127.0.0.1") -> SimpleNamespace:
        return SimpleNamespace(ip=ip, port=port)

    assert port_among([at(31007), at(8000)], ports) == 31007
    assert port_among([at(31007, "0.0.0.0")], ports) is None
    assert port_among([at(31007), at(31008)], ports) is None
    assert port_among([], ports) is None


def test_a_process_finds_the_port_that_it_listens_on(monkeypatch):
    """Among its sockets it is the one that listens, within the ports that the cluster gives to replicas."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        for name, value in {
            **DIRECT_ENVIRONMENT,
            direct._LOWEST: str(port),
            direct._HIGHEST: str(port),
        }.items():
            monkeypatch.setenv(name, value)
        assert own_port() == port


def test_a_cluster_without_direct_ports_has_none(monkeypatch):
    """Nothing is looked for where the cluster was not started for it."""
    for name in DIRECT_ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    assert own_port() is None


@pytest.mark.parametrize(
    ("serve_config", "alone"),
    [({}, True), ({"num_replicas": 1}, True), ({"num_replicas": 2}, False), ({"max_replicas": 3}, False)],
)
def test_only_a_lone_replica_is_asked_directly(serve_config, alone):
    """With several replicas, now or under load, the proxy spreads the requests."""
    assert is_alone(serve_config) is alone
