"""Errors that every catalog of syncs and connections raises alike."""

from __future__ import annotations

from mixpeek_orchestration.core.errors import NameConflict, NotFound


def unknown_sync(sync_id: str) -> NotFound:
    """The error for an id that no sync has."""
    return NotFound(f"There is no sync {sync_id!r}.", field="sync_config_id", value=sync_id)


def second_connection(name: str) -> NameConflict:
    """The error for a name that another connection has."""
    return NameConflict(
        f"There is a connection {name!r} already.", field="name", value=name, fix="Change that one."
    )
