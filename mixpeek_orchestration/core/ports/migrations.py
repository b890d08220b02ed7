"""The ports to what the catalog keeps of migrations, and of queries to compare generations on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.migration import Migration


class MigrationCatalog(Protocol):
    """Migrations of collections; at most one of a collection is open."""

    def add(self, migration: Migration, generations: Sequence[Generation] = ()) -> Migration:
        """Keep a new one, stamped with the time, and its generations with it, all or nothing; raises `Conflict` while
        another one of its collection is open."""

    def get(self, migration_id: str) -> Migration | None: ...
    def of(self, collection_id: str) -> list[Migration]:
        """Newest first."""

    def open(self, collection_id: str) -> Migration | None: ...
    def change(self, migration_id: str, change: Callable[[Migration], Migration]) -> Migration | None:
        """Replace a migration by what `change` makes of it as it is now, in one step; `None` when it is not there.
        What is closed stays closed."""

    def note(self, generation_id: str, error: str | None) -> None:
        """Keep what last kept a generation of an open migration from being filled."""

    def forget(self, collection_id: str) -> None:
        """Remove the migrations of a collection that is gone."""


@dataclass(frozen=True)
class LoggedQuery:
    """What a retriever was asked. It is content, and stays in the catalog for a limited time."""

    namespace_id: str
    retriever_id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    asked_at: float = 0.0


class QueryCatalog(Protocol):
    """The last queries of each namespace."""

    def keep(self, queries: Sequence[LoggedQuery], *, limit: int, since: float) -> None:
        """Add these, in one transaction; of each namespace that they are of, only the last `limit` stay, and none that
        was asked before `since`."""

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[LoggedQuery]:
        """Newest first."""

    def forget(self, namespace_id: str) -> int:
        """Remove all of a namespace; returns how many there were."""
