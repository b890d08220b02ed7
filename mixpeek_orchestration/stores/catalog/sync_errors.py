"""Errors that every catalog of syncs raises alike."""

from __future__ import annotations

from mixpeek_orchestration.core.errors import NotFound


def unknown_sync(sync_id: str) -> NotFound:
    """The error for an id that no sync has."""
    return NotFound(f"There is no sync {sync_id!r}.", field="sync_config_id", value=sync_id)
