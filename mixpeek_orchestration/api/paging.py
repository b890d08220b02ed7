"""Pages of lists: every documented way to ask for one, and the envelope they come back in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.validation import Later

DEFAULT_SIZE = 100
MAX_SIZE = 1000
_MAX_OFFSET = 2**31


class PageQuery(BaseModel):
    """Where a page starts and how long it is; the same words in a query string and in a body."""

    model_config = ConfigDict(extra="forbid")

    limit: int | None = Field(default=None, ge=1, le=MAX_SIZE)
    page_size: int | None = Field(default=None, ge=1, le=MAX_SIZE)
    offset: int | None = Field(default=None, ge=0, le=_MAX_OFFSET)
    page: int | None = Field(default=None, ge=1, le=_MAX_OFFSET)
    cursor: str | None = None
    next_cursor: str | None = None
    after: str | None = None
    include_total: bool | None = Field(default=None, description="The total is always given.")


class SearchQuery(PageQuery):
    """A page of named resources. `search` is a part of a name, in any case."""

    search: str | None = None


class ListBody(SearchQuery):
    """The body of a list request."""

    include_system: bool | None = None
    view: Later = None
    case_sensitive: Off = None
    filters: Later = None
    sort: Later = None
    sorts: Later = None


@dataclass(frozen=True)
class Page:
    """A page of a list: `limit` items from `offset` on."""

    limit: int = DEFAULT_SIZE
    offset: int = 0


def page_of(*asked: PageQuery | None) -> Page:
    """The page that was asked for; the last of `asked` that says something about it counts."""
    said: dict[str, Any] = {}
    for query in asked:
        said |= query.model_dump(include=set(PageQuery.model_fields), exclude_none=True) if query else {}
    limit = said.get("limit") or said.get("page_size") or DEFAULT_SIZE
    cursor = said.get("cursor") or said.get("next_cursor") or said.get("after")
    if cursor:
        return Page(limit, _offset_in(cursor))
    return Page(limit, said.get("offset") or (said.get("page", 1) - 1) * limit)


def _cursor_at(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode().rstrip("=")


def _offset_in(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        offset = int(text.removeprefix("o")) if text.startswith("o") else -1
    except (binascii.Error, ValueError):
        offset = -1
    if not 0 <= offset <= _MAX_OFFSET:
        raise InvalidInput(
            "This cursor did not come from here.",
            field="cursor",
            value=cursor,
            fix="Send next_cursor of the last page.",
        )
    return offset


def listing(results: Sequence[Any], page: Page, *, total: int, **more: Any) -> dict[str, Any]:
    """The envelope of a list, with all spellings of the total."""
    end = page.offset + len(results)
    pagination = {
        "total": total,
        "page": page.offset // page.limit + 1,
        "page_size": page.limit,
        "total_pages": -(-total // page.limit),
        "limit": page.limit,
        "offset": page.offset,
        "has_next": end < total,
        "next_cursor": _cursor_at(end) if end < total and results else None,
    }
    return {"results": list(results), "pagination": pagination, "total": total, "total_count": total, **more}


def listing_of(items: Sequence[Any], page: Page, answer: Any, *, search: str | None = None) -> dict[str, Any]:
    """The envelope of a page of named resources that are all at hand, newest definitions last."""
    wanted = (search or "").casefold()
    found = [item for item in items if wanted in item.name.casefold()]
    chosen = found[page.offset : page.offset + page.limit]
    return listing([answer(item) for item in chosen], page, total=len(found))


Paging = Annotated[PageQuery, Query()]
SearchPaging = Annotated[SearchQuery, Query()]
