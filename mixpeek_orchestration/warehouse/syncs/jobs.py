"""The records of runs: how one begins, what it counts, and what all come to."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.syncs import plan as sync_plan
from mixpeek_orchestration.core.syncs.sync import Sync, SyncJob, SyncTotals, Trigger
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.syncs.files import Taken


def started(catalog: Catalog, sync: Sync, run_id: str, trigger: Trigger | None) -> tuple[Sync, SyncJob]:
    """The job of a run that begins; jobs that still say they run were interrupted, for the lease is ours."""
    interrupted = catalog.syncs.jobs(sync.sync_id, status="running")
    for job in interrupted:
        said = replace(job, status="interrupted", phase="interrupted", completed_at=now())
        catalog.syncs.commit(sync.sync_id, job=said)
    why: Trigger = trigger or (
        "resume" if interrupted else "manual" if sync.state.is_requested else "scheduled"
    )
    begun = SyncJob(
        random_id("syj"),
        sync.sync_id,
        sync.namespace_id,
        sync.bucket_id,
        trigger=why,
        run_id=run_id,
        started_at=now(),
    )

    def starts(old: Sync) -> Sync:
        state = replace(old.state, runs=old.state.runs + 1, settled="", quiet_looks=0)
        return replace(old, state=sync_plan.after_interruption(state, stamp=now()) if interrupted else state)

    return catalog.syncs.commit(sync.sync_id, job=begun, edit=starts), begun


def counted(job: SyncJob, taken: Taken) -> SyncJob:
    """The job after a chunk of files."""
    return replace(
        job,
        synced=job.synced + taken.stored,
        verified=job.verified + taken.unchanged,
        failed=job.failed + taken.failed,
        skipped=job.skipped + taken.duplicates,
        bytes=job.bytes + taken.bytes,
    )


def totals_after(old: SyncTotals, job: SyncJob, seconds: float) -> SyncTotals:
    """The totals of a sync after a run."""
    failed = job.status == "failed" or job.failed > 0
    return SyncTotals(
        discovered=old.discovered + job.discovered,
        synced=old.synced + job.synced,
        failed=old.failed + job.failed,
        skipped=old.skipped + job.skipped,
        verified=old.verified + job.verified,
        removed=old.removed + job.removed,
        bytes=old.bytes + job.bytes,
        seconds=old.seconds + seconds,
        completed=old.completed + (not failed),
        failed_runs=old.failed_runs + failed,
        peak_per_minute=max(old.peak_per_minute, 60 * job.synced / max(seconds, 0.001)),
    )
