"""Writers that run in processes of their own, for the tests of what readers elsewhere see."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import Any

from assets_tests.contracts.documents_rows import TABLE, document_rows
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.stores.documents import open_documents

ITEMS = tuple(f"item'{number}" for number in range(20))


def rows_at(commit: int) -> int:
    """How many rows every item has after the n-th commit: growing and shrinking."""
    return 1 + commit % 4


def write_commits(uri: str, commits: int, first: int = 0) -> None:
    """Replace all items `commits` times; every row of commit n has the text n."""
    store = open_documents(uri)
    for number in range(first, first + commits):
        rows = document_rows(dict.fromkeys(ITEMS, rows_at(number)), text=str(number))
        store.commit(TABLE, rows, items=ITEMS, stamp=Stamp(f"bat_{number}", "code"))


@contextmanager
def started(target: Callable[..., None], *args: Any) -> Iterator[SpawnProcess]:
    """A process that runs `target`, ended with the block."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=args)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def wait_until(fact: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Returns when `fact` holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "not within the time given"
        time.sleep(0.002)
