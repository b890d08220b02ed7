"""Objects in SQL. A deleted object stays as an id without content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, func, select, update

from mixpeek_orchestration.core.bucket import BucketCounts
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import read, written
from mixpeek_orchestration.stores.catalog.frames import source_frame
from mixpeek_orchestration.stores.catalog.object_rows import READ, object_from, object_row, shape_of
from mixpeek_orchestration.stores.catalog.released import release_all, release_replaced
from mixpeek_orchestration.stores.catalog.schema import object_shapes, objects
from mixpeek_orchestration.stores.catalog.statements import among, inserting, text_columns, upsert

if TYPE_CHECKING:
    import polars as pl

_LIVE = objects.c.deleted_at.is_(None)
_READ = select(*[objects.c[name] for name in READ]).where(_LIVE)
_NO_CONTENT = written([None, [], {}])


class SqlObjects:
    """The `ObjectCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, sources: Sequence[SourceObject]) -> None:
        """Insert or replace by id, all or none; of several with one id the last is kept."""
        moment = now()
        rows = list({o.object_id: object_row(o, moment=moment) for o in sources}.values())
        if not rows:
            return
        shapes = [{"shape": shape, "blobs": blobs} for shape, blobs in {shape_of(o) for o in sources}]
        with self._database.writing() as connection:
            release_replaced(connection, sources)
            connection.execute(inserting(connection, object_shapes).on_conflict_do_nothing(), shapes)
            connection.execute(upsert(connection, objects, key=["object_id"], keep=["created_at"]), rows)

    def get(self, bucket_id: str, object_id: str) -> SourceObject | None:
        found = self._read(_READ.where(objects.c.object_id == object_id, objects.c.bucket_id == bucket_id))
        return found[0] if found else None

    def get_many(self, object_ids: Sequence[str]) -> dict[str, SourceObject]:
        """The live ones among these ids."""
        with self._database.reading() as connection:
            rows = connection.execute(_READ.where(among(connection, objects.c.object_id, object_ids)))
            return {row.object_id: object_from(row) for row in rows}

    def page(self, bucket_id: str, *, limit: int = 100, offset: int = 0) -> list[SourceObject]:
        """Live objects, oldest first."""
        page = _READ.where(objects.c.bucket_id == bucket_id).order_by(objects.c.seq)
        return self._read(page.limit(limit).offset(offset))

    def delete(self, bucket_id: str, object_ids: Sequence[str]) -> int:
        """Mark as deleted and drop the content; returns how many were live."""
        with self._database.writing() as connection:
            chosen = among(connection, objects.c.object_id, object_ids)
            return _mark_deleted(connection, objects.c.bucket_id == bucket_id, chosen)

    def ids(self, bucket_id: str) -> list[str]:
        """Ids of live objects, oldest first."""
        statement = select(objects.c.object_id).where(_LIVE, objects.c.bucket_id == bucket_id)
        with self._database.reading() as connection:
            return text_columns(connection, statement.order_by(objects.c.seq))[0]

    def counts(self, bucket_id: str) -> BucketCounts:
        """What lies in the bucket; one row per shape of object is read."""
        statement = (
            select(
                object_shapes.c.blobs,
                func.count(),
                func.sum(objects.c.size_bytes),
                func.max(objects.c.updated_at),
            )
            .join(object_shapes, objects.c.shape == object_shapes.c.shape)
            .where(_LIVE, objects.c.bucket_id == bucket_id)
            .group_by(object_shapes.c.blobs)
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement).all()
        types: Counter[str] = Counter()
        for blobs, count, _, _ in rows:
            for _, blob_type in read(blobs):
                types[blob_type] += count
        return BucketCounts(
            objects=sum(row[1] for row in rows),
            size_bytes=sum(int(row[2]) for row in rows),
            blob_types=dict(sorted(types.items())),
            last_upload_at=max((row[3] for row in rows), default=None),
        )

    def frame(self, bucket_ids: Sequence[str], *, object_ids: AnyOf[str] | None = None) -> pl.DataFrame:
        """Live objects as the planner sees them, oldest first within a bucket."""
        statement = select(objects.c.object_id, objects.c.source_fp, objects.c.shape).where(_LIVE)
        with self._database.reading() as connection:
            statement = statement.where(among(connection, objects.c.bucket_id, bucket_ids))
            if object_ids is not None:
                statement = statement.where(among(connection, objects.c.object_id, object_ids))
            columns = text_columns(connection, statement.order_by(objects.c.seq))
            return source_frame(columns, _properties_by_shape(connection, set(columns[2])))

    def _read(self, statement: Select[Any]) -> list[SourceObject]:
        with self._database.reading() as connection:
            return [object_from(row) for row in connection.execute(statement)]


def _properties_by_shape(connection: Connection, shapes: AnyOf[str]) -> dict[str, list[str]]:
    wanted = among(connection, object_shapes.c.shape, shapes)
    return {
        shape: list(dict.fromkeys(name for name, _ in read(blobs)))
        for shape, blobs in connection.execute(select(object_shapes).where(wanted))
    }


def forget_objects_of(connection: Connection, bucket_id: str) -> None:
    """Mark every object of a bucket as deleted."""
    _mark_deleted(connection, objects.c.bucket_id == bucket_id)


def _mark_deleted(connection: Connection, *where: Any) -> int:
    release_all(connection, *where)
    values = {"deleted_at": now(), "size_bytes": 0, "body": _NO_CONTENT}
    return connection.execute(update(objects).where(_LIVE, *where).values(values)).rowcount
