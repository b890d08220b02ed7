"""One run of a sync: list, store what is new or changed, remove what is gone, submit.

Everything that was decided is in the catalog before the next step begins, a chunk of files at a time: a run that is
killed anywhere is repeated from its last chunk. Objects are named by their path, so putting one twice is once; the
batch that is being filled is written down with the files in it, so that it is submitted once, by whoever comes next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import MixpeekError, NotFound, OverBudget
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.syncs import SyncSource
from mixpeek_orchestration.core.syncs import plan as sync_plan
from mixpeek_orchestration.core.syncs.filters import place_for
from mixpeek_orchestration.core.syncs.looks import mark_of
from mixpeek_orchestration.core.syncs.sync import (
    JobStatus,
    Listed,
    Sync,
    SyncFile,
    SyncJob,
    SyncRules,
    SyncState,
    Trigger,
)
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.leases import HeldLease, hold
from mixpeek_orchestration.warehouse.syncs.batch import OpenBatch, readers
from mixpeek_orchestration.warehouse.syncs.files import FileIntake
from mixpeek_orchestration.warehouse.syncs.jobs import counted, started, totals_after
from mixpeek_orchestration.warehouse.syncs.neighbours import held_elsewhere, wake_others

Progress = Callable[[str], None]
_TOGETHER: Final = 500


def carry_out(
    catalog: Catalog,
    batches: Batches,
    store: ObjectStore,
    open_source: Callable[[SyncRules], SyncSource],
    *,
    sync_id: str,
    run_id: str = "",
    trigger: Trigger | None = None,
    progress: Progress = lambda _: None,
) -> SyncJob:
    """A run of a sync, to its end; its job says what came of it.

    Raises `LeaseHeld` while another run goes on, and what made the source unreadable; the sync then says so too.
    """
    with hold(catalog.leases, f"sync:{sync_id}") as lease:
        sync = _sync(catalog, sync_id)
        bucket = _bucket(catalog, sync)
        sync, job = started(catalog, sync, run_id, trigger)
        run = SyncRun(catalog, batches, bucket, sync, job, lease=lease, progress=progress)
        if sync.state.paused:
            return run.skip(f"The sync is paused: {sync.state.pause_reason or 'by a person'}.")
        try:
            run.go(open_source(sync.rules), FileIntake(sync, bucket, catalog, store, batches))
        except MixpeekError as error:
            run.end(error)
            raise
        return run.end()


@dataclass
class SyncRun:
    """The state of one run. `job` and `sync` are what the catalog held after the last commit."""

    catalog: Catalog
    batches: Batches
    bucket: Bucket
    sync: Sync
    job: SyncJob
    lease: HeldLease
    progress: Progress = lambda _: None
    started: float = field(default_factory=time.time)
    left_over: int = 0
    listed_mark: str = ""
    is_settled: bool = True

    def __post_init__(self) -> None:
        self.served = self.sync.state.requests

    def go(self, source: SyncSource, intake: FileIntake) -> None:
        """Everything between the start and the end of the run; stops between two chunks when the sync is paused."""
        known = {one.path: one for one in self.catalog.syncs.files(self.sync.sync_id)}
        batch = OpenBatch(self.catalog, self.batches, self.bucket, self.sync)
        self._submit_held(batch)
        self._submit(batch)
        plan = self._planned(source, known)
        reason = None if self.sync.state.allow_deletes else sync_plan.mass_deletion(plan, known, self.rules)
        if reason is not None:
            self.is_settled = False
            self._pause(reason)
            return
        self.left_over = plan.left_over
        holders = sync_plan.holders(plan, known)
        for chunk in sync_plan.chunks(plan.ingest, self.rules.batch_size):
            if not self.sync.state.paused:
                self._ingest(chunk, known, holders, (source, intake), batch)
        for files in _spread(plan.submit, _TOGETHER):
            if not self.sync.state.paused:
                self._resubmit(files, batch, intake)
        self._submit(batch)
        for files in _spread(plan.gone, _TOGETHER):
            if not self.sync.state.paused:
                self._remove(files, intake)
        if plan.forget:
            self._commit(forget=plan.forget)

    def end(self, error: MixpeekError | None = None) -> SyncJob:
        """The job and the sync say how it ended."""
        stamp, moment = now(), time.time()
        retry_at = self._retry_at()
        why = str(error) if error else None
        status: JobStatus = "failed" if error else "skipped" if self.job.error else "completed"
        self.job = replace(
            self.job, status=status, phase=status, error=why or self.job.error, completed_at=stamp
        )

        def ended(sync: Sync) -> Sync:
            more = error is None and self.left_over > 0
            state = sync_plan.after_run(
                sync, served=self.served, now=moment, stamp=stamp, error=why, more=more
            )
            state = replace(state, settled=self._settled(error), retry_at=retry_at)
            state = sync_plan.still_held(state)
            if isinstance(error, NotFound):
                state = sync_plan.paused(state, why, stamp=stamp)
            return replace(
                sync, state=state, totals=totals_after(sync.totals, self.job, moment - self.started)
            )

        self._commit(edit=ended)
        if self.job.synced or self.job.removed:
            wake_others(self.catalog.syncs, self.sync)
        self.progress(self.job.line)
        return self.job

    def skip(self, reason: str) -> SyncJob:
        """The job says that nothing was done."""
        self._commit(
            job=replace(self.job, status="skipped", phase="skipped", error=reason, completed_at=now())
        )
        return self.job

    @property
    def rules(self) -> SyncRules:
        return self.sync.rules

    def _planned(self, source: SyncSource, known: dict[str, SyncFile]) -> sync_plan.SyncPlan:
        properties, rules = self.bucket.properties, self.rules
        asked = time.monotonic()
        listing = list(source.list())
        listing_s = time.monotonic() - asked
        below = readers(self.catalog, self.batches, self.bucket, self.rules)
        self.listed_mark = mark_of(listing, self.rules, properties, below)
        plan = sync_plan.decide(
            listing,
            known,
            self.rules,
            has_place=lambda path: place_for(properties, path, rules) is not None,
            now=self.started,
            full=self.sync.state.full_requested,
            elsewhere=held_elsewhere(self.catalog.syncs, self.sync, known.values()),
        )
        job = replace(self.job, phase="downloading", total=len(plan.ingest) + plan.kept)
        self._commit(
            edit=lambda sync: replace(
                sync, state=sync_plan.after_listing(sync.state, plan.listed, listing_s, stamp=now())
            ),
            job=replace(job, discovered=plan.listed, verified=plan.kept, skipped=plan.filtered),
        )
        self.progress(
            f"listed {plan.listed}: {len(plan.ingest)} to read, {len(plan.gone)} gone, {plan.kept} unchanged"
        )
        return plan

    def _ingest(
        self,
        chunk: Sequence[Listed],
        known: Mapping[str, SyncFile],
        holders: dict[str, str],
        place: tuple[SyncSource, FileIntake],
        batch: OpenBatch,
    ) -> None:
        """Store a chunk's objects, put those that are new into the open batch, write the files down."""
        source, intake = place
        taken = intake.take(chunk, known, holders, source, self.rules, job_id=self.job.sync_job_id)
        self.progress(f"stored {len(taken.files)}")
        fresh = [one.object_id for one in taken.files if one.path in taken.to_batch]
        batched = batch.add(fresh)
        # A file that was gone when it was read may be back, just as it was listed.
        self.is_settled &= len(taken.files) == len(chunk)
        self.progress(f"in a batch: {len(fresh)}")
        intake.remove(taken.orphans)
        self._commit(
            files=taken.as_batched() if batched else taken.files,
            edit=batch.written_down,
            job=counted(self.job, taken),
        )
        self.progress(f"committed {len(taken.files)}")
        if batch.is_full:
            self._submit(batch)

    def _resubmit(self, files: Sequence[SyncFile], batch: OpenBatch, intake: FileIntake) -> None:
        """Objects that are in the bucket, but went through no collection yet."""
        prints = intake.fingerprints([one.object_id for one in files])
        if batch.add([one.object_id for one in files if one.object_id in prints]):
            kept = [replace(one, batched_fp=prints.get(one.object_id, "")) for one in files]
            self._commit(files=kept, edit=batch.written_down)
        if batch.is_full:
            self._submit(batch)

    def _submit(self, batch: OpenBatch) -> None:
        """The open batch, if there is one, is on its way, and is written down as closed; or as held, when it costs more
        than may be spent, or others wait for that before it."""
        if not batch.batch_id:
            return
        state = self.sync.state
        if state.held_batches:
            self._hold(batch, state.held_reason or "")
            return
        try:
            submitted = batch.submit()
        except OverBudget as error:
            self._hold(batch, str(error))
            return
        if submitted:
            self._closed(submitted)

    def _submit_held(self, batch: OpenBatch) -> None:
        """What was held before is on its way, oldest first, as far as it may be."""
        for batch_id in self.sync.state.held_batches:
            try:
                batch.submit_held(batch_id)
            except OverBudget as error:
                self._edit_state(lambda state, why=str(error): replace(state, held_reason=why))  # type: ignore[misc]
                return
            self._closed(batch_id)

    def _hold(self, batch: OpenBatch, reason: str) -> None:
        is_full = batch.is_full
        batch_id = batch.put_aside() if is_full else batch.batch_id
        self._edit_state(lambda state: sync_plan.held(state, batch_id, reason, is_full=is_full))
        self.progress(f"holds {batch_id}: {reason}")

    def _closed(self, batch_id: str) -> None:
        self.progress(f"submitted {batch_id}")
        job = replace(self.job, batch_ids=(*self.job.batch_ids, batch_id))
        self._edit_state(lambda state: sync_plan.submitted(state, batch_id), job=job)
        self.progress("closed the batch")

    def _edit_state(self, edit: Callable[[SyncState], SyncState], *, job: SyncJob | None = None) -> None:
        self._commit(edit=lambda sync: replace(sync, state=edit(sync.state)), job=job)

    def _remove(self, files: Sequence[SyncFile], intake: FileIntake) -> None:
        intake.remove([one.object_id for one in files])
        self.progress(f"removed {len(files)}")
        job = replace(self.job, removed=self.job.removed + len(files))
        self._commit(forget=[one.path for one in files], job=job)

    def _settled(self, error: MixpeekError | None) -> str:
        """The mark of what was listed, when the run left nothing to do about it."""
        stopped = error is not None or self.sync.state.paused or self.left_over or self.sync.state.is_holding
        return "" if stopped or not self.is_settled else self.listed_mark

    def _retry_at(self) -> float:
        failed = self.catalog.syncs.files(self.sync.sync_id, statuses={"failed"})
        return min((one.not_before for one in failed), default=0.0)

    def _pause(self, reason: str) -> None:
        stamp = now()
        said = f"{reason} Nothing was changed; resume with --allow-deletes if that is right."
        self._commit(
            edit=lambda sync: replace(sync, state=sync_plan.paused(sync.state, said, stamp=stamp)),
            job=replace(self.job, error=said),
        )
        self.progress(said)

    def _commit(
        self,
        *,
        files: Iterable[SyncFile] = (),
        forget: Sequence[str] = (),
        edit: Callable[[Sync], Sync] = lambda sync: sync,
        job: SyncJob | None = None,
    ) -> None:
        self.lease.check()
        self.job = job or self.job
        self.sync = self.catalog.syncs.commit(
            self.sync.sync_id, files=list(files), forget=forget, edit=edit, job=self.job
        )


def _sync(catalog: Catalog, sync_id: str) -> Sync:
    found = catalog.syncs.get(sync_id)
    if found is None:
        raise NotFound(f"There is no sync {sync_id!r}.", field="sync_config_id", value=sync_id)
    return found


def _bucket(catalog: Catalog, sync: Sync) -> Bucket:
    """The bucket of a sync; a sync whose bucket is gone goes too."""
    found = catalog.resources.bucket(sync.namespace_id, sync.bucket_id)
    if found is None:
        catalog.syncs.delete(sync.sync_id)
        raise NotFound(f"The bucket of sync {sync.sync_id} is gone.", field="bucket_id", value=sync.bucket_id)
    return found


def _spread(files: Sequence[SyncFile], size: int) -> Iterable[Sequence[SyncFile]]:
    return (files[start : start + size] for start in range(0, len(files), size))
