"""The bytes of objects in the store: removed when nothing refers to them any more."""

from __future__ import annotations

import time
from collections.abc import Collection as AnyOf
from collections.abc import Mapping
from typing import Final

from mixpeek_orchestration.core.ports.erasures import ErasureCatalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.upkeep import TableUpkeep

_MANY: Final = 500
_MANY_BYTES: Final = 64 << 20
"""So much is held at a time while it is looked whether anybody has begun to use it."""


class Contents:
    """Contents that objects have released."""

    def __init__(self, erasures: ErasureCatalog, store: ObjectStore, upkeep: TableUpkeep) -> None:
        self._erasures = erasures
        self._store = store
        self._upkeep = upkeep

    def in_use(self, contents: AnyOf[str]) -> set[str]:
        """Those of these contents that the catalog or a document names: documents have URLs of what was made of them."""
        used = self._erasures.in_use(contents)
        left = set(contents) - used
        return (
            used.union(*(self._upkeep.named(table, left) for table in self._upkeep.tables()))
            if left
            else used
        )

    def remove_unused(self, contents: AnyOf[str]) -> int:
        """Those of these contents that nothing refers to are gone afterwards; how many were removed.

        Someone may store the same bytes again meanwhile: who finds them there does not write them. A reference that
        appears after the removal gets them back; one that appears later still sees that they are not there.
        """
        removed = 0
        held: dict[str, bytes] = {}
        for content in sorted(set(contents) - self.in_use(contents)):
            if not self._store.exists(content):
                continue
            held[content] = self._store.get(content)
            self._store.delete(content)
            if len(held) >= _MANY or sum(map(len, held.values())) >= _MANY_BYTES:
                removed += self._settled(held)
                held = {}
        return removed + self._settled(held)

    def _settled(self, held: Mapping[str, bytes]) -> int:
        """Give back what somebody has begun to use; how many are gone."""
        back = self.in_use(held) if held else set()
        for content in back:
            self._store.put(held[content])
        return len(held) - len(back)

    def held(self, contents: AnyOf[str]) -> int:
        """How many of these contents are stored without anything that refers to them."""
        return sum(self._store.exists(content) for content in set(contents) - self.in_use(contents))

    def stored(self, contents: AnyOf[str]) -> int:
        """How many of these contents are stored, whoever refers to them."""
        return sum(self._store.exists(content) for content in set(contents))

    def sweep(self, *, grace_s: float) -> int:
        """Remove what was released longer ago than `grace_s`, which runs have to finish reading; how many."""
        released = self._erasures.released(before=time.time() - grace_s)
        removed = self.remove_unused(released)
        self._erasures.forget_released(released)
        return removed
