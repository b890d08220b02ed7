"""Lance's exceptions, told as what the caller should do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from lance.commit import CommitConflictError

from mixpeek_orchestration.core.errors import Broken, InvalidInput, MixpeekError, NotReady

_NO_SPACE = ("no space left on device", "disk quota exceeded", "storagefull")
_NOT_THERE = ("Not found: ", "was not found: ")


@contextmanager
def translated(table: str, *, where: str | None = None) -> Iterator[None]:
    """Inside, an error of Lance about `table` becomes one of ours; `where` is the caller's filter, if any."""
    try:
        yield
    except CommitConflictError as error:
        raise conflict(table) from error
    except (OSError, ValueError) as error:
        # What fails while rows stream in comes as Arrow's ValueError, also when it was the disk.
        raise _storage_error(table, error) or _refused(table, where, error) from error


def is_missing(error: Exception) -> bool:
    """Whether Lance says that a table, a version or a file is not there."""
    return any(words in str(error) for words in _NOT_THERE)


def removed(table: str, version: int) -> NotReady:
    """The version was cleaned away while it was read; a newer one is there."""
    return NotReady(
        f"Version {version} of table {table} was removed while it was read.",
        fix="Ask again.",
        table=table,
        retry_after_s=0.1,
    )


def conflict(table: str) -> NotReady:
    """Someone else was first; nothing was written and trying again makes sense."""
    return NotReady(
        f"Another process changed table {table} while this commit was made; nothing of it was written.",
        fix="Plan again and commit again.",
        table=table,
        retry_after_s=0.5,
    )


def _storage_error(table: str, error: OSError | ValueError) -> MixpeekError | None:
    text = str(error).lower()
    if text.startswith("invalid user input"):
        return None
    if getattr(error, "errno", None) == errno.ENOSPC or any(words in text for words in _NO_SPACE):
        return NotReady(
            f"The disk of table {table} is full; nothing of this commit is visible.",
            fix="Free some space, then run again.",
            table=table,
            retry_after_s=60.0,
        )
    if "already exists" in text:
        return conflict(table)
    if is_missing(error):
        return Broken(
            f"A file of table {table} is missing: {_reason(error)}.",
            fix="`mixpeek drift` shows what is gone, and `mixpeek drift heal` extracts it again.",
            table=table,
        )
    if isinstance(error, OSError) or "lanceerror(io)" in text:
        return NotReady(f"The storage of table {table} did not answer: {_reason(error)}.", table=table)
    return None


def _refused(table: str, where: str | None, error: Exception) -> MixpeekError:
    if where is not None:
        return InvalidInput(
            f"The filter cannot be used on table {table}: {_reason(error)}.",
            field="where",
            value=where,
            fix="Compare columns of the table; strings take single quotes.",
        )
    if "Invalid user input" in str(error):
        return InvalidInput(f"Table {table} refused: {_reason(error)}.", table=table)
    return Broken(f"Table {table} cannot be used: {_reason(error)}.", table=table)


def _reason(error: Exception) -> str:
    """Lance's words without the place in its source."""
    return str(error).split(", /", 1)[0].removeprefix("Invalid user input: ")
