"""Threads for one request, never waited for past its deadline."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

MAX_THREADS = 32


@contextmanager
def request_pool(size: int) -> Iterator[ThreadPoolExecutor]:
    """Threads of one request. What has not finished when it ends is abandoned, not waited for."""
    pool = ThreadPoolExecutor(max_workers=min(max(1, size), MAX_THREADS), thread_name_prefix="retrieval")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
