"""Noticing that the cluster of this process is gone, where Ray would let it wait for ever.

A driver belongs to one raylet. When that dies and another cluster comes up at the same address before the driver has
noticed, Ray either aborts the process or asks for ever.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from mixpeek_orchestration.core.errors import ClusterLost

T = TypeVar("T")

_CHECK_S = 3.0


def check_cluster() -> None:
    """Raises `ClusterLost` when the raylet that this process is connected to no longer exists."""
    import ray

    node = ray._private.worker._global_node  # the socket's path has no public name
    if node is None or _listens(node.raylet_socket_name):
        return
    raise ClusterLost(
        f"The Ray cluster that this process worked on is gone: nothing listens at {node.raylet_socket_name}.",
        value=node.raylet_socket_name,
        fix="Run again in a new process: items that were not committed run again with it.",
    )


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_CHECK_S)
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True  # busy: it is there
    return True


def watched(values: Iterator[T], check: Callable[[], None], *, every_s: float = _CHECK_S) -> Iterator[T]:
    """What `values` yields. It is asked in a thread of its own, one value at a time, so that while none comes `check` is
    called every `every_s` seconds and ends the waiting by raising. The thread is left behind then."""
    wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
    answers: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()
    threading.Thread(target=_answer, args=(values, wanted, answers), daemon=True, name="watched").start()
    try:
        while True:
            wanted.put(True)
            try:
                value = _next_answer(answers, check, every_s)()
            except StopIteration:
                return
            yield value
    finally:
        wanted.put(False)


def _answer(
    values: Iterator[T], wanted: queue.SimpleQueue[bool], answers: queue.SimpleQueue[Callable[[], T]]
) -> None:
    while wanted.get():
        try:
            value = next(values)
        except BaseException as error:  # noqa: BLE001 - raised again where the value was asked for
            answers.put(_raising(error))
            return
        answers.put(lambda value=value: value)  # type: ignore[misc]


def _next_answer(
    answers: queue.SimpleQueue[Callable[[], T]], check: Callable[[], None], every_s: float
) -> Callable[[], T]:
    while True:
        try:
            return answers.get(timeout=every_s)
        except queue.Empty:
            check()


def _raising(error: BaseException) -> Callable[[], T]:
    def raise_it() -> T:
        raise error

    return raise_it
