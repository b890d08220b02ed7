"""Which errors may go away by themselves: a time-out, a refused connection, a server that is busy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mixpeek_orchestration.core.errors import MixpeekError

_BUILTIN: Final = (TimeoutError, ConnectionError, InterruptedError)
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_OF_CLIENTS: Final = frozenset(
    {
        ("aiohttp", "ClientConnectionError"),
        ("anthropic", "APIConnectionError"),
        ("botocore", "HTTPClientError"),
        ("httpcore", "NetworkError"),
        ("httpcore", "TimeoutException"),
        ("httpx", "NetworkError"),
        ("httpx", "RemoteProtocolError"),
        ("httpx", "TimeoutException"),
        ("openai", "APIConnectionError"),
        ("requests", "ConnectionError"),
        ("requests", "Timeout"),
        ("urllib3", "TimeoutError"),
        ("urllib3", "ProtocolError"),
    }
)
"""Base classes of HTTP clients, by package and name: extractors use them, and the core imports none of them."""


@dataclass(frozen=True)
class Patience:
    """How often what may go away is tried within a run, and how long to wait in between: the waits double from
    `first_wait_s` up to `longest_wait_s`, with some chance in them. One attempt means that nothing is tried again."""

    attempts: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 10.0


def is_transient_error(error: BaseException | None) -> bool:
    """Whether trying again may help. What an error was explicitly raised from counts as well."""
    if error is None:
        return False
    if isinstance(error, MixpeekError):
        return error.retryable
    if isinstance(error, _BUILTIN) or _is_of_a_client(error):
        return True
    status = _status(error)
    return status in _BUSY if status is not None else is_transient_error(error.__cause__)


def _is_of_a_client(error: BaseException) -> bool:
    known = ((cls.__module__.partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    return not _OF_CLIENTS.isdisjoint(known)


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error of any client carries."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and 100 <= value <= 599:
                return value
    return None
