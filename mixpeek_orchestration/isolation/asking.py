"""The worker's side of the broker: asking the parent for what only the parent may do."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import Future
from typing import Any

from mixpeek_orchestration.isolation.frames import Frame, read_frame, write_frame
from mixpeek_orchestration.isolation.wire_errors import error_from_wire


class Parent:
    """Asks over one pipe and hears over another; for several threads at once."""

    def __init__(self, asks: int, answers: int) -> None:
        self._asks = asks
        self._answers = answers
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Frame]] = {}
        self._writing = threading.Lock()
        self._hearing: threading.Thread | None = None

    def ask(self, name: str, payload: bytes = b"", /, **arguments: Any) -> Any:
        """What the parent answers to `name`; raises the error that it answers with."""
        number, future = next(self._numbers), Future[Frame]()
        self._waiting[number] = future
        with self._writing:
            self._listen()
            write_frame(self._asks, Frame.of(number, {"name": name, "arguments": arguments}, payload))
        answer = future.result()
        content = answer.content()
        if "error" in content:
            raise error_from_wire(content["error"])
        return answer.payload if content.get("bytes") else content.get("value")

    def _listen(self) -> None:
        if self._hearing is None:
            self._hearing = threading.Thread(target=self._hear, name="broker", daemon=True)
            self._hearing.start()

    def _hear(self) -> None:
        while (frame := read_frame(self._answers)) is not None:
            future = self._waiting.pop(frame.number, None)
            if future is not None:
                future.set_result(frame)
        os._exit(0)  # the parent is gone


_parent: Parent | None = None


def connect(asks: int, answers: int) -> None:
    """From now on this process is a worker, and its parent is at the other end of these pipes."""
    global _parent
    _parent = Parent(asks, answers)


def parent() -> Parent | None:
    """The parent of this worker, `None` in a process that is none."""
    return _parent
