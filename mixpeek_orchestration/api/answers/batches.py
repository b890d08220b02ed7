"""Batches on the wire: where they are, and the account of every tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.report import TierReport, total
from mixpeek_orchestration.core.tiers import tier_of

LIFECYCLE: Final[Mapping[str, str]] = {
    "DRAFT": "accepted",
    "PENDING": "queued",
    "IN_PROGRESS": "extracting",
    "COMPLETED": "indexed",
    "COMPLETED_WITH_ERRORS": "indexed",
    "FAILED": "failed",
    "CANCELED": "canceled",
}
_TASK_PREFIX: Final = "task_"


@dataclass(frozen=True)
class Tier:
    """Some collections of a batch that are as far from the bucket as each other."""

    number: int
    collections: tuple[Collection, ...]


def tiers_in(batch: Batch, collections: Sequence[Collection]) -> list[Tier]:
    """The tiers of a batch, nearest to the bucket first; a collection that is gone since is left out."""
    numbers = tier_of(collections)
    own = [c for c in collections if c.collection_id in batch.collection_ids]
    return [
        Tier(number, tuple(c for c in own if numbers[c.collection_id] == number))
        for number in sorted({numbers[c.collection_id] for c in own})
    ]


def batch_answer(
    batch: Batch, collections: Sequence[Collection], *, object_ids: Sequence[str] | None = None
) -> dict[str, Any]:
    """A batch; `object_ids` only where they were read."""
    tiers = tiers_in(batch, collections)
    account = total(list(batch.tiers.values()))
    finished = sum(1 for tier in tiers if all(c.collection_id in batch.tiers for c in tier.collections))
    return {
        "batch_id": batch.batch_id,
        "bucket_id": batch.bucket_id,
        "namespace_id": batch.namespace_id,
        "batch_name": batch.name,
        "type": "BUCKET",
        "status": batch.status,
        "status_message": account.line if batch.tiers else None,
        "lifecycle": LIFECYCLE[batch.status],
        "lifecycle_reason": batch.error or account.first_error,
        "object_ids": list(object_ids) if object_ids is not None else None,
        "object_count": batch.object_count,
        "collection_ids": list(batch.collection_ids),
        "dedup_strategy": batch.dedup_strategy,
        "metadata": dict(batch.metadata),
        "task_id": task_id(batch),
        "tier_tasks": [_tier_answer(tier, batch) for tier in tiers],
        "dag_tiers": [[c.collection_id for c in tier.collections] for tier in tiers],
        "current_tier": min(finished, max(len(tiers) - 1, 0)),
        "total_tiers": max(len(tiers), 1),
        "progress": _progress(batch, account),
        "documents_written": account.rows_written,
        "documents_deleted": account.rows_deleted,
        "failed_object_count": account.failed,
        "partial_object_count": account.partial,
        "unaccounted_object_count": 0,
        "documents_resolvable": batch.status in ("COMPLETED", "COMPLETED_WITH_ERRORS"),
        "error": batch.error or account.first_error,
        "failure_reason": batch.error,
        "submission": batch.submission,
        "run_id": batch.run_id,
        "retry_count": max(batch.submission - 1, 0),
        "max_node_death_resubmits": 0,
        "max_deploy_resubmits": 0,
        "created_at": batch.created_at or None,
        "submitted_at": batch.submitted_at,
        "started_at": batch.started_at,
        "completed_at": batch.completed_at,
        "updated_at": batch.completed_at
        or batch.started_at
        or batch.submitted_at
        or batch.created_at
        or None,
    }


def task_id(batch: Batch) -> str:
    """The name of a batch as a task."""
    return f"{_TASK_PREFIX}{batch.batch_id}"


def batch_of_task(task: str) -> str:
    """The batch id that a task id stands for."""
    return task.removeprefix(_TASK_PREFIX)


def task_answer(batch: Batch, *, task_type: str = "api_buckets_batches_submit") -> dict[str, Any]:
    """A submitted batch as the task that a client waits for."""
    return {
        "task_id": task_id(batch),
        "task_type": task_type,
        "status": batch.status,
        "inputs": [batch.batch_id],
        "outputs": list(batch.collection_ids),
        "additional_data": {
            "batch_id": batch.batch_id,
            "bucket_id": batch.bucket_id,
            "submission": batch.submission,
            "object_count": batch.object_count,
        },
        "error": batch.error,
        "batch_id": batch.batch_id,
        "bucket_id": batch.bucket_id,
    }


def audit_answer(batch: Batch, collections: Sequence[Collection]) -> dict[str, Any]:
    """Whether every object that a batch submitted is accounted for, tier by tier."""
    tiers = [_audit(tier.number, _tier_total(tier, batch)) for tier in tiers_in(batch, collections)]
    return {
        "batch_id": batch.batch_id,
        "status": batch.status,
        "tiers": tiers,
        "all_balanced": all(tier["balanced"] for tier in tiers),
        "has_lost_objects": any(tier["lost"] for tier in tiers),
        "summary": {
            collection_id: report.as_dict() | {"line": report.line, "outcome": report.outcome}
            for collection_id, report in batch.tiers.items()
        },
    }


def failure_answer(
    failure: Failure, *, tier_num: int | None = None, traceback: bool = False
) -> dict[str, Any]:
    """One failed row; the traceback stays in the failure table unless it is asked for."""
    error = failure.error
    return {
        "failure_id": failure.failure_id,
        "document_id": error.item,
        "source_item": error.item,
        "row": error.row,
        "collection_id": failure.collection_id,
        "batch_id": failure.batch_id,
        "tier_num": tier_num,
        "step": error.step,
        "error": error.message,
        "error_class": error.error_class,
        "error_type": error.kind,
        "attempt": failure.attempt,
        "versions": dict(failure.versions),
        "timestamp": failure.created_at,
        "resolved_at": failure.resolved_at,
        "root_object_id": failure.root_object or None,
        "run_id": failure.run_id or None,
        "resolved_by": failure.resolved_by or None,
        **({"traceback": error.traceback} if traceback else {}),
    }


def _progress(batch: Batch, account: TierReport) -> dict[str, Any]:
    expected = max(len(batch.collection_ids), 1)
    percent = 100.0 if batch.is_terminal else 100.0 * len(batch.tiers) / expected
    return {
        "processed": account.fetched - account.not_run,
        "total": batch.object_count,
        "percent": round(percent, 1),
        "errors": account.failed,
        "first_error": account.first_error,
        "objects_extracted": account.written,
        "objects_skipped": account.unchanged + account.source_filtered + account.missing_input,
        "objects_failed": account.failed,
        "documents_written": account.rows_written,
    }


def _tier_total(tier: Tier, batch: Batch) -> TierReport:
    reports = (batch.tiers.get(c.collection_id) for c in tier.collections)
    return total([report for report in reports if report])


def _tier_status(tier: Tier, batch: Batch) -> str:
    """The status of a tier: that of its worst collection once all have reported, else the batch's."""
    reported = [batch.tiers[c.collection_id] for c in tier.collections if c.collection_id in batch.tiers]
    if len(reported) < len(tier.collections):
        return batch.status
    order = ("COMPLETED", "CANCELED", "COMPLETED_WITH_ERRORS", "FAILED")
    return max((report.outcome for report in reported), key=order.index)


def _tier_answer(tier: Tier, batch: Batch) -> dict[str, Any]:
    report = _tier_total(tier, batch)
    source = tier.collections[0].source
    filtered = report.fetched - report.source_filtered
    return {
        "tier_num": tier.number,
        "task_id": task_id(batch),
        "status": _tier_status(tier, batch),
        "collection_ids": [c.collection_id for c in tier.collections],
        "source_type": source.type,
        "source_collection_ids": list(source.ids) if source.type == "collection" else None,
        "source_documents_fetched": report.fetched,
        "documents_after_source_filter": filtered,
        "documents_missing_input_fields": report.missing_input,
        "documents_unchanged": report.unchanged,
        "documents_submitted_to_engine": report.submitted,
        "documents_written": report.rows_written,
        "documents_deleted": report.rows_deleted,
        "error_summary": dict(report.reasons) or None,
        "duration_ms": round(report.usage.wall_s * 1000, 3),
        "audit": _audit(tier.number, report),
        "extractor_jobs": [_job(collection, batch) for collection in tier.collections],
    }


def _audit(number: int, report: TierReport) -> dict[str, Any]:
    ended = report.written + report.empty + report.failed + report.not_run
    return {
        "tier_num": number,
        "submitted": report.submitted,
        "processed": report.written + report.empty,
        "failed": report.failed,
        "skipped": report.unchanged + report.source_filtered + report.missing_input,
        "lost": report.submitted - ended,
        "balanced": report.submitted == ended,
    }


def _job(collection: Collection, batch: Batch) -> dict[str, Any]:
    report = batch.tiers.get(collection.collection_id)
    return {
        "extractor_type": collection.extractor.name,
        "extractor_id": collection.extractor.id,
        "collection_ids": [collection.collection_id],
        "status": report.outcome if report else batch.status,
        "duration_ms": round(report.usage.wall_s * 1000, 3) if report else None,
        "documents_written": report.rows_written if report else 0,
        "error": report.first_error if report else None,
        "execution_mode": report.usage.runner or None if report else None,
    }
