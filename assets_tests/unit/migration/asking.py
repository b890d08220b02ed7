"""Clients that ask without a pause while a collection is migrated."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from assets_tests.unit.migration.compasses import WORDS

Ask = Callable[[str], str]
"""Asks one query; gives the model that answered, and raises for an answer that is not whole."""


class Asking:
    """`clients` threads, each of which asks through what `connect` opens for it; with what they were told."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Ask]], *, clients: int) -> None:
        self.models: list[str] = []
        self.errors: list[BaseException] = []
        self._connect = connect
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(turn,)) for turn in range(clients)]

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, model: str, *, within_s: float = 420.0) -> None:
        """Until an answer of this model comes that was asked for from now on; fails when something went wrong."""
        since, deadline = len(self.models) + len(self._threads), time.monotonic() + within_s
        while not self.errors and model not in self.models[since:]:
            assert time.monotonic() < deadline, f"no answer of {model} within {within_s:.0f} s"
            self._stop.wait(0.005)
        assert not self.errors, self.errors

    def _ask(self, turn: int) -> None:
        with self._connect() as ask:
            while not self._stop.is_set():
                query = WORDS[turn % len(WORDS)]
                turn += 1
                try:
                    self.models.append(ask(query))
                except BaseException as error:  # noqa: BLE001 - the test shows what any client ran into
                    self.errors.append(error)
                    return
