"""An answer as what a page shows: facts about it, and a table of what it lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LISTS: Final = ("results", "samples", "failures", "groups", "documents", "items")
SHORTENED: Final = 600
HIDDEN: Final = frozenset({"pagination", "_internal", "total", "document_blobs"})
"""What programs need and people do not; the same address answers programs with all of it."""


@dataclass(frozen=True)
class Content:
    """`columns` is `None` where nothing is listed; then `rows` is empty too."""

    facts: list[tuple[str, str]]
    columns: list[str] | None
    rows: list[list[str]]


def content_of(answer: Any) -> Content:
    """The values of an answer as text. What a page of it lists is a table, everything else a fact."""
    if not isinstance(answer, Mapping):
        return Content([("answer", _text(answer))], None, [])
    listed = next((name for name in LISTS if _is_table(answer.get(name))), None)
    facts = [
        (name, _text(value))
        for name, value in answer.items()
        if name not in HIDDEN and not (listed and _is_table(value)) and value not in (None, "", [], {})
    ]
    if listed is None:
        return Content(facts, None, [])
    entries: Sequence[Mapping[str, Any]] = answer[listed]
    columns = list(dict.fromkeys(name for entry in entries for name in entry))
    told = {name for name, _ in facts} | HIDDEN
    used = [
        name
        for name in columns
        if name not in told and any(entry.get(name) not in (None, "", [], {}) for entry in entries)
    ]
    return Content(facts, used, [[_text(entry.get(name)) for name in used] for entry in entries])


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return text if len(text) <= SHORTENED else f"{text[:SHORTENED]}…"
