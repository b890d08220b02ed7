"""Syncs in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import replace

from sqlalchemy import Connection, delete, select

from mixpeek_orchestration.core.syncs.sync import Sync, SyncFile, SyncJob
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.statements import among, upsert
from mixpeek_orchestration.stores.catalog.sync_errors import unknown_sync
from mixpeek_orchestration.stores.catalog.sync_schema import sync_files, sync_jobs, syncs


class SqlSyncs:
    """The `SyncCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, sync: Sync) -> Sync:
        """Insert or replace by id, stamped with the time."""
        with self._database.writing() as connection:
            return _keep(connection, sync)

    def get(self, sync_id: str) -> Sync | None:
        with self._database.reading() as connection:
            return _found(connection, sync_id)

    def all(self, *, bucket_id: str | None = None, namespace_id: str | None = None) -> list[Sync]:
        """Oldest first."""
        statement = select(syncs.c.body).order_by(syncs.c.seq)
        if bucket_id is not None:
            statement = statement.where(syncs.c.bucket_id == bucket_id)
        if namespace_id is not None:
            statement = statement.where(syncs.c.namespace_id == namespace_id)
        with self._database.reading() as connection:
            return [decoded(Sync, body) for body in connection.execute(statement).scalars()]

    def change(self, sync_id: str, edit: Callable[[Sync], Sync]) -> Sync:
        """The sync as `edit` makes it; raises `NotFound`."""
        return self.commit(sync_id, edit=edit)

    def delete(self, sync_id: str) -> bool:
        """Forget a sync with its files and jobs; `False` when it was not known."""
        with self._database.writing() as connection:
            for table in (sync_files, sync_jobs):
                connection.execute(delete(table).where(table.c.sync_id == sync_id))
            return connection.execute(delete(syncs).where(syncs.c.sync_id == sync_id)).rowcount > 0

    def files(self, sync_id: str, *, statuses: AnyOf[str] | None = None) -> list[SyncFile]:
        """By path."""
        statement = (
            select(sync_files.c.body).where(sync_files.c.sync_id == sync_id).order_by(sync_files.c.path)
        )
        if statuses is not None:
            statement = statement.where(sync_files.c.status.in_(list(statuses)))
        with self._database.reading() as connection:
            return [decoded(SyncFile, body) for body in connection.execute(statement).scalars()]

    def holders(self, bucket_id: str, contents: AnyOf[str], *, besides: str = "") -> set[str]:
        """Those of these contents that a synced file of the bucket holds as an object."""
        of_bucket = select(syncs.c.sync_id).where(syncs.c.bucket_id == bucket_id, syncs.c.sync_id != besides)
        held = select(sync_files.c.content_hash).where(
            sync_files.c.status == "synced", sync_files.c.sync_id.in_(of_bucket)
        )
        with self._database.reading() as connection:
            found = held.where(among(connection, sync_files.c.content_hash, contents)).distinct()
            return set(connection.execute(found).scalars())

    def commit(
        self,
        sync_id: str,
        *,
        files: Sequence[SyncFile] = (),
        forget: Sequence[str] = (),
        edit: Callable[[Sync], Sync] = lambda sync: sync,
        job: SyncJob | None = None,
    ) -> Sync:
        """All of it, or nothing; raises `NotFound` for a sync that is gone."""
        with self._database.writing() as connection:
            old = _found(connection, sync_id, lock=True)
            if old is None:
                raise unknown_sync(sync_id)
            if forget:
                named = among(connection, sync_files.c.path, forget)
                connection.execute(delete(sync_files).where(sync_files.c.sync_id == sync_id, named))
            if files:
                rows = [_file_row(sync_id, one) for one in files]
                connection.execute(upsert(connection, sync_files, key=["sync_id", "path"]), rows)
            if job is not None:
                row = {"sync_job_id": job.sync_job_id, "sync_id": sync_id, "status": job.status}
                statement = upsert(connection, sync_jobs, key=["sync_job_id"])
                connection.execute(statement, {**row, "body": encoded(replace(job, updated_at=now()))})
            new = edit(old)
            return new if new == old else _keep(connection, new)

    def jobs(self, sync_id: str, *, status: str | None = None, limit: int = 100) -> list[SyncJob]:
        """Newest first."""
        statement = select(sync_jobs.c.body).where(sync_jobs.c.sync_id == sync_id)
        if status is not None:
            statement = statement.where(sync_jobs.c.status == status)
        with self._database.reading() as connection:
            bodies = connection.execute(statement.order_by(sync_jobs.c.seq.desc()).limit(limit)).scalars()
            return [decoded(SyncJob, body) for body in bodies]

    def job(self, sync_job_id: str) -> SyncJob | None:
        statement = select(sync_jobs.c.body).where(sync_jobs.c.sync_job_id == sync_job_id)
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else decoded(SyncJob, body)

    def past_jobs(self, before: str) -> list[str]:
        """The ids of jobs that ended before a moment."""
        statement = select(sync_jobs.c.body).where(sync_jobs.c.status != "running").order_by(sync_jobs.c.seq)
        with self._database.reading() as connection:
            jobs = [decoded(SyncJob, body) for body in connection.execute(statement).scalars()]
        return [job.sync_job_id for job in jobs if (job.completed_at or job.started_at) < before]

    def forget_jobs(self, sync_job_ids: Sequence[str]) -> None:
        with self._database.writing() as connection:
            named = among(connection, sync_jobs.c.sync_job_id, sync_job_ids)
            connection.execute(delete(sync_jobs).where(named))


def _found(connection: Connection, sync_id: str, *, lock: bool = False) -> Sync | None:
    statement = select(syncs.c.body).where(syncs.c.sync_id == sync_id)
    body = connection.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()
    return None if body is None else decoded(Sync, body)


def _file_row(sync_id: str, one: SyncFile) -> dict[str, str]:
    found = {"path": one.path, "status": one.status, "content_hash": one.content_hash}
    return {"sync_id": sync_id, **found, "body": encoded(one)}


def _keep(connection: Connection, sync: Sync) -> Sync:
    kept = replace(sync, created_at=sync.created_at or now(), updated_at=now())
    row = {"sync_id": kept.sync_id, "namespace_id": kept.namespace_id, "bucket_id": kept.bucket_id}
    connection.execute(upsert(connection, syncs, key=["sync_id"]), {**row, "body": encoded(kept)})
    return kept
