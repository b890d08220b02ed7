"""Sharing one computation between threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mixpeek_orchestration.retrieval.once import Once


def test_a_key_is_computed_once_for_all_threads():
    """Threads that ask while the first one computes wait for its value."""
    once: Once[str, int] = Once()
    calls: list[int] = []
    begun, finish = threading.Event(), threading.Event()

    def compute() -> int:
        calls.append(1)
        begun.set()
        finish.wait(30)
        return 7

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(once.get, "a", compute)
        begun.wait(30)
        others = [pool.submit(once.get, "a", compute) for _ in range(3)]
        assert once.known() == {}
        finish.set()
        assert [first.result(), *(other.result() for other in others)] == [7] * 4
    assert calls == [1]
    assert once.known() == {"a": 7}


def test_an_error_is_everyones():
    """A computation that failed is not tried again, and is no known value."""
    once: Once[str, int] = Once()

    def fail() -> int:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            once.get("a", fail)
    assert once.known() == {}
