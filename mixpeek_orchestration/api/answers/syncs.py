"""Syncs on the wire: how they stand, their runs, what failed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from mixpeek_orchestration.core.syncs.plan import next_poll_at
from mixpeek_orchestration.core.syncs.sync import MAX_ATTEMPTS, Reconcile, Sync, SyncFile, SyncJob
from mixpeek_orchestration.warehouse.syncs.mapping_specs import mapping_wire

INTERNAL_ID: Final = "local"
"""The contract names an organization everywhere; a house has one."""
_STALE_INTERVALS: Final = 2
_STALE_AT_LEAST_S: Final = 120


def connection_of(sync: Sync) -> str:
    """The connection that a sync reads through."""
    return sync.rules.connection or _own_connection(sync)


def _own_connection(sync: Sync) -> str:
    return "s3" if sync.rules.source_path.startswith(("s3://", "s3a://")) else "local"


def sync_answer(sync: Sync, *, is_running: bool = False) -> dict[str, Any]:
    """A sync with its rules, its state and its totals."""
    rules, state, totals = sync.rules, sync.state, sync.totals
    return {
        "sync_config_id": sync.sync_id,
        "bucket_id": sync.bucket_id,
        "connection_id": connection_of(sync),
        "internal_id": INTERNAL_ID,
        "namespace_id": sync.namespace_id,
        "created_by_user_id": sync.managed_by,
        "managed_by": sync.managed_by,
        "source_path": rules.source_path,
        "source_type": "s3" if _own_connection(sync) == "s3" else "folder",
        "file_filters": _listed(asdict(rules.filters)),
        "sync_mode": rules.mode,
        "polling_interval_seconds": rules.polling_interval_seconds,
        "batch_size": rules.batch_size,
        "skip_duplicates": rules.skip_duplicates,
        "skip_batch_submission": rules.skip_batch_submission,
        "batch_collection_ids": list(rules.batch_collection_ids) or None,
        "blob_property": rules.blob_property,
        "schema_mapping": mapping_wire(rules.mapping),
        "reconcile": _reconcile(rules.reconcile),
        "max_objects_per_run": rules.max_objects_per_run,
        "description": rules.description,
        "metadata": dict(rules.metadata),
        "status": sync.status,
        "is_active": state.is_active and not state.paused,
        "paused": state.paused,
        "pause_reason": state.pause_reason,
        "paused_at": state.paused_at,
        "locked": is_running,
        "pending_full_sync": state.full_requested,
        "total_files_discovered": totals.discovered,
        "total_files_synced": totals.synced,
        "total_files_failed": totals.failed,
        "total_bytes_synced": totals.bytes,
        "stats": _stats(sync),
        "sync_run_counter": state.runs,
        "batches_created": state.batches_created,
        "batch_ids": list(state.recent_batches),
        "consecutive_failures": state.consecutive_failures,
        "last_error": state.last_error,
        "last_sync_at": state.last_sync_at,
        "next_sync_at": next_poll_at(sync, time.time()),
        "last_polled_at": state.last_polled_at,
        "files_seen": state.files_seen,
        "schedule": _schedule(sync),
        "created_at": sync.created_at or None,
        "updated_at": sync.updated_at or None,
    }


def _schedule(sync: Sync) -> dict[str, Any]:
    """When the source was looked at, and is looked at next; a look that finds nothing new costs no run."""
    return {
        "mode": sync.rules.mode,
        "interval_seconds": sync.rules.polling_interval_seconds,
        "last_polled_at": sync.state.last_polled_at,
        "next_poll_at": next_poll_at(sync, time.time()),
        "last_sync_at": sync.state.last_sync_at,
        "polls_since_last_run": sync.state.quiet_looks,
    }


def job_answer(job: SyncJob) -> dict[str, Any]:
    """One run of a sync."""
    done = job.synced + job.verified + job.failed
    return {
        "sync_job_id": job.sync_job_id,
        "sync_config_id": job.sync_id,
        "internal_id": INTERNAL_ID,
        "namespace_id": job.namespace_id,
        "status": job.status,
        "trigger": job.trigger,
        "phase": job.phase,
        "total_files": job.total,
        "files_synced": job.synced,
        "files_failed": job.failed,
        "files_verified": job.verified,
        "started_at": job.started_at or None,
        "completed_at": job.completed_at,
        "updated_at": job.updated_at or None,
        "error": job.error,
        "progress_percent": 100.0 * min(done, job.total) / job.total if job.total else None,
        "throughput_files_per_min": _per_minute(job),
        "metadata": {
            "discovered": job.discovered,
            "skipped": job.skipped,
            "removed": job.removed,
            "bytes": job.bytes,
            "batch_ids": list(job.batch_ids),
            "run_id": job.run_id or None,
        },
    }


def dead_letter_answer(one: SyncFile, sync: Sync) -> dict[str, Any]:
    """A file whose last try failed."""
    return {
        "dlq_id": f"{sync.sync_id}:{one.path}",
        "sync_config_id": sync.sync_id,
        "sync_job_id": one.sync_job_id or None,
        "source_object_id": one.path,
        "source_path": one.path,
        "error_type": one.error_code,
        "error_message": one.error,
        "first_seen_at": one.first_failed_at,
        "last_seen_at": one.last_failed_at,
        "retry_count": one.attempts,
        "max_retries": MAX_ATTEMPTS,
        "max_retries_reached": one.status == "dead",
        "requeued_at": one.requeued_at,
        "internal_id": INTERNAL_ID,
        "namespace_id": sync.namespace_id,
        "bucket_id": sync.bucket_id,
    }


def metrics_answer(
    sync: Sync, *, last_job: SyncJob | None, dead: Mapping[str, int], is_running: bool
) -> dict[str, Any]:
    """Whether a sync keeps up, and the numbers behind the verdict."""
    state, totals = sync.state, sync.totals
    interval = sync.rules.polling_interval_seconds
    age = _age(state.last_polled_at or state.last_sync_at)
    limit = max(_STALE_INTERVALS * interval, _STALE_AT_LEAST_S)
    is_active = state.is_active and not state.paused
    is_stale = is_active and sync.rules.mode == "continuous" and age is not None and age > limit
    return {
        "sync_config_id": sync.sync_id,
        "status": sync.status,
        "is_active": is_active,
        "paused": state.paused,
        "total_files_discovered": totals.discovered,
        "total_files_synced": totals.synced,
        "total_files_failed": totals.failed,
        "batches_created": state.batches_created,
        "sync_run_counter": state.runs,
        "consecutive_failures": state.consecutive_failures,
        "last_error": state.last_error,
        "last_sync_at": state.last_sync_at,
        "next_sync_at": next_poll_at(sync, time.time()),
        "last_polled_at": state.last_polled_at,
        "seconds_since_last_sync": age,
        "intervals_since_last_sync": None if age is None else age / interval,
        "stale_after_seconds": limit,
        "is_stale": is_stale,
        "failure_rate": totals.failed / totals.discovered if totals.discovered else 0.0,
        "healthy": is_active and not state.consecutive_failures and not is_stale,
        "dlq_total": sum(dead.values()),
        "dlq_by_error": dict(dead),
        "running_job": is_running,
        "last_job": job_answer(last_job) if last_job else None,
    }


def _stats(sync: Sync) -> dict[str, Any] | None:
    totals = sync.totals
    if not totals.completed + totals.failed_runs:
        return None
    return {
        "total_objects_synced": totals.synced,
        "total_objects_verified": totals.verified,
        "total_objects_failed": totals.failed,
        "total_objects_discovered": totals.discovered,
        "total_objects_skipped": totals.skipped,
        "total_bytes_synced": totals.bytes,
        "total_duration_seconds": totals.seconds,
        "total_runs_completed": totals.completed,
        "total_runs_failed": totals.failed_runs,
        "peak_objects_per_min": totals.peak_per_minute,
        "last_run_at": sync.state.last_sync_at,
        "updated_at": sync.updated_at or None,
    }


def _reconcile(said: Reconcile) -> dict[str, Any]:
    return {**asdict(said), "re_extract_on_update": True, "re_extract_fields": None}


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _age(moment: str | None) -> int | None:
    return None if moment is None else int(time.time() - datetime.fromisoformat(moment).timestamp())


def _per_minute(job: SyncJob) -> float | None:
    if not (job.started_at and job.completed_at):
        return None
    took = datetime.fromisoformat(job.completed_at) - datetime.fromisoformat(job.started_at)
    return 60.0 * job.synced / max(took.total_seconds(), 0.001)
