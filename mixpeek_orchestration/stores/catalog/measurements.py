"""Measurements in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, delete, func, insert, select

from mixpeek_orchestration.core.spending.measurement import Measurement
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.measurements_schema import measurements
from mixpeek_orchestration.stores.catalog.statements import among

_SEARCHED = ("namespace_id", "collection_id", "extractor", "run_id", "created_at", "usd")


class SqlMeasurements:
    """The `MeasurementCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, measurement: Measurement) -> Measurement:
        """Add one, dated now unless it is dated."""
        kept = replace(measurement, created_at=measurement.created_at or now())
        row: dict[str, Any] = {name: getattr(kept, name) for name in _SEARCHED}
        with self._database.writing() as connection:
            connection.execute(insert(measurements).values({**row, "body": encoded(kept)}))
        return kept

    def of_extractor(self, namespace_id: str, extractor: str, *, limit: int = 200) -> list[Measurement]:
        """Those of an extractor by name, in all collections of a namespace, newest first."""
        in_namespace = measurements.c.namespace_id == namespace_id
        return self._newest(measurements.c.extractor == extractor, in_namespace, limit=limit)

    def of_collection(self, collection_id: str, *, limit: int = 20) -> list[Measurement]:
        """Newest first."""
        return self._newest(measurements.c.collection_id == collection_id, limit=limit)

    def of_run(self, run_id: str, collection_id: str) -> Measurement | None:
        """The newest one of a run over a collection."""
        of_collection = measurements.c.collection_id == collection_id
        found = self._newest(of_collection, measurements.c.run_id == run_id, limit=1)
        return found[0] if found else None

    def spent(self, namespace_id: str, *, since: str) -> float:
        """Dollars that the runs of a namespace cost since a moment."""
        statement = select(func.coalesce(func.sum(measurements.c.usd), 0.0)).where(
            measurements.c.namespace_id == namespace_id, measurements.c.created_at >= since
        )
        with self._database.reading() as connection:
            return float(connection.execute(statement).scalar_one())

    def past(self, before: str) -> dict[int, Measurement]:
        """Those that were kept before a moment, by number, oldest first."""
        columns = measurements.c
        statement = select(columns.seq, columns.body).where(columns.created_at < before)
        with self._database.reading() as connection:
            found = connection.execute(statement.order_by(columns.seq))
            return {number: decoded(Measurement, body) for number, body in found}

    def forget(self, numbers: Sequence[int]) -> None:
        """Forget these."""
        with self._database.writing() as connection:
            named = among(connection, cast(measurements.c.seq, Text), map(str, numbers))
            connection.execute(delete(measurements).where(named))

    def _newest(self, *conditions: ColumnElement[bool], limit: int) -> list[Measurement]:
        statement = select(measurements.c.body).where(*conditions)
        with self._database.reading() as connection:
            bodies = connection.execute(statement.order_by(measurements.c.seq.desc()).limit(limit)).scalars()
            return [decoded(Measurement, body) for body in bodies]
