"""Waiting for work in threads, never past a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from mixpeek_orchestration.retrieval.deadline import Deadline

T = TypeVar("T")


@contextmanager
def request_pool(size: int) -> Iterator[ThreadPoolExecutor]:
    """Threads for one request. What has not finished when it ends is abandoned, not waited for."""
    pool = ThreadPoolExecutor(max_workers=max(1, size), thread_name_prefix="retrieval")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def result_in_time(future: Future[T], deadline: Deadline, what: str) -> T:
    """The result; raises `BudgetExceeded` for `what` when the deadline comes first."""
    try:
        return future.result(timeout=deadline.remaining_s)
    except TimeoutError:
        raise deadline.exceeded(what) from None
