"""Migrations of collections, and the last queries, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.core.ports.migrations import LoggedQuery
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.definitions import second_migration
from mixpeek_orchestration.stores.catalog.encoding import normal


class MemoryMigrations:
    """The `MigrationCatalog` in memory."""

    def __init__(self, put_generation: Callable[[Generation], Generation]) -> None:
        self._put_generation = put_generation
        self._lock = threading.RLock()
        self._migrations: dict[str, Migration] = {}

    def add(self, migration: Migration, generations: Sequence[Generation] = ()) -> Migration:
        """Keep a new one and its generations; raises `Conflict` while another one of its collection is open."""
        with self._lock:
            other = self.open(migration.collection_id)
            if other is not None:
                raise second_migration(other)
            for generation in generations:
                self._put_generation(generation)
            kept = normal(replace(migration, created_at=now(), updated_at=now()))
            self._migrations[kept.migration_id] = kept
            return kept

    def get(self, migration_id: str) -> Migration | None:
        return self._migrations.get(migration_id)

    def of(self, collection_id: str) -> list[Migration]:
        """Newest first."""
        with self._lock:
            return [m for m in reversed(self._migrations.values()) if m.collection_id == collection_id]

    def open(self, collection_id: str) -> Migration | None:
        return next((m for m in self.of(collection_id) if m.is_open), None)

    def change(self, migration_id: str, change: Callable[[Migration], Migration]) -> Migration | None:
        """Replace a migration by what `change` makes of it as it is now; what is closed stays closed."""
        with self._lock:
            old = self.get(migration_id)
            if old is None or not old.is_open:
                return old
            new = normal(change(old))
            if new != old:
                new = replace(new, updated_at=now())
                self._migrations[migration_id] = new
            return new

    def note(self, generation_id: str, error: str | None) -> None:
        """Keep what last kept a generation of an open migration from being filled."""
        with self._lock:
            for found in list(self._migrations.values()):
                if generation_id in (found.from_generation, found.to_generation):
                    self.change(found.migration_id, lambda m: replace(m, error=error))

    def forget(self, collection_id: str) -> None:
        with self._lock:
            for found in self.of(collection_id):
                del self._migrations[found.migration_id]


class MemoryQueries:
    """The `QueryCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: dict[str, list[LoggedQuery]] = {}

    def keep(self, queries: Sequence[LoggedQuery], *, limit: int, since: float) -> None:
        """Add these; of each namespace that they are of, only the newest stay."""
        with self._lock:
            for query in queries:
                self._queries.setdefault(query.namespace_id, []).append(normal(query))
            for namespace_id in {query.namespace_id for query in queries}:
                newest = self._queries[namespace_id][-limit:] if limit else []
                self._queries[namespace_id] = [query for query in newest if query.asked_at >= since]

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[LoggedQuery]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._queries.get(namespace_id, [])))[:limit]

    def forget(self, namespace_id: str) -> int:
        with self._lock:
            return len(self._queries.pop(namespace_id, []))
