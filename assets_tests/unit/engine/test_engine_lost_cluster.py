"""Waiting for a cluster ends when the cluster is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mixpeek_orchestration.core.errors import ClusterLost
from mixpeek_orchestration.engine.lost_cluster import check_cluster, watched


def test_values_come_as_they_are() -> None:
    """In their order, each once, and the end is the end."""
    assert list(watched(iter(range(100)), check_cluster)) == list(range(100))


def test_a_value_is_made_only_when_it_is_asked_for() -> None:
    """What nobody has asked for yet is not extracted, so that nothing runs ahead of the commits."""
    made: list[int] = []
    values = watched((made.append(number) or number for number in range(10)), check_cluster)
    assert next(values) == 0
    assert made == [0]
    values.close()  # type: ignore[attr-defined]
    assert made == [0]


def test_an_error_of_the_values_is_raised() -> None:
    """What goes wrong in the thread goes wrong for the caller."""

    def failing() -> Iterator[int]:
        yield 1
        raise KeyError("two")

    values = watched(failing(), check_cluster)
    assert next(values) == 1
    with pytest.raises(KeyError, match="two"):
        next(values)


def test_waiting_ends_when_the_check_fails() -> None:
    """Values that will never come are given up as soon as the check says so."""
    never = threading.Event()

    def waiting() -> Iterator[int]:
        never.wait()
        yield 1

    def check() -> None:
        raise ClusterLost("gone")

    with pytest.raises(ClusterLost):
        next(watched(waiting(), check, every_s=0.01))
    never.set()


def test_a_raylet_that_died_is_a_lost_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it listens it is there; its socket without a listener, and no socket at all, mean that it is gone."""
    import ray

    path = tmp_path / "raylet"
    monkeypatch.setattr(ray._private.worker, "_global_node", SimpleNamespace(raylet_socket_name=str(path)))
    with socket.socket(socket.AF_UNIX) as raylet:
        raylet.bind(str(path))
        raylet.listen()
        check_cluster()
    with pytest.raises(ClusterLost, match="nothing listens"):
        check_cluster()
    path.unlink()
    with pytest.raises(ClusterLost, match="nothing listens"):
        check_cluster()
