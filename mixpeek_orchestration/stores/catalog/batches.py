"""Batches in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import replace

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from mixpeek_orchestration.core.batch import TERMINAL, Batch
from mixpeek_orchestration.core.erasure import ERASED, quieted
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.catalog import batch_flow
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.schema import batch_objects, batches
from mixpeek_orchestration.stores.catalog.statements import SEPARATOR, among


class SqlBatches:
    """The `BatchCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, batch: Batch, object_ids: Sequence[str]) -> Batch:
        """Keep a new batch with each object once; raises `Conflict` when its id is taken."""
        distinct = list(dict.fromkeys(object_ids))
        kept = replace(batch, object_count=len(distinct), created_at=batch.created_at or now())
        members = [
            {"batch_id": batch.batch_id, "position": position, "object_id": object_id}
            for position, object_id in enumerate(distinct)
        ]
        with self._database.writing() as connection:
            if _body(connection, batch.batch_id) is not None:
                raise batch_flow.batch_exists(batch.batch_id)
            connection.execute(insert(batches).values(_row(kept)))
            if members:
                connection.execute(insert(batch_objects), members)
        return kept

    def get(self, batch_id: str) -> Batch | None:
        with self._database.reading() as connection:
            body = _body(connection, batch_id)
        return None if body is None else decoded(Batch, body)

    def get_many(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """Those that are there, by id."""
        with self._database.reading() as connection:
            return _batches(connection, batch_ids)

    def recent(
        self, *, bucket_id: str | None = None, statuses: AnyOf[str] | None = None, limit: int = 100
    ) -> list[Batch]:
        """Newest first."""
        statement = select(batches.c.body).order_by(batches.c.seq.desc()).limit(limit)
        if bucket_id is not None:
            statement = statement.where(batches.c.bucket_id == bucket_id)
        if statuses is not None:
            statement = statement.where(batches.c.status.in_(list(statuses)))
        with self._database.reading() as connection:
            return [decoded(Batch, body) for body in connection.execute(statement).scalars()]

    def object_ids(self, batch_ids: Sequence[str]) -> dict[str, list[str]]:
        """Object ids by batch id, in the order they were added."""
        with self._database.reading() as connection:
            ordered = (
                select(batch_objects.c.batch_id, batch_objects.c.object_id)
                .where(among(connection, batch_objects.c.batch_id, batch_ids))
                .order_by(batch_objects.c.batch_id, batch_objects.c.position)
                .subquery()
            )
            joined = func.aggregate_strings(ordered.c.object_id, SEPARATOR)
            rows = connection.execute(select(ordered.c.batch_id, joined).group_by(ordered.c.batch_id)).all()
        members: dict[str, list[str]] = {batch_id: [] for batch_id in batch_ids}
        return members | {row[0]: row[1].split(SEPARATOR) for row in rows}

    def add(self, batch_id: str, object_ids: Sequence[str]) -> Batch:
        """Add objects to a draft, those that are in it already once; raises `NotFound` and `Conflict`."""
        with self._database.writing() as connection:
            body = _body(connection, batch_id, lock=True)
            if body is None:
                raise batch_flow.unknown_batch(batch_id)
            old = decoded(Batch, body)
            batch_flow.check_draft(old)
            members = select(batch_objects.c.object_id).where(batch_objects.c.batch_id == batch_id)
            # Erased members keep their places, all under one name.
            known = connection.execute(members).scalars().all()
            present = set(known)
            fresh = [object_id for object_id in dict.fromkeys(object_ids) if object_id not in present]
            rows = [
                {"batch_id": batch_id, "position": position, "object_id": object_id}
                for position, object_id in enumerate(fresh, start=len(known))
            ]
            if rows:
                connection.execute(insert(batch_objects), rows)
            new = replace(old, object_count=len(known) + len(fresh))
            connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(_row(new)))
            return new

    def submit(self, batch_id: str) -> Batch:
        """Start the next submission; raises `NotFound`, and `Conflict` while one is under way."""
        return self._moved(batch_id, batch_flow.submitted)

    def start(self, batch_id: str, *, run_id: str) -> Batch:
        """Set `IN_PROGRESS` unless the batch has ended."""
        return self._moved(batch_id, lambda batch: batch_flow.started(batch, run_id))

    def start_all(self, batch_ids: Sequence[str], *, run_id: str) -> dict[str, Batch]:
        """Set a set of batches `IN_PROGRESS`, but for those that have ended, in one transaction."""
        return self._moved_together(batch_ids, lambda batch: batch_flow.started(batch, run_id))

    def record_tier(self, batch_id: str, collection_id: str, report: TierReport, *, run_id: str) -> Batch:
        """Keep the report of one collection and set the status that follows."""
        return self.record_tiers(collection_id, {batch_id: report}, run_id=run_id)[batch_id]

    def record_tiers(
        self,
        collection_id: str,
        reports: Mapping[str, TierReport],
        *,
        run_id: str,
        submissions: Mapping[str, int] | None = None,
    ) -> dict[str, Batch]:
        """Keep the reports of one collection and set the statuses that follow, in one transaction."""
        return self._moved_together(
            list(reports),
            lambda batch: batch_flow.reported(
                batch,
                collection_id,
                reports[batch.batch_id],
                run_id,
                submission=(submissions or {}).get(batch.batch_id),
            ),
            may_quote=True,
        )

    def fail(self, batch_id: str, *, error: str, submission: int | None = None) -> Batch:
        """Set `FAILED` unless the batch has ended or moved on."""
        move = self._moved_together(
            [batch_id], lambda batch: batch_flow.failed(batch, error, submission), may_quote=True
        )
        return move[batch_id]

    def hold(self, batch_id: str, *, reason: str) -> Batch:
        """Make a submitted batch a draft again, unless it has ended."""
        return self._moved(batch_id, lambda batch: batch_flow.held(batch, reason))

    def cancel(self, batch_id: str, *, reason: str | None = None) -> Batch:
        """Set `CANCELED` unless the batch has ended; a reason is kept."""
        return self._moved(batch_id, lambda batch: batch_flow.canceled(batch, reason))

    def forget(self, batch_ids: Sequence[str]) -> int:
        """Remove drafts and batches that have ended; how many there were."""
        with self._database.writing() as connection:
            named = among(connection, batches.c.batch_id, batch_ids)
            over = batches.c.status.in_(["DRAFT", *TERMINAL])
            return connection.execute(delete(batches).where(named, over)).rowcount

    def _moved(self, batch_id: str, move: Callable[[Batch], Batch]) -> Batch:
        """Apply a transition to the batch while no one else can."""
        with self._database.writing() as connection:
            body = _body(connection, batch_id, lock=True)
            if body is None:
                raise batch_flow.unknown_batch(batch_id)
            old = decoded(Batch, body)
            new = move(old)
            if new != old:
                connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(_row(new)))
            return new

    def _moved_together(
        self, batch_ids: Sequence[str], move: Callable[[Batch], Batch], *, may_quote: bool = False
    ) -> dict[str, Batch]:
        """Apply a transition to all of these batches while no one else can. What says messages of errors `may_quote` an
        object that was erased meanwhile."""
        with self._database.writing() as connection:
            old = _batches(connection, batch_ids, lock=True)
            for batch_id in batch_ids:
                if batch_id not in old:
                    raise batch_flow.unknown_batch(batch_id)
            new = {batch_id: move(old[batch_id]) for batch_id in batch_ids}
            if may_quote:
                new = _quieted(connection, new)
            changed = [_changed(batch) for batch_id, batch in new.items() if batch != old[batch_id]]
            if changed:
                connection.execute(_CHANGE, changed)
            return new


_CHANGE = (
    update(batches)
    .where(batches.c.batch_id == bindparam("wanted"))
    .values(status=bindparam("new_status"), body=bindparam("new_body"))
)


def _changed(batch: Batch) -> dict[str, str]:
    return {"wanted": batch.batch_id, "new_status": batch.status, "new_body": encoded(batch)}


def _batches(connection: Connection, batch_ids: Sequence[str], *, lock: bool = False) -> dict[str, Batch]:
    # In the order of ids, so that two that lock the same batches wait for each other instead of for ever.
    statement = (
        select(batches.c.batch_id, batches.c.body)
        .where(among(connection, batches.c.batch_id, batch_ids))
        .order_by(batches.c.batch_id)
    )
    rows = connection.execute(statement.with_for_update() if lock else statement)
    return {row.batch_id: decoded(Batch, row.body) for row in rows}


def _quieted(connection: Connection, moved: Mapping[str, Batch]) -> dict[str, Batch]:
    """The batches without messages where a member was erased meanwhile: a run that had read it ends after the erasure."""
    quiet = {batch_id: quieted(batch) for batch_id, batch in moved.items()}
    telling = [batch_id for batch_id, batch in moved.items() if batch != quiet[batch_id]]
    if not telling:
        return dict(moved)
    erased = select(batch_objects.c.batch_id).where(
        batch_objects.c.object_id == ERASED, among(connection, batch_objects.c.batch_id, telling)
    )
    return {**moved, **{batch_id: quiet[batch_id] for batch_id in connection.execute(erased).scalars()}}


def _body(connection: Connection, batch_id: str, *, lock: bool = False) -> str | None:
    statement = select(batches.c.body).where(batches.c.batch_id == batch_id)
    return connection.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()


def _row(batch: Batch) -> dict[str, str]:
    return {
        "batch_id": batch.batch_id,
        "bucket_id": batch.bucket_id,
        "status": batch.status,
        "body": encoded(batch),
    }
