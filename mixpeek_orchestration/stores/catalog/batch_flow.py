"""How a batch moves from one status to the next, whichever catalog keeps it."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.batch import TERMINAL, Batch, status_after
from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.catalog.clock import now


def check_draft(batch: Batch) -> None:
    """Raises `Conflict` when the batch has been submitted: what a run works on must not change under it."""
    if batch.status != "DRAFT":
        raise Conflict(
            f"Batch {batch.batch_id} is {batch.status}; objects can be added to a draft only.",
            field="batch_id",
            value=batch.batch_id,
            fix="Create another batch.",
        )


def submitted(batch: Batch) -> Batch:
    """The batch in its next submission; raises `Conflict` while one is under way."""
    if batch.status in ("PENDING", "IN_PROGRESS"):
        raise Conflict(
            f"Batch {batch.batch_id} is already {batch.status}.",
            field="batch_id",
            value=batch.batch_id,
            fix="Wait until it has ended, or cancel it.",
        )
    return replace(
        batch,
        status="PENDING",
        submission=batch.submission + 1,
        tiers={},
        error=None,
        run_id=None,
        submitted_at=now(),
        started_at=None,
        completed_at=None,
    )


def started(batch: Batch, run_id: str) -> Batch:
    """The batch in progress under a run, unless it has ended. A retry keeps the first start."""
    if batch.is_terminal:
        return batch
    started_at = batch.started_at or now()
    return replace(batch, status="IN_PROGRESS", run_id=run_id, error=None, started_at=started_at)


def reported(
    batch: Batch, collection_id: str, report: TierReport, run_id: str, *, submission: int | None = None
) -> Batch:
    """The batch with one more report and the status that follows. A canceled batch stays canceled; one that has moved
    on to another submission takes no report of this one."""
    if submission not in (None, batch.submission):
        return batch
    batch = replace(batch, tiers={**batch.tiers, collection_id: report}, run_id=run_id)
    if batch.status == "CANCELED":
        return batch
    status = status_after(batch)
    errors = [tier.first_error for tier in batch.tiers.values() if tier.first_error]
    completed_at = now() if status in TERMINAL else None
    return replace(batch, status=status, error=errors[0] if errors else None, completed_at=completed_at)


def failed(batch: Batch, error: str, submission: int | None) -> Batch:
    """The batch as failed, unless it has ended or moved on to another submission."""
    if batch.is_terminal or submission not in (None, batch.submission):
        return batch
    return replace(batch, status="FAILED", error=error, completed_at=now())


def held(batch: Batch, reason: str) -> Batch:
    """A submitted batch as a draft that says why, unless it has ended."""
    if batch.status not in ("PENDING", "IN_PROGRESS"):
        return batch
    return replace(batch, status="DRAFT", error=reason, run_id=None, started_at=None)


def canceled(batch: Batch, reason: str | None = None) -> Batch:
    """The batch as canceled, unless it has ended; the reason is what its error says."""
    if batch.is_terminal:
        return batch
    return replace(batch, status="CANCELED", error=reason or batch.error, completed_at=now())


def unknown_batch(batch_id: str) -> NotFound:
    """The error for a batch that does not exist."""
    return NotFound(f"There is no batch {batch_id!r}.", field="batch_id", value=batch_id)


def batch_exists(batch_id: str) -> Conflict:
    """The error for creating a batch twice."""
    return Conflict(f"There is already a batch {batch_id!r}.", field="batch_id", value=batch_id)
