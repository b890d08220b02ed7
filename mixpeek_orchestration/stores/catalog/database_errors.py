"""What a database says when it cannot answer, in terms of what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, exc

from mixpeek_orchestration.core.errors import Broken, MixpeekError, NotReady

_LOCKED = ("database is locked", "database table is locked", "database is busy")
_UNREACHABLE = (
    "connection refused",
    "could not connect",
    "no such file or directory",
    "timeout expired",
    "server closed the connection",
    "starting up",
    "shutting down",
    "terminating connection",
    "too many clients",
    "connection already closed",
    "could not translate host name",
)


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise our errors instead of the driver's, for what is not a bug of ours."""
    try:
        yield
    except exc.TimeoutError as error:
        raise NotReady("All connections to the catalog are in use.", fix="Try again.") from error
    except (exc.OperationalError, exc.InterfaceError) as error:
        raise _explained(error, url) from error


def _explained(error: exc.DBAPIError, url: URL) -> MixpeekError:
    said = str(error.orig)
    shown = url.render_as_string(hide_password=True)
    if any(words in said for words in _LOCKED):
        return NotReady(
            "Another process has held the catalog's write lock for too long.",
            value=shown,
            fix="Try again; if it stays, find the process that has the file open (`fuser` names it).",
        )
    if error.connection_invalidated or any(words in said.lower() for words in _UNREACHABLE):
        return NotReady(
            f"The catalog's database cannot be reached: {said.strip()}.",
            value=shown,
            fix="Check that it runs and that MIXPEEK_CATALOG_URL is right.",
        )
    return Broken(f"The catalog's database refused: {said.strip()}.", value=shown)
