"""Lines that commands print."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

_WIDTH = 100
_NAMES_OF_THINGS = ("_id", "_at", "_url", "_uri")


def hit_lines(answer: Mapping[str, Any]) -> list[str]:
    """The documents of an execution: rank, score, source object, text; and what was degraded."""
    lines = [f"degraded: {part.get('reason')}" for part in answer.get("degraded") or ()]
    documents = answer.get("documents") or []
    if not documents:
        lines.append("no results")
    for rank, found in enumerate(documents, start=1):
        source = found.get("title") or found.get("root_object_id") or found.get("document_id")
        lines.append(f"{rank}. {found.get('score', 0.0):.3f}  {source}")
        text = " ".join(_text_of(found).split())
        lines.append(textwrap.indent(textwrap.shorten(text, _WIDTH * 2, placeholder=" …"), "   "))
    return lines


def _text_of(found: Mapping[str, Any]) -> str:
    """What a person recognises a document by: its text, or else the longest of what is written in it."""
    written = [
        value
        for name, value in found.items()
        if isinstance(value, str) and not name.startswith("_") and not name.endswith(_NAMES_OF_THINGS)
    ]
    return str(found.get("text") or max(written, key=len, default=""))
