"""Syncs: declared, found, paused, resumed, removed. Their runs are in `syncing`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mixpeek_orchestration.core.bucket import Bucket, ManagedBy
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, MixpeekError, NotFound
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.syncs import OpenSource, SyncSource
from mixpeek_orchestration.core.syncs import plan as sync_plan
from mixpeek_orchestration.core.syncs.connection import Reach
from mixpeek_orchestration.core.syncs.sync import Sync, SyncFile, SyncJob, SyncRules, Trigger
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.declarations.ownership import check_owner
from mixpeek_orchestration.warehouse.leases import is_dead
from mixpeek_orchestration.warehouse.syncs.connections import Connections
from mixpeek_orchestration.warehouse.syncs.declarations import check_rules, declare, overlap, with_rules
from mixpeek_orchestration.warehouse.syncs.looks import reason_to_run
from mixpeek_orchestration.warehouse.syncs.specs import SyncUpdateSpec, reconcile_from
from mixpeek_orchestration.warehouse.syncs.syncing import Progress, carry_out


def no_source(path: str, reach: Reach | None = None) -> SyncSource:
    """Refuses every place: a warehouse that was put together without sources syncs nothing."""
    del reach
    raise InvalidInput("This warehouse syncs nothing.", field="source_path", value=path)


@dataclass(frozen=True)
class SyncPolicy:
    """Below which folders and prefixes a sync that was asked for over HTTP may read."""

    allowed: tuple[str, ...] = ()

    def check(self, path: str) -> None:
        """Raises `InvalidInput` for a place that was not allowed: the server can read more than its callers may."""
        place = _resolved(path)
        if not any(f"{place}/".startswith(f"{_resolved(root)}/") for root in self.allowed):
            raise InvalidInput(
                f"{path} is not among the places that may be synced over HTTP.",
                field="source_path",
                value=path,
                fix="Add it to MIXPEEK_SYNC_SOURCES on the server, or use `mixpeek sync add` there.",
            )


class Syncs:
    """The syncs of all buckets."""

    def __init__(
        self,
        catalog: Catalog,
        batches: Batches,
        store: ObjectStore,
        open_source: OpenSource,
        policy: SyncPolicy,
        connections: Connections,
    ) -> None:
        self._catalog = catalog
        self._batches = batches
        self._open_source = open_source
        self._store = store
        self.policy = policy
        self._connections = connections

    def create(self, bucket: Bucket, rules: SyncRules, *, managed_by: ManagedBy = "api") -> Sync:
        """A new sync, due at once.

        Raises `InvalidInput` for a place or property that cannot be, `Conflict` when another sync of the bucket
        follows the same place or a part of it.
        """
        self._check(bucket, rules)
        return self._catalog.syncs.put(
            Sync(random_id("sync"), bucket.namespace_id, bucket.bucket_id, rules, managed_by=managed_by)
        )

    def get(self, bucket: Bucket, sync_id: str) -> Sync:
        """Raises `NotFound`, also for a sync of another bucket."""
        found = self._catalog.syncs.get(sync_id)
        if found is None or found.bucket_id != bucket.bucket_id:
            raise NotFound(
                f"Bucket {bucket.name!r} has no sync {sync_id!r}.", field="sync_config_id", value=sync_id
            )
        return found

    def by_id(self, namespace_id: str, sync_id: str) -> Sync:
        """A sync of any bucket of a namespace; raises `NotFound`."""
        found = self._catalog.syncs.get(sync_id)
        if found is None or found.namespace_id != namespace_id:
            raise NotFound(f"There is no sync {sync_id!r}.", field="sync_config_id", value=sync_id)
        return found

    def of(self, bucket: Bucket) -> list[Sync]:
        return self._catalog.syncs.all(bucket_id=bucket.bucket_id)

    def in_namespace(self, namespace_id: str) -> list[Sync]:
        return self._catalog.syncs.all(namespace_id=namespace_id)

    def due(self, at: float | None = None) -> list[Sync]:
        """The syncs whose time has come, those that buckets declare included: first what was asked for, then by its time."""
        declaring = {sync.bucket_id for sync in self._catalog.syncs.all() if sync.managed_by != "api"}
        for bucket in self._catalog.resources.buckets():
            if bucket.syncs or bucket.bucket_id in declaring:
                declare(self._catalog.syncs, bucket)
        moment = time.time() if at is None else at
        due = [sync for sync in self._catalog.syncs.all() if sync_plan.is_due(sync, moment)]
        return sorted(due, key=lambda sync: (not sync.state.is_requested, sync.state.next_run_at))

    def reason_to_run(self, sync: Sync) -> str | None:
        """Why a due sync needs a run; `None` when a look at its source found nothing new, which the sync then says."""
        bucket = self._catalog.resources.bucket(sync.namespace_id, sync.bucket_id)
        if bucket is None:
            return "its bucket is gone"
        try:
            source = self._source(sync.rules)
        except MixpeekError as error:
            return f"its source cannot be opened: {error.code}"
        return reason_to_run(self._catalog, self._batches, bucket, sync, source)

    def update(self, sync: Sync, spec: SyncUpdateSpec, *, managed_by: ManagedBy = "api") -> Sync:
        """The sync with what the spec names; the rest stays."""
        check_owner(sync.managed_by, managed_by, kind="sync", name=sync.sync_id)
        if (bucket := self._catalog.resources.bucket(sync.namespace_id, sync.bucket_id)) is not None:
            check_rules(bucket, _updated(sync, spec).rules)
        return self._catalog.syncs.change(sync.sync_id, lambda old: _updated(old, spec))

    def pause(self, sync: Sync, reason: str | None = None) -> Sync:
        """The sync, which does not run until it is resumed; a run that is going on ends."""
        return self._with(sync, lambda s: replace(s, state=sync_plan.paused(s.state, reason, stamp=now())))

    def resume(self, sync: Sync, *, allow_deletes: bool = False) -> Sync:
        """The sync, due at once; with `allow_deletes` its next run may remove as much as is gone."""
        return self._with(
            sync, lambda s: replace(s, state=sync_plan.resumed(s.state, allow_deletes=allow_deletes))
        )

    def request(self, sync: Sync, *, full: bool = False, allow_deletes: bool = False) -> Sync:
        """The sync, due at once although its time has not come. Raises `Conflict` while it is paused."""
        if sync.state.paused:
            raise Conflict(
                f"The sync is paused: {sync.state.pause_reason or 'by a person'}.",
                field="sync_config_id",
                value=sync.sync_id,
                fix="Resume it first.",
            )
        return self._with(sync, lambda s: _requested(s, full=full, allow_deletes=allow_deletes))

    def delete(self, sync: Sync, *, managed_by: ManagedBy = "api") -> None:
        """Forget the sync; what it brought stays in the bucket."""
        check_owner(sync.managed_by, managed_by, kind="sync", name=sync.sync_id)
        self._catalog.syncs.delete(sync.sync_id)

    def failed_files(self, sync: Sync, *, only_dead: bool = False) -> list[SyncFile]:
        """The files whose last try failed, by path."""
        return self._catalog.syncs.files(sync.sync_id, statuses={"dead"} if only_dead else {"dead", "failed"})

    def requeue(self, sync: Sync, *, error_types: Sequence[str] = (), paths: Sequence[str] = ()) -> int:
        """Let dead letters be tried again by a run that is due at once; how many."""
        stamp = now()
        again = [
            replace(one, status="failed", attempts=0, not_before=0.0, requeued_at=stamp)
            for one in self.failed_files(sync, only_dead=True)
            if (not error_types or one.error_code in error_types) and (not paths or one.path in paths)
        ]
        if again:
            self._catalog.syncs.commit(
                sync.sync_id, files=again, edit=lambda s: _requested(s, full=False, allow_deletes=False)
            )
        return len(again)

    def give_up(self, sync: Sync, error_types: Sequence[str]) -> int:
        """Make failed files of these error types dead letters; how many."""
        given = [
            replace(one, status="dead")
            for one in self._catalog.syncs.files(sync.sync_id, statuses={"failed"})
            if one.error_code in error_types
        ]
        if given:
            self._catalog.syncs.commit(sync.sync_id, files=given)
        return len(given)

    def dead_by_error(self, sync: Sync) -> dict[str, int]:
        """How many dead letters there are, by error."""
        return dict(Counter(one.error_code for one in self.failed_files(sync, only_dead=True)))

    def jobs(self, sync: Sync, *, status: str | None = None, limit: int = 100) -> list[SyncJob]:
        return self._catalog.syncs.jobs(sync.sync_id, status=status, limit=limit)

    def job(self, sync: Sync, sync_job_id: str) -> SyncJob:
        """Raises `NotFound`, also for a run of another sync."""
        found = self._catalog.syncs.job(sync_job_id)
        if found is None or found.sync_id != sync.sync_id:
            raise NotFound(
                f"Sync {sync.sync_id} has no run {sync_job_id!r}.", field="sync_job_id", value=sync_job_id
            )
        return found

    def is_running(self, sync: Sync) -> bool:
        """Whether a run goes on somewhere."""
        name = f"sync:{sync.sync_id}"
        return any(
            lease.name == name and not is_dead(lease) for lease in self._catalog.leases.held(prefix=name)
        )

    def run(
        self,
        sync_id: str,
        *,
        run_id: str = "",
        trigger: Trigger | None = None,
        progress: Progress = lambda _: None,
    ) -> SyncJob:
        """One run, to its end. Raises `LeaseHeld` while another one goes on, and what made a run fail."""
        return carry_out(
            self._catalog,
            self._batches,
            self._store,
            self._source,
            sync_id=sync_id,
            run_id=run_id,
            trigger=trigger,
            progress=progress,
        )

    def _source(self, rules: SyncRules) -> SyncSource:
        reach = self._connections.reach(rules.connection) if rules.connection else None
        return self._open_source(rules.source_path, reach)

    def _with(self, sync: Sync, edit: Callable[[Sync], Sync]) -> Sync:
        return self._catalog.syncs.change(sync.sync_id, edit)

    def _check(self, bucket: Bucket, rules: SyncRules) -> None:
        check_rules(bucket, rules)
        self._source(rules)
        for other in self.of(bucket):
            if overlap(rules.source_path, other.rules.source_path):
                raise Conflict(
                    f"The sync {other.sync_id} of bucket {bucket.name!r} follows {other.rules.source_path}.",
                    field="source_path",
                    value=rules.source_path,
                    fix="Change that one, or remove it first.",
                )


def _resolved(path: str) -> str:
    """The place that a path leads to, links followed."""
    return path.rstrip("/") if "://" in path else str(Path(path).expanduser().resolve()).rstrip("/")


def _requested(sync: Sync, *, full: bool, allow_deletes: bool) -> Sync:
    state = replace(
        sync.state,
        requests=sync.state.requests + 1,
        full_requested=sync.state.full_requested or full,
        allow_deletes=sync.state.allow_deletes or allow_deletes,
        is_active=True,
    )
    return replace(sync, state=state)


def _updated(sync: Sync, spec: SyncUpdateSpec) -> Sync:
    said = spec.model_dump(exclude_none=True, include=set(_PLAIN))
    rules = replace(sync.rules, **said)
    if spec.batch_collection_ids is not None:
        rules = replace(rules, batch_collection_ids=tuple(spec.batch_collection_ids))
    if spec.reconcile is not None:
        rules = replace(rules, reconcile=reconcile_from(spec.reconcile))
    if spec.schema_mapping is not None:
        rules = replace(rules, mapping=spec.schema_mapping.mapping)
    new = with_rules(sync, rules)
    if not new.state.full_requested:
        new = replace(new, state=replace(new.state, is_complete=sync.state.is_complete))
    return new if spec.is_active is None else replace(new, state=replace(new.state, is_active=spec.is_active))


_PLAIN = (
    "description",
    "metadata",
    "polling_interval_seconds",
    "batch_size",
    "skip_batch_submission",
    "max_objects_per_run",
)
