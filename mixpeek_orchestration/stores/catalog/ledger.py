"""The ledger in SQL: outcomes and failures of items, code parts, and the history of reports."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Text, cast, delete, func, insert, select, update

from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.ports.ledger import ItemOutcome
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded, read, storable, written
from mixpeek_orchestration.stores.catalog.failures import failure_of
from mixpeek_orchestration.stores.catalog.frames import OUTCOME_COLUMNS, outcome_frame
from mixpeek_orchestration.stores.catalog.schema import code_parts, failures, outcomes, tier_reports
from mixpeek_orchestration.stores.catalog.statements import among, text_columns, upsert

if TYPE_CHECKING:
    import polars as pl


class SqlLedger:
    """The `Ledger` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settle(
        self,
        generation_id: str,
        *,
        collection_id: str,
        batch_id: str,
        done: Sequence[str],
        outcomes: Sequence[ItemOutcome],
        errors: Sequence[ItemError],
        versions: Mapping[str, str],
        run_id: str = "",
    ) -> None:
        """Replace what is known of these items, in one transaction."""
        scope = {"generation_id": generation_id, "collection_id": collection_id}
        common = {
            **scope,
            "batch_id": batch_id,
            "run_id": run_id,
            "versions": written(dict(versions)),
            "extractor": versions.get("extractor", ""),
        }
        roots = {outcome.item: outcome.root_object for outcome in outcomes}
        with self._database.writing() as connection:
            _forget(connection, generation_id, [*done, *(outcome.item for outcome in outcomes)], run_id)
            _keep_outcomes(connection, scope, outcomes)
            _open_failures(connection, common, errors, roots)

    def outcomes(self, generation_id: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        """The outcomes that stand, of some root objects or of all."""
        columns = [cast(outcomes.c[name], Text) for name in OUTCOME_COLUMNS]
        statement = select(*columns).where(outcomes.c.generation_id == generation_id)
        with self._database.reading() as connection:
            if roots is not None:
                statement = statement.where(among(connection, outcomes.c.root_object, roots))
            return outcome_frame(text_columns(connection, statement.order_by(outcomes.c.item)))

    def forget(self, generation_id: str, items: Sequence[str], *, run_id: str = "") -> None:
        """Drop outcomes and resolve failures of items that are gone."""
        with self._database.writing() as connection:
            _forget(connection, generation_id, items, run_id)

    def ask_replay(self, generation_id: str, items: Sequence[str], *, batch_id: str) -> int:
        """Mark the failed and partial ones of these items to be tried again by a batch; how many there were."""
        with self._database.writing() as connection:
            statement = update(outcomes).where(
                outcomes.c.generation_id == generation_id,
                outcomes.c.outcome.in_(["failed", "partial"]),
                among(connection, outcomes.c.item, items),
            )
            return connection.execute(statement.values(replay=batch_id)).rowcount

    def failures(self, collection_id: str, *, open_only: bool = True, limit: int = 100) -> list[Failure]:
        """Newest first."""
        statement = select(failures).where(failures.c.collection_id == collection_id)
        if open_only:
            statement = statement.where(failures.c.resolved_at.is_(None))
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(failures.c.seq.desc()).limit(limit))
            return [failure_of(row) for row in rows]

    def open_failure_count(self, collection_id: str) -> int:
        """Source items with an open failure."""
        statement = select(func.count(failures.c.item.distinct())).where(
            failures.c.collection_id == collection_id, failures.c.resolved_at.is_(None)
        )
        with self._database.reading() as connection:
            return connection.execute(statement).scalar_one()

    def keep_code(self, code_fp: str, parts: Mapping[str, str]) -> None:
        """Keep the parts under a fingerprint."""
        row = {"code_fp": code_fp, "parts": written(dict(parts))}
        with self._database.writing() as connection:
            connection.execute(upsert(connection, code_parts, key=["code_fp"]), row)

    def code(self, code_fp: str) -> dict[str, str]:
        """The named parts under a fingerprint; empty when it was never seen."""
        statement = select(code_parts.c.parts).where(code_parts.c.code_fp == code_fp)
        with self._database.reading() as connection:
            parts = connection.execute(statement).scalar_one_or_none()
        return {} if parts is None else dict(read(parts))

    def keep_reports(self, reports: Mapping[str, TierReport], *, run_id: str, code_fp: str) -> None:
        """Add the reports of a run, by batch id, to the history of their collections."""
        moment = now()
        rows = [
            {
                "collection_id": report.collection_id,
                "batch_id": batch_id,
                "run_id": run_id,
                "code_fp": code_fp,
                "created_at": moment,
                "body": encoded(report),
            }
            for batch_id, report in reports.items()
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(insert(tier_reports), rows)

    def ran_whole(self, collection_id: str) -> bool:
        """Whether any report is of a run over the whole source, without a batch."""
        whole = (tier_reports.c.collection_id == collection_id, tier_reports.c.batch_id == "")
        with self._database.reading() as connection:
            return connection.execute(select(tier_reports.c.seq).where(*whole).limit(1)).first() is not None

    def history(self, collection_id: str, *, limit: int = 20) -> list[TierReport]:
        """Newest first."""
        statement = select(tier_reports.c.body).where(tier_reports.c.collection_id == collection_id)
        with self._database.reading() as connection:
            bodies = connection.execute(statement.order_by(tier_reports.c.seq.desc()).limit(limit)).scalars()
            return [decoded(TierReport, body) for body in bodies]


def _forget(connection: Connection, generation_id: str, items: Sequence[str], run_id: str) -> None:
    if not items:
        return
    connection.execute(
        delete(outcomes).where(
            outcomes.c.generation_id == generation_id, among(connection, outcomes.c.item, items)
        )
    )
    of_items = (failures.c.generation_id == generation_id, among(connection, failures.c.item, items))
    still_open = failures.c.resolved_at.is_(None)
    connection.execute(
        update(failures).where(*of_items, still_open).values(resolved_at=now(), resolved_by=run_id)
    )


def _keep_outcomes(connection: Connection, scope: Mapping[str, str], told: Sequence[ItemOutcome]) -> None:
    if not told:
        return
    rows = [{**asdict(outcome), **scope, "reason": storable(outcome.reason)} for outcome in told]
    connection.execute(upsert(connection, outcomes, key=["generation_id", "item"]), rows)


def _open_failures(
    connection: Connection,
    common: Mapping[str, str],
    errors: Sequence[ItemError],
    roots: Mapping[str, str],
) -> None:
    if not errors:
        return
    attempts = _attempts(connection, common["generation_id"], {error.item for error in errors})
    moment = now()
    rows = [
        {
            **common,
            "failure_id": random_id("fail"),
            "item": error.item,
            "attempt": attempts.get(error.item, 0) + 1,
            "error": written(asdict(error)),
            "error_class": storable(error.error_class),
            "step": storable(error.step),
            "kind": error.kind,
            "root_object": roots.get(error.item, ""),
            "created_at": moment,
        }
        for error in errors
    ]
    connection.execute(insert(failures), rows)


def _attempts(connection: Connection, generation_id: str, items: AnyOf[str]) -> dict[str, int]:
    """The last attempt of each item that has failed before."""
    statement = select(failures.c.item, func.max(failures.c.attempt)).where(
        failures.c.generation_id == generation_id, among(connection, failures.c.item, items)
    )
    rows = connection.execute(statement.group_by(failures.c.item))
    return {row[0]: row[1] for row in rows}
