"""Named definitions of one kind in memory, kept as text so that no caller shares state with the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic

from mixpeek_orchestration.core.identity import folded
from mixpeek_orchestration.stores.catalog.definitions import D, Kind, name_conflict, settled
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded


class MemoryDefinitions(Generic[D]):
    """The caller holds the lock; `count` is called once per change."""

    def __init__(self, kind: Kind[D], count: Callable[[], None]) -> None:
        self._kind = kind
        self._count = count
        self._bodies: dict[str, str] = {}

    def put(self, new: D) -> D:
        """Insert or replace by id, and count the change if there is one."""
        identifier = self._kind.id_of(new)
        for other in self.all():
            if self._kind.id_of(other) != identifier and _collide(self._kind, new, other):
                raise name_conflict(self._kind, new.name, other.name)
        old = self.by_id(identifier)
        kept = settled(new, old)
        if kept != old:
            self.write(kept)
        return kept

    def write(self, definition: D) -> None:
        """Insert or replace and count the change."""
        self._bodies[self._kind.id_of(definition)] = encoded(definition)
        self._count()

    def by_id(self, identifier: str) -> D | None:
        body = self._bodies.get(identifier)
        return None if body is None else decoded(self._kind.type, body)

    def find(self, namespace_id: str | None, identifier: str) -> D | None:
        """By id, else by exact name."""
        candidates = self.all(namespace_id)
        by_id = (d for d in candidates if self._kind.id_of(d) == identifier)
        return next(by_id, next((d for d in candidates if d.name == identifier), None))

    def all(self, namespace_id: str | None = None) -> list[D]:
        """Oldest first."""
        every = [decoded(self._kind.type, body) for body in self._bodies.values()]
        return [d for d in every if namespace_id in (None, d.namespace_id)]

    def delete(self, identifier: str) -> bool:
        """Remove one and count the change; `False` when it was not there."""
        if self._bodies.pop(identifier, None) is None:
            return False
        self._count()
        return True


def _collide(kind: Kind[D], new: D, other: D) -> bool:
    same_scope = kind.noun == "namespace" or new.namespace_id == other.namespace_id
    return same_scope and folded(new.name) == folded(other.name)
