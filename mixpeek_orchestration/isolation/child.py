"""The worker process: shuts the jail, makes its entry object, and calls its methods as the parent asks.

Started as `python -m mixpeek_orchestration.isolation.child REQUESTS REPLIES ASKS ANSWERS PARENT`, the first four being
inherited pipes. Nothing of a package is imported before the jail is shut.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import site
import sys
import threading
from collections.abc import Callable
from typing import Any

from mixpeek_orchestration.isolation import asking
from mixpeek_orchestration.isolation.fidelity import report_missing_files
from mixpeek_orchestration.isolation.frames import Frame, read_frame, write_frame
from mixpeek_orchestration.isolation.jail import Jail
from mixpeek_orchestration.isolation.levels import Level
from mixpeek_orchestration.isolation.wire_errors import error_to_wire

READY = 0
"""The number of the message that says that the worker is ready, or why it is not."""


def main(arguments: list[str]) -> None:
    """Serves until the parent closes the pipe."""
    requests, replies, asks, answers, parent = map(int, arguments)
    setup = read_frame(requests)
    if setup is None:
        return
    replier = _Replier(replies)
    try:
        content = setup.content()
        jail = Jail.from_wire(content["jail"])
        jail.enter(parent)
        if content["packages"]:
            site.addsitedir(content["packages"])  # runs what `.pth` files in it say
        if jail.level is not Level.TRUSTED:
            report_missing_files()
        asking.connect(asks, answers)
        entry = _entry(content["entry"])(**content["arguments"])
    except BaseException as error:  # noqa: BLE001 - a package raises anything; the parent raises it again
        replier.fails(READY, error)
        return
    replier.says(READY, {"value": None})
    _serve(requests, entry, replier)


def _entry(reference: str) -> Callable[..., Any]:
    module, _, name = reference.partition(":")
    entry: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return entry


def _serve(requests: int, entry: Any, replier: _Replier) -> None:
    loop: asyncio.AbstractEventLoop | None = None
    while (frame := read_frame(requests)) is not None:
        try:
            content = frame.content()
            method = getattr(entry, content["method"])
            arguments = _arguments(content, frame)
        except BaseException as error:  # noqa: BLE001 - as below
            replier.fails(frame.number, error)
            continue
        if inspect.iscoroutinefunction(method):
            loop = loop or _background_loop()
            asyncio.run_coroutine_threadsafe(replier.awaits(frame.number, method, arguments), loop)
        else:
            replier.calls(frame.number, method, arguments)


def _arguments(content: dict[str, Any], frame: Frame) -> dict[str, Any]:
    from mixpeek_orchestration.isolation.tables import from_trusted

    given = dict(content["arguments"])
    return given | {"table": from_trusted(frame.payload)} if frame.payload else given


def _background_loop() -> asyncio.AbstractEventLoop:
    """A running loop: what a package opens in it at one request still works at the next."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="requests", daemon=True).start()
    return loop


class _Replier:
    """Writes replies, one at a time."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def calls(self, number: int, method: Callable[..., Any], arguments: dict[str, Any]) -> None:
        try:
            self.returns(number, method(**arguments))
        except BaseException as error:  # noqa: BLE001 - packages raise anything, SystemExit too; the parent records it
            self.fails(number, error)

    async def awaits(self, number: int, method: Callable[..., Any], arguments: dict[str, Any]) -> None:
        try:
            self.returns(number, await method(**arguments))
        except BaseException as error:  # noqa: BLE001 - as above
            self.fails(number, error)

    def returns(self, number: int, result: Any) -> None:
        if type(result).__module__.startswith("pyarrow"):
            from mixpeek_orchestration.isolation.tables import to_bytes

            self.says(number, {"table": True}, to_bytes(result))
        else:
            self.says(number, {"value": result})

    def fails(self, number: int, error: BaseException) -> None:
        self.says(number, {"error": error_to_wire(error)})

    def says(self, number: int, content: dict[str, Any], payload: bytes = b"") -> None:
        frame = Frame.of(number, content, payload)
        with self._lock:
            write_frame(self._pipe, frame)


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # no farewell of a package is waited for
