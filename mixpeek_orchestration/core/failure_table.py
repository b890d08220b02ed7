"""Failures as lines and as a table for people: classes, steps and counts, never a message, which may quote content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mixpeek_orchestration.core.failure import FailureGroup

HEADINGS: Final = {
    "error_class": "class",
    "step": "step",
    "extractor": "extractor",
    "kind": "kind",
    "batch_id": "batch",
    "generation_id": "generation",
}
MOST: Final = 50
_NAME: Final = 80


def group_line(group: FailureGroup) -> str:
    """A group in one line."""
    key = {name: shown(value) for name, value in group.key.items()}
    said = [key.pop("error_class", ""), f"in step {key.pop('step')}" if "step" in key else "", *key.values()]
    tried = f"tried {group.attempts} times" if group.attempts > 1 else ""
    told = ", ".join(part for part in [*said, tried, f"last {group.last[:19]}"] if part)
    return f"{counted(group.items)}: {told}"


def counted(items: int) -> str:
    """A number of items in words."""
    return f"{items} item{'' if items == 1 else 's'}"


def markdown(groups: Sequence[FailureGroup]) -> str:
    """Groups that share the names of their parts, as a table in Markdown; a sentence when there are none."""
    if not groups:
        return "No item has an open failure."
    names = list(groups[0].key)
    head = [*(HEADINGS[name] for name in names), "items", "attempts", "first", "last"]
    rows = [
        [
            *(shown(group.key[name]) for name in names),
            str(group.items),
            str(group.attempts),
            *_times(group),
        ]
        for group in groups[:MOST]
    ]
    lines = [head, ["---"] * len(head), *rows]
    rest = len(groups) - MOST
    more = [f"\n… and {rest} more groups"] if rest > 0 else []
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines] + more)


def shown(name: str) -> str:
    """A name that a package chose, without what a table or a page could take for its own."""
    return re.sub(r"[^\w .:/-]", "_", name)[:_NAME]


def _times(group: FailureGroup) -> list[str]:
    return [moment[:16].replace("T", " ") for moment in (group.first, group.last)]
