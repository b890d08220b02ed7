"""Erasures in SQL, and forgetting an object in every table. A table that nothing here knows loses the id, wherever it
stands, so that a new one is covered on its first day."""

from __future__ import annotations

import re
from collections.abc import Collection as AnyOf
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Table, Text, and_, delete, false, func, literal, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.erasure import ERASED, Erasure, Subject, quieted
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.erasure_schema import erasures, released_contents
from mixpeek_orchestration.stores.catalog.migration_schema import query_log
from mixpeek_orchestration.stores.catalog.schema import (
    batch_objects,
    batches,
    failures,
    metadata,
    objects,
    outcomes,
    tier_reports,
    uploads,
)
from mixpeek_orchestration.stores.catalog.statements import among, upsert
from mixpeek_orchestration.stores.catalog.sync_schema import sync_files, syncs
from mixpeek_orchestration.stores.catalog.wiping import wiped

_OURS: Final = frozenset({erasures.name})
_OF_ITEMS: Final = (outcomes, failures)
_NAMES_WITHOUT_USE: Final = (erasures, released_contents, sync_files)
"""Tables that name contents which they never read."""

_FEW: Final = 20
"""Up to so many contents the database searches for each; for more, everything is read once."""
_CONTENT: Final = re.compile(r"[0-9a-f]{64}")


class SqlErasures:
    """The `ErasureCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, erasure: Erasure) -> Erasure:
        """Insert or replace by id."""
        kept = replace(erasure, requested_at=erasure.requested_at or now())
        row = {
            "erasure_id": kept.erasure_id,
            "namespace_id": kept.namespace_id,
            "object_id": kept.object_id,
            "is_completed": kept.is_completed,
            "body": encoded(kept),
        }
        with self._database.writing() as connection:
            connection.execute(upsert(connection, erasures, key=["erasure_id"]), row)
        return kept

    def get(self, erasure_id: str) -> Erasure | None:
        found = self._read(erasures.c.erasure_id == erasure_id)
        return found[0] if found else None

    def latest(self, object_id: str) -> Erasure | None:
        """The newest erasure of an object."""
        found = self._read(erasures.c.object_id == object_id)
        return found[-1] if found else None

    def unfinished(self) -> list[Erasure]:
        """Oldest first."""
        return self._read(~erasures.c.is_completed)

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[Erasure]:
        """Newest first."""
        return self._read(erasures.c.namespace_id == namespace_id)[::-1][:limit]

    def bucket_of(self, object_id: str) -> str | None:
        """The bucket that an object is or was in."""
        known = select(objects.c.bucket_id).where(objects.c.object_id == object_id)
        with self._database.reading() as connection:
            bucket_id = connection.execute(known).scalar_one_or_none()
        erased = None if bucket_id else self.latest(object_id)
        return erased.bucket_id if erased is not None else bucket_id

    def released(self, *, object_id: str | None = None, before: float | None = None) -> set[str]:
        """Contents that objects stopped using."""
        statement = select(released_contents.c.content_hash)
        if object_id is not None:
            statement = statement.where(released_contents.c.object_id == object_id)
        if before is not None:
            statement = statement.where(released_contents.c.released_at <= before)
        with self._database.reading() as connection:
            return set(connection.execute(statement).scalars())

    def forget_released(self, contents: AnyOf[str]) -> None:
        """Nobody needs to know any more that these were released."""
        with self._database.writing() as connection:
            chosen = among(connection, released_contents.c.content_hash, contents)
            connection.execute(delete(released_contents).where(chosen))

    def in_use(self, contents: AnyOf[str]) -> set[str]:
        """Those that a row of the catalog names."""
        tables = [t for t in metadata.sorted_tables if t not in _NAMES_WITHOUT_USE]
        with self._database.reading() as connection:
            if len(contents) > _FEW:
                return set().union(*(_named(connection, table, set(contents)) for table in tables))
            return {
                content
                for content in contents
                if any(connection.execute(_naming(table, content).limit(1)).first() for table in tables)
            }

    def mentions(self, subject: Subject) -> dict[str, int]:
        """By table, how many rows name the object or one of its items."""
        with self._database.reading() as connection:
            return {
                f"catalog.{table.name}": _count(connection, table, subject)
                for table in metadata.sorted_tables
                if table.name not in _OURS and _text_columns(table)
            }

    def forget(self, subject: Subject) -> None:
        """No row of the catalog names the object afterwards."""
        with self._database.writing() as connection:
            _quiet_batches(connection, subject)
            connection.execute(delete(objects).where(objects.c.object_id == subject.object_id))
            for table in _OF_ITEMS:
                of_items = among(connection, table.c.item, {subject.object_id, *subject.items})
                connection.execute(
                    delete(table).where(or_(table.c.root_object == subject.object_id, of_items))
                )
            its_own = released_contents.c.object_id == subject.object_id
            connection.execute(delete(released_contents).where(its_own))
            connection.execute(delete(uploads).where(_of_object(subject)))
            _forget_contents_of_files(connection, subject)
            connection.execute(delete(query_log).where(_contains(query_log.c.body, subject.object_id)))
            for table in metadata.sorted_tables:
                if table.name not in _OURS:
                    _blank(connection, table, subject.object_id)

    def wipe(self) -> str:
        """Rewrite the storage of the catalog."""
        return wiped(self._database)

    def _read(self, where: ColumnElement[bool]) -> list[Erasure]:
        statement = select(erasures.c.body).where(where).order_by(erasures.c.seq)
        with self._database.reading() as connection:
            return [decoded(Erasure, body) for body in connection.execute(statement).scalars()]


def _text_columns(table: Table) -> list[Any]:
    return [column for column in table.columns if isinstance(column.type, Text)]


def _contains(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return column.contains(text, autoescape=True)


def _naming(table: Table, text: str) -> Any:
    columns = _text_columns(table)
    if not columns:
        return select(literal(1)).where(false())
    return select(columns[0]).where(or_(*(_contains(column, text) for column in columns)))


def _named(connection: Connection, table: Table, contents: set[str]) -> set[str]:
    """Those of these contents that a row of the table names."""
    columns = _text_columns(table)
    rows = connection.execute(select(*columns)) if columns else ()
    return {content for row in rows for text in row for content in _CONTENT.findall(text or "")} & contents


def _of_object(subject: Subject) -> ColumnElement[bool]:
    """The uploads that became the object, and those of its contents that became none."""
    body = uploads.c.body
    its_bytes = [_contains(body, content) for content in sorted(subject.contents)]
    of_nobody = and_(_contains(body, '"object_id":""'), _contains(body, f'"bucket_id":"{subject.bucket_id}"'))
    return or_(_contains(body, subject.object_id), and_(of_nobody, or_(*its_bytes)) if its_bytes else false())


def _forget_contents_of_files(connection: Connection, subject: Subject) -> None:
    """A synced file stays known by its path, and so do those of equal bytes, so that what was erased does not come back
    with the next sync."""
    of_bucket = select(syncs.c.sync_id).where(syncs.c.bucket_id == subject.bucket_id)
    for content in sorted(subject.contents):
        copies = and_(
            sync_files.c.status == "duplicate",
            sync_files.c.content_hash == content,
            sync_files.c.sync_id.in_(of_bucket),
        )
        its_files = or_(_contains(sync_files.c.body, subject.object_id), copies)
        emptied = func.replace(sync_files.c.body, content, "")
        connection.execute(update(sync_files).where(its_files).values(body=emptied, content_hash=""))


def _count(connection: Connection, table: Table, subject: Subject) -> int:
    named = [_contains(column, subject.object_id) for column in _text_columns(table)]
    if table in _OF_ITEMS and subject.items:
        named.append(among(connection, table.c.item, subject.items))
    return connection.execute(select(func.count()).select_from(table).where(or_(*named))).scalar_one()


def _blank(connection: Connection, table: Table, object_id: str) -> None:
    """Where the id is left, `erased` takes its place."""
    for column in _text_columns(table):
        replaced = func.replace(column, object_id, ERASED)
        connection.execute(update(table).where(_contains(column, object_id)).values({column.name: replaced}))


def _quiet_batches(connection: Connection, subject: Subject) -> None:
    """The messages of errors of every batch that the object was in, and of runs over its whole collections, go."""
    members = select(batch_objects.c.batch_id).where(batch_objects.c.object_id == subject.object_id)
    affected = set(connection.execute(members).scalars())
    chosen = among(connection, batches.c.batch_id, affected)
    # Locked, so that a run which records its end at this moment does so before or after, and loses nothing of it.
    told = select(batches.c.batch_id, batches.c.body).where(chosen).order_by(batches.c.batch_id)
    for row in connection.execute(told.with_for_update()).all():
        quiet = encoded(quieted(decoded(Batch, row.body)))
        connection.execute(update(batches).where(batches.c.batch_id == row.batch_id).values(body=quiet))
    of_batches = among(connection, tier_reports.c.batch_id, {"", *affected})
    of_collections = among(connection, tier_reports.c.collection_id, subject.collection_ids)
    reports = select(tier_reports.c.seq, tier_reports.c.body).where(of_batches, of_collections)
    for seq, body in connection.execute(reports).all():
        report = decoded(TierReport, body)
        if report.first_error is not None:
            silent = encoded(replace(report, first_error=ERASED))
            connection.execute(update(tier_reports).where(tier_reports.c.seq == seq).values(body=silent))
