"""What a database says when it cannot answer, in terms of what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, exc

from mixpeek_orchestration.core.errors import Broken, Conflict, MixpeekError, NotReady

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


_RACED = ("deadlock detected", "could not serialize")


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise our errors instead of the driver's, for what is not a bug of ours."""
    try:
        yield
    except exc.TimeoutError as error:
        raise NotReady("All connections to the catalog are in use.", fix="Try again.") from error
    except exc.IntegrityError as error:
        raise _raced(error) from error
    except (exc.OperationalError, exc.InterfaceError) as error:
        raise _explained(error, url) from error
    except exc.DatabaseError as error:
        # The class itself is for damaged files; its other subclasses are wrong statements of ours.
        if type(error) is not exc.DatabaseError:
            raise
        raise _refused(error, url) from error


def _raced(error: exc.DBAPIError) -> Conflict:
    return Conflict(
        f"Someone else wrote the same row at the same moment: {_said(error)}.",
        fix="Look at it, then try again.",
    )


def _explained(error: exc.DBAPIError, url: URL) -> MixpeekError:
    said = _said(error).lower()
    shown = url.render_as_string(hide_password=True)
    if any(words in said for words in _LOCKED):
        return NotReady(
            "Another process has held the catalog's write lock for too long.",
            value=shown,
            fix="Try again; if it stays, find the process that has the file open (`fuser` names it).",
        )
    if any(words in said for words in _RACED):
        return NotReady(
            "The catalog took back a change that raced another one.", value=shown, fix="Try again."
        )
    if error.connection_invalidated or any(words in said for words in _UNREACHABLE):
        return NotReady(
            f"The catalog's database cannot be reached: {_said(error)}.",
            value=shown,
            fix="Check that it runs and that MIXPEEK_CATALOG_URL is right.",
        )
    return _refused(error, url)


def _refused(error: exc.DBAPIError, url: URL) -> Broken:
    return Broken(
        f"The catalog's database refused: {_said(error)}.",
        value=url.render_as_string(hide_password=True),
        fix="Check its file or server, its disk and its permissions.",
    )


def _said(error: exc.DBAPIError) -> str:
    return " ".join(str(error.orig).split())
