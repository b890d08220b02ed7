"""Time as the catalog writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """This moment as an ISO 8601 string in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
