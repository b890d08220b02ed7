"""A resource is changed only by the way of declaring that owns it."""

from __future__ import annotations

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.errors import ManagedElsewhere


def check_owner(owner: ManagedBy, caller: ManagedBy, *, kind: str, name: str) -> None:
    """Raises `ManagedElsewhere`, naming the owner, when `caller` is not it."""
    if owner != caller:
        raise ManagedElsewhere(
            f"The {kind} {name!r} is managed by {owner}, not by {caller}.",
            field="managed_by",
            value=owner,
            fix=f"Change it where it is declared ({owner}).",
        )
