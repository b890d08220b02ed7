"""The bytes of objects in the store: removed when nothing refers to them any more."""

from __future__ import annotations

import time
from collections.abc import Collection as AnyOf

from mixpeek_orchestration.core.ports.erasures import ErasureCatalog
from mixpeek_orchestration.core.ports.objects import ObjectStore


class Contents:
    """Contents that objects have released."""

    def __init__(self, erasures: ErasureCatalog, store: ObjectStore) -> None:
        self._erasures = erasures
        self._store = store

    def remove_unused(self, contents: AnyOf[str]) -> int:
        """Those of these contents that nothing refers to are gone afterwards; how many were removed.

        Someone may store the same bytes again meanwhile: who finds them there does not write them. A reference that
        appears after the removal gets them back; one that appears later still sees that they are not there.
        """
        removed = 0
        for content in set(contents) - self._erasures.in_use(contents):
            if not self._store.exists(content):
                continue
            data = self._store.get(content)
            self._store.delete(content)
            if self._erasures.in_use([content]):
                self._store.put(data)
            else:
                removed += 1
        return removed

    def held(self, contents: AnyOf[str]) -> int:
        """How many of these contents are stored without anything that refers to them."""
        return sum(self._store.exists(content) for content in set(contents) - self._erasures.in_use(contents))

    def stored(self, contents: AnyOf[str]) -> int:
        """How many of these contents are stored, whoever refers to them."""
        return sum(self._store.exists(content) for content in set(contents))

    def sweep(self, *, grace_s: float) -> int:
        """Remove what was released longer ago than `grace_s`, which runs have to finish reading; how many."""
        released = self._erasures.released(before=time.time() - grace_s)
        removed = self.remove_unused(released)
        self._erasures.forget_released(released)
        return removed
