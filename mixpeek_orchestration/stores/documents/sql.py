"""SQL fragments for filters. Identifiers come from outside, so every literal is quoted here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable


def literal(value: str) -> str:
    """A string literal: single quotes, doubled inside."""
    return "'" + value.replace("'", "''") + "'"


def is_in(column: str, values: Iterable[str]) -> str:
    """`column IN (…)`; false when there are no values."""
    listed = ", ".join(map(literal, values))
    return f"`{column}` IN ({listed})" if listed else "false"
