"""The port to the repair of document tables: seeing what happened to one, and putting it right.

The caller is the only writer of the table while it restores or prunes.
"""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from typing import TYPE_CHECKING, Protocol

from mixpeek_orchestration.core.drift import Observed

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.documents import Stamp


class TableRepair(Protocol):
    """Observing and repairing tables."""

    def observe(self, table: str, *, since: int = 0) -> Observed:
        """The table as it lies in the store now, with its commits from version `since` on; nothing is remembered from
        earlier reads."""

    def restore(self, table: str, version: int, *, stamp: Stamp) -> None:
        """A new version with the content of an older one, made in one stamped commit."""

    def prune(self, table: str, fragments: AnyOf[int], *, stamp: Stamp) -> None:
        """A new version without some fragments, made in one stamped commit: their files are not needed for it."""
