"""Waiting for something that may never end."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def within(limit_s: float, work: Callable[[], Result]) -> Result:
    """What `work` returned or raised; raises `TimeoutError` after `limit_s` seconds. What goes on then is left behind in
    a thread that keeps no process alive."""
    answered: Future[Result] = Future()
    context = contextvars.copy_context()

    def answer() -> None:
        try:
            answered.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            answered.set_exception(error)

    threading.Thread(target=answer, name="within", daemon=True).start()
    return answered.result(timeout=limit_s)
