"""The parent's side of the broker: what a worker may have done for it, by name. What is not listed does not exist."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput, ItemFailure, MixpeekError
from mixpeek_orchestration.isolation.frames import Frame, ProtocolError, write_frame
from mixpeek_orchestration.isolation.wire_errors import error_to_wire

Service = Callable[..., Any]
_THREADS: Final = 8
_MAX_WAITING: Final = 256
_MAX_BYTES: Final = 2 << 30
_BYTES_PER_CHARACTER: Final = 16
"""What a character of JSON may become as a value: `[],` is a list."""


class Broker:
    """Does what a worker asks for, several at a time, and writes the answers to its pipe."""

    def __init__(self, services: Mapping[str, Service], answers: int) -> None:
        self._services = dict(services)
        self._answers = answers
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="broker")
        self._room = threading.Semaphore(_MAX_WAITING)
        self._writing = threading.Lock()
        self._counting = threading.Lock()
        self._bytes = 0
        self._closed = False

    def take(self, frame: Frame) -> None:
        """Starts on what the message asks; raises `ProtocolError` from a worker that does not wait for answers."""
        if not self._room.acquire(blocking=False):
            raise ProtocolError("more questions at once than anybody waits for")
        with self._counting:
            self._bytes += _weight(frame)
            if self._bytes > _MAX_BYTES:
                raise ProtocolError("more at once than is kept for it")
        self._pool.submit(self._serve, frame)

    def close(self) -> None:
        """Nothing more is started, and the pipe is closed. To be called when the worker is gone."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._writing:
            self._closed = True
            os.close(self._answers)

    def _serve(self, frame: Frame) -> None:
        try:
            answer = self._answer(frame)
            with self._writing:
                if not self._closed:
                    write_frame(self._answers, answer)
        except OSError:
            pass  # the worker is gone, and nobody waits for the answer
        finally:
            with self._counting:
                self._bytes -= _weight(frame)
            self._room.release()

    def _answer(self, frame: Frame) -> Frame:
        try:
            result = self._done(frame)
            if isinstance(result, bytes):
                return Frame.of(frame.number, {"bytes": True}, result)
            return Frame.of(frame.number, {"value": result})
        except MixpeekError as error:
            return Frame.of(frame.number, {"error": {**error_to_wire(error), "traceback": ""}})
        except Exception as error:  # noqa: BLE001 - the worker gets the kind; the text may hold what it must not know
            failure = ItemFailure(f"The host could not do this: {type(error).__name__}.")
            return Frame.of(frame.number, {"error": {**error_to_wire(failure), "traceback": ""}})

    def _done(self, frame: Frame) -> Any:
        content = frame.content()
        name, arguments = content.get("name"), content.get("arguments")
        service = self._services.get(name) if isinstance(name, str) else None
        if service is None or not isinstance(arguments, dict):
            raise InvalidInput("The host does not do this for packages.", field="broker", value=name)
        given = {**arguments, "payload": frame.payload} if frame.payload else arguments
        try:
            inspect.signature(service).bind(**given)
        except TypeError:
            raise InvalidInput(f"The host does not do {name} with these arguments.", field="broker") from None
        return service(**given)


def _weight(frame: Frame) -> int:
    """The memory that a question may need while it waits and is answered."""
    return len(frame.text) * _BYTES_PER_CHARACTER + len(frame.payload)
