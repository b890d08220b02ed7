"""Errors across the pipe: written by the worker as JSON, rebuilt by code or name, never unpickled."""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Mapping
from typing import Any, Final

from mixpeek_orchestration.core.errors import (
    Broken,
    ItemFailure,
    LeaseHeld,
    MixpeekError,
    TransientItemFailure,
)
from mixpeek_orchestration.core.transience import is_transient_error

_MESSAGE: Final = 4000
_TRACEBACK: Final = 8000
_NOT_A_PACKAGES: Final = (Broken, LeaseHeld)
"""Errors about the warehouse itself: what a package says with them is only an error of its rows."""


def error_to_wire(error: BaseException) -> dict[str, Any]:
    """The error as plain values; the traceback holds no local variables."""
    shown: dict[str, Any] = {
        "type": type(error).__name__,
        "message": str(error)[:_MESSAGE],
        "traceback": "".join(traceback.format_exception(error))[-_TRACEBACK:],
    }
    if isinstance(error, MixpeekError):
        details = {name: _plain(value) for name, value in error.details().items()}
        shown |= {"code": error.code, "message": error.message[:_MESSAGE], "details": details}
    elif is_transient_error(error):
        shown["transient"] = True
    return shown


def error_from_wire(plain: Mapping[str, Any]) -> Exception:
    """The error that a worker reported, with the worker's traceback as a note."""
    error = _rebuilt(plain)
    shown = plain.get("traceback")
    if isinstance(shown, str) and shown:
        error.add_note(f"In the worker:\n{shown[-_TRACEBACK:]}")
    return error


def _rebuilt(plain: Mapping[str, Any]) -> Exception:
    message, name = str(plain.get("message", ""))[:_MESSAGE], str(plain.get("type", "Exception"))
    known = _by_code().get(str(plain.get("code", "")))
    if known is not None:
        details = plain.get("details")
        named = {str(key): value for key, value in details.items()} if isinstance(details, Mapping) else {}
        named.pop("message", None)
        return known(message, **named)
    builtin = getattr(builtins, name, None)
    if (
        isinstance(builtin, type)
        and issubclass(builtin, Exception)
        and not issubclass(builtin, StopIteration)
    ):
        try:
            return builtin(message)
        except TypeError:
            pass  # its constructor wants more than a message, as UnicodeDecodeError's does
    failure = TransientItemFailure if plain.get("transient") is True else ItemFailure
    return failure(f"{name[:200]}: {message}" if message else name[:200], reported=name[:200])


def _by_code() -> dict[str, type[MixpeekError]]:
    found: dict[str, type[MixpeekError]] = {}
    waiting: list[type[MixpeekError]] = [MixpeekError]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__ == MixpeekError.__module__ and one not in _NOT_A_PACKAGES:
            found[one.code] = one
    return found


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)[:200]
