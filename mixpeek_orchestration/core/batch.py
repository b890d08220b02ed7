"""Batches: selections of objects that are processed together. A batch is a Dagster partition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mixpeek_orchestration.core.report import TierReport

BatchStatus = Literal[
    "DRAFT", "PENDING", "IN_PROGRESS", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED"
]
DedupStrategy = Literal["skip", "replace", "force"]
TERMINAL: frozenset[str] = frozenset({"COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED"})


@dataclass(frozen=True)
class Batch:
    """A batch as the catalog holds it; its object ids are read apart.

    `collection_ids` are ordered by tier. `submission` counts submits: a run belongs to one of them.
    `tiers` has one report per collection that has finished in the current submission.
    """

    batch_id: str
    namespace_id: str
    bucket_id: str
    object_count: int
    collection_ids: tuple[str, ...]
    status: BatchStatus = "DRAFT"
    submission: int = 0
    name: str | None = None
    dedup_strategy: DedupStrategy = "skip"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tiers: Mapping[str, TierReport] = field(default_factory=dict)
    error: str | None = None
    run_id: str | None = None
    created_at: str = ""
    submitted_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None

    @property
    def run_key(self) -> str:
        return f"{self.batch_id}:{self.submission}"

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL


def status_after(batch: Batch) -> BatchStatus:
    """The status that follows from the tiers that have reported."""
    reports = list(batch.tiers.values())
    if not set(batch.collection_ids) <= set(batch.tiers):
        return "IN_PROGRESS"
    outcomes = {report.outcome for report in reports}
    if "FAILED" in outcomes and outcomes == {"FAILED"}:
        return "FAILED"
    if outcomes & {"FAILED", "COMPLETED_WITH_ERRORS"}:
        return "COMPLETED_WITH_ERRORS"
    return "CANCELED" if "CANCELED" in outcomes else "COMPLETED"


def is_called_off(batch: Batch | None, submission: int) -> bool:
    """Whether a run that began with this submission of a batch works for nobody: it is canceled, in another submission,
    or forgotten."""
    return batch is None or batch.status == "CANCELED" or batch.submission != submission
