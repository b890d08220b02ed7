"""Pages of a result, by offset or by an opaque cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mixpeek_orchestration.core.errors import InvalidInput

MAX_PAGE = 500
_CURSOR_PREFIX = "after:"
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page:
    """A slice of a result: where it starts, and how long it may be (`None`: to the end)."""

    method: str
    start: int
    size: int | None

    def of(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """The rows on this page."""
        return tuple(rows[self.start : None if self.size is None else self.start + self.size])

    def wire(self, *, total: int, returned: int) -> dict[str, Any]:
        """What the answer says about the page, `total` being the rows before slicing."""
        has_next = self.start + returned < total
        counts = {"method": self.method, "total": total, "returned": returned, "has_next": has_next}
        if self.method == "offset":
            size = self.size or max(returned, 1)
            return counts | {
                "page_size": size,
                "page_number": self.start // size + 1,
                "offset": self.start,
            }
        cursor = encoded_cursor(self.start + returned) if has_next else None
        return counts | {"limit": self.size or returned, "cursor": cursor}


def encoded_cursor(start: int) -> str:
    """The cursor for the page that starts at `start`."""
    return base64.urlsafe_b64encode(f"{_CURSOR_PREFIX}{start}".encode()).decode()


def decoded_cursor(cursor: str) -> int:
    """Where the page of a cursor starts; raises `InvalidInput` for one that was not made here."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        if text.startswith(_CURSOR_PREFIX):
            return max(0, int(text.removeprefix(_CURSOR_PREFIX)))
    except (binascii.Error, ValueError):
        pass  # told below, like a cursor of someone else
    raise InvalidInput(
        "The cursor was not made here.",
        field="pagination.cursor",
        value=cursor,
        fix="Send pagination.cursor of the answer before, or leave it out for the first page.",
    )
