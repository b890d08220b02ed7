"""One command at a time changes the stack of a home."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.core.errors import NotReady

POLL_S = 0.2


@contextmanager
def stack_lock(layout: Layout, *, wait_s: float = 300.0) -> Iterator[None]:
    """No other `up` or `down` of this home runs inside. The system frees it when the holder dies."""
    layout.create_home()
    deadline = time.monotonic() + wait_s
    with layout.lock.open("a") as file:
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise NotReady(
                    "Another `mixpeek up` or `mixpeek down` of this home is still at work.",
                    value=str(layout.root),
                    fix="Wait for it to end.",
                )
            time.sleep(POLL_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
