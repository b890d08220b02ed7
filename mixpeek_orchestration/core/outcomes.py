"""What became of an item, from the rows and the errors that came back for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mixpeek_orchestration.core.account import Result
from mixpeek_orchestration.core.failure import ItemError


def results_of(rows_by_item: Mapping[str, int], errors: Iterable[ItemError]) -> dict[str, Result]:
    """`partial` has rows and errors, `failed` only errors, `empty` neither, `written` only rows."""
    failed = {error.item for error in errors}

    def judged(item: str, rows: int) -> Result:
        if item in failed:
            return "partial" if rows else "failed"
        return "written" if rows else "empty"

    return {item: judged(item, rows) for item, rows in rows_by_item.items()}


def reasons_of(items: Iterable[str], errors: Sequence[ItemError], empty: Mapping[str, str]) -> dict[str, str]:
    """Why each item has no rows, or not all: its first error, or what the engine said of an empty one."""
    first: dict[str, str] = {}
    for error in errors:
        first.setdefault(error.item, f"{error.step}: {error.error_class}: {error.message}")
    return {item: first.get(item) or empty.get(item) or "no rows" for item in items}


def is_transient(item: str, errors: Iterable[ItemError]) -> bool:
    """Whether trying again may help: every error of the item says so, and there is one."""
    own = [error.transient for error in errors if error.item == item]
    return bool(own) and all(own)
