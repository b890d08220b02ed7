"""Computing something once for several threads: whoever asks first computes it, the others wait for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Once(Generic[Key, Value]):
    """Values by key. No thread of its own: asking costs no hand-over when nobody else asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[Key, Future[Value]] = {}

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        """The value, computed at the first call for `key`; the error of that call is raised to everyone."""
        with self._lock:
            known = self._futures.get(key)
            future = self._futures.setdefault(key, Future())
        if known is None:
            try:
                future.set_result(compute())
            except BaseException as error:  # noqa: BLE001 - handed to everyone who waits, this caller included
                future.set_exception(error)
        return future.result()

    def known(self) -> dict[Key, Value]:
        """The values that are there already."""
        with self._lock:
            done = {key: future for key, future in self._futures.items() if future.done()}
        return {key: future.result() for key, future in done.items() if future.exception() is None}

    def __len__(self) -> int:
        return len(self._futures)
