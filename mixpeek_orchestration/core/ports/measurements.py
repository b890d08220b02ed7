"""The port to what runs took and cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mixpeek_orchestration.core.spending.measurement import Measurement


class MeasurementCatalog(Protocol):
    """Measurements of runs. They outlive their collection: what was spent was spent."""

    def keep(self, measurement: Measurement) -> Measurement:
        """Add one, dated now unless it is dated."""

    def of_extractor(self, namespace_id: str, extractor: str, *, limit: int = 200) -> list[Measurement]:
        """Those of an extractor by name, in all collections of a namespace, newest first."""

    def of_collection(self, collection_id: str, *, limit: int = 20) -> list[Measurement]:
        """Newest first."""

    def of_run(self, run_id: str, collection_id: str) -> Measurement | None:
        """The newest one of a run over a collection."""

    def spent(self, namespace_id: str, *, since: str) -> float:
        """Dollars that the runs of a namespace cost since a moment (ISO 8601, UTC)."""

    def past(self, before: str) -> dict[int, Measurement]:
        """Those that were kept before a moment (ISO 8601, UTC), of all namespaces, by number, oldest first."""

    def forget(self, numbers: Sequence[int]) -> None:
        """Forget these; numbers that are gone already change nothing."""
