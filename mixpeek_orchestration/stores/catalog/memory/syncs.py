"""Syncs in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import replace

from mixpeek_orchestration.core.syncs.sync import Sync, SyncFile, SyncJob
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import normal
from mixpeek_orchestration.stores.catalog.sync_errors import unknown_sync


class MemorySyncs:
    """The `SyncCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._syncs: dict[str, Sync] = {}
        self._files: dict[str, dict[str, SyncFile]] = {}
        self._jobs: dict[str, SyncJob] = {}

    def put(self, sync: Sync) -> Sync:
        """Insert or replace by id, stamped with the time."""
        kept = normal(replace(sync, created_at=sync.created_at or now(), updated_at=now()))
        with self._lock:
            self._syncs[sync.sync_id] = kept
        return kept

    def get(self, sync_id: str) -> Sync | None:
        return self._syncs.get(sync_id)

    def all(self, *, bucket_id: str | None = None, namespace_id: str | None = None) -> list[Sync]:
        """Oldest first."""
        with self._lock:
            every = list(self._syncs.values())
        return [
            s for s in every if bucket_id in (None, s.bucket_id) and namespace_id in (None, s.namespace_id)
        ]

    def change(self, sync_id: str, edit: Callable[[Sync], Sync]) -> Sync:
        """The sync as `edit` makes it; raises `NotFound`."""
        return self.commit(sync_id, edit=edit)

    def delete(self, sync_id: str) -> bool:
        """Forget a sync with its files and jobs; `False` when it was not known."""
        with self._lock:
            self._files.pop(sync_id, None)
            self._jobs = {name: job for name, job in self._jobs.items() if job.sync_id != sync_id}
            return self._syncs.pop(sync_id, None) is not None

    def files(self, sync_id: str, *, statuses: AnyOf[str] | None = None) -> list[SyncFile]:
        """By path."""
        with self._lock:
            every = sorted(self._files.get(sync_id, {}).values(), key=lambda one: one.path)
        return [one for one in every if statuses is None or one.status in statuses]

    def holders(self, bucket_id: str, contents: AnyOf[str], *, besides: str = "") -> set[str]:
        """Those of these contents that a synced file of the bucket holds as an object."""
        with self._lock:
            others = [s.sync_id for s in self.all(bucket_id=bucket_id) if s.sync_id != besides]
            files = [one for sync_id in others for one in self._files.get(sync_id, {}).values()]
        return {one.content_hash for one in files if one.status == "synced"} & set(contents)

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
        with self._lock:
            old = self._syncs.get(sync_id)
            if old is None:
                raise unknown_sync(sync_id)
            new = edit(old)
            known = self._files.setdefault(sync_id, {})
            for path in forget:
                known.pop(path, None)
            known.update({one.path: one for one in files})
            if job is not None:
                self._jobs[job.sync_job_id] = replace(job, updated_at=now())
            return new if new == old else self.put(new)

    def jobs(self, sync_id: str, *, status: str | None = None, limit: int = 100) -> list[SyncJob]:
        """Newest first."""
        with self._lock:
            every = [job for job in reversed(self._jobs.values()) if job.sync_id == sync_id]
        return [job for job in every if status in (None, job.status)][:limit]

    def past_jobs(self, before: str) -> list[str]:
        """The ids of jobs that ended before a moment."""
        with self._lock:
            over = [job for job in self._jobs.values() if job.status != "running"]
        return [job.sync_job_id for job in over if (job.completed_at or job.started_at) < before]

    def forget_jobs(self, sync_job_ids: Sequence[str]) -> None:
        with self._lock:
            for sync_job_id in sync_job_ids:
                self._jobs.pop(sync_job_id, None)

    def job(self, sync_job_id: str) -> SyncJob | None:
        return self._jobs.get(sync_job_id)
