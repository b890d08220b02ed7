"""Failures: what went wrong with one source item, kept until it is resolved."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from mixpeek_orchestration.core.errors import MixpeekError

_TRANSIENT = (TimeoutError, ConnectionError, InterruptedError)


@dataclass(frozen=True)
class ItemError:
    """One failed row (`row` from 0 within the item; -1 for the whole item) at one step."""

    item: str
    step: str
    error_class: str
    message: str
    traceback: str
    transient: bool
    row: int = -1


def item_error(item: str, step: str, error: BaseException, *, row: int = -1) -> ItemError:
    """The record of an exception: class, message, and a traceback without local variables."""
    transient = error.retryable if isinstance(error, MixpeekError) else isinstance(error, _TRANSIENT)
    return ItemError(
        item=item,
        step=step,
        error_class=type(error).__name__,
        message=str(error)[:2000] or type(error).__name__,
        traceback="".join(traceback.format_exception(error))[-8000:],
        transient=transient,
        row=row,
    )
