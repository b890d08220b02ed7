"""Measurements in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from mixpeek_orchestration.core.spending.measurement import Measurement
from mixpeek_orchestration.stores.catalog.clock import now


class MemoryMeasurements:
    """The `MeasurementCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, Measurement] = {}
        self._numbers = count(1)

    def keep(self, measurement: Measurement) -> Measurement:
        """Add one, dated now unless it is dated."""
        kept = replace(measurement, created_at=measurement.created_at or now())
        with self._lock:
            self._kept[next(self._numbers)] = kept
        return kept

    def of_extractor(self, namespace_id: str, extractor: str, *, limit: int = 200) -> list[Measurement]:
        """Those of an extractor by name, in all collections of a namespace, newest first."""
        return self._newest(lambda m: m.extractor == extractor and m.namespace_id == namespace_id)[:limit]

    def of_collection(self, collection_id: str, *, limit: int = 20) -> list[Measurement]:
        """Newest first."""
        return self._newest(lambda m: m.collection_id == collection_id)[:limit]

    def of_run(self, run_id: str, collection_id: str) -> Measurement | None:
        """The newest one of a run over a collection."""
        found = self._newest(lambda m: m.run_id == run_id and m.collection_id == collection_id)
        return found[0] if found else None

    def spent(self, namespace_id: str, *, since: str) -> float:
        """Dollars that the runs of a namespace cost since a moment."""
        return sum(
            m.usd for m in self._newest(lambda m: m.namespace_id == namespace_id and m.created_at >= since)
        )

    def past(self, before: str) -> dict[int, Measurement]:
        """Those that were kept before a moment, by number, oldest first."""
        with self._lock:
            return {number: m for number, m in self._kept.items() if m.created_at < before}

    def forget(self, numbers: Sequence[int]) -> None:
        """Forget these."""
        with self._lock:
            for number in numbers:
                self._kept.pop(number, None)

    def _newest(self, wanted: Callable[[Measurement], bool]) -> list[Measurement]:
        with self._lock:
            return [m for m in reversed(self._kept.values()) if wanted(m)]
