"""Syncs: a bucket that follows a folder or an `s3://` prefix, and what is known of every file there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mixpeek_orchestration.core.syncs.mapping import SchemaMapping

FileStatus = Literal["synced", "duplicate", "failed", "dead"]
JobStatus = Literal["running", "completed", "failed", "interrupted", "skipped"]
Trigger = Literal["scheduled", "manual", "resume"]
Owner = Literal["yaml", "python", "component", "api"]
"""`core.bucket.ManagedBy`, which cannot be imported here: a bucket holds the rules of its syncs."""
SyncMode = Literal["initial_only", "continuous"]

MAX_ATTEMPTS: Final = 3
"""How often a file is tried before it is a dead letter."""


@dataclass(frozen=True)
class Listed:
    """A file as the source lists it. `path` is relative to the source, `modified` in seconds since the epoch."""

    path: str
    size: int
    modified: float
    etag: str = ""

    @property
    def fingerprint(self) -> str:
        """What changes when the file does, known without reading it."""
        return f"{self.modified!r}:{self.size}:{self.etag}"


@dataclass(frozen=True)
class FileFilters:
    """Which files are wanted; what is empty filters nothing. Times are ISO 8601."""

    include_patterns: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()
    min_size_bytes: int | None = None
    max_size_bytes: int | None = None
    modified_after: str | None = None
    modified_before: str | None = None
    mime_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reconcile:
    """What follows when a file changes or vanishes after it was synced."""

    on_delete: bool = True
    on_update: bool = True
    on_filter_drift: bool = True
    max_deletes: int = 10
    max_delete_share: float = 0.3


@dataclass(frozen=True)
class SyncRules:
    """What people say about a sync. `connection` is empty for a place that is reached with the server's own rights."""

    source_path: str
    connection: str = ""
    mode: SyncMode = "continuous"
    polling_interval_seconds: int = 300
    batch_size: int = 50
    filters: FileFilters = field(default_factory=FileFilters)
    reconcile: Reconcile = field(default_factory=Reconcile)
    skip_batch_submission: bool = False
    skip_duplicates: bool = True
    blob_property: str | None = None
    mapping: SchemaMapping = field(default_factory=SchemaMapping)
    batch_collection_ids: tuple[str, ...] = ()
    max_objects_per_run: int = 100_000
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SyncState:
    """How far a sync is.

    `next_run_at` is in seconds since the epoch, `open_batch` a draft that is being filled, `held_batches` are full
    ones that may not be submitted for `held_reason` and are tried again, oldest first; `requests` counts how often
    somebody asked for a run and `served` how many of these have had one. `settled` is the mark of what the last run
    left nothing to do about, empty where it did; `retry_at` is when the first failed file is tried again. `files_seen`
    and `listing_s` are of the last look or run, `quiet_looks` counts the looks since the last run.
    """

    is_active: bool = True
    paused: bool = False
    pause_reason: str | None = None
    paused_at: str | None = None
    next_run_at: float = 0.0
    requests: int = 0
    served: int = 0
    full_requested: bool = False
    allow_deletes: bool = False
    open_batch: str = ""
    held_batches: tuple[str, ...] = ()
    held_reason: str | None = None
    runs: int = 0
    batches_created: int = 0
    recent_batches: tuple[str, ...] = ()
    consecutive_failures: int = 0
    last_error: str | None = None
    last_sync_at: str | None = None
    last_polled_at: str | None = None
    files_seen: int = 0
    listing_s: float = 0.0
    quiet_looks: int = 0
    settled: str = ""
    retry_at: float = 0.0
    is_complete: bool = False

    @property
    def is_holding(self) -> bool:
        """Whether a batch of the sync waits to be submitted."""
        return bool(self.open_batch or self.held_batches)

    @property
    def is_requested(self) -> bool:
        return self.requests > self.served


@dataclass(frozen=True)
class SyncTotals:
    """What all runs of a sync came to."""

    discovered: int = 0
    synced: int = 0
    failed: int = 0
    skipped: int = 0
    verified: int = 0
    removed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    completed: int = 0
    failed_runs: int = 0
    peak_per_minute: float = 0.0


@dataclass(frozen=True)
class Sync:
    """A sync as the catalog holds it."""

    sync_id: str
    namespace_id: str
    bucket_id: str
    rules: SyncRules
    state: SyncState = field(default_factory=SyncState)
    totals: SyncTotals = field(default_factory=SyncTotals)
    managed_by: Owner = "api"
    created_at: str = ""
    updated_at: str = ""

    @property
    def status(self) -> str:
        """The contract's word for where the sync stands."""
        if self.state.paused or not self.state.is_active:
            return "SUSPENDED"
        if self.state.is_complete:
            return "COMPLETED"
        if self.state.consecutive_failures:
            return "FAILED"
        return "ACTIVE" if self.state.runs else "PENDING"


@dataclass(frozen=True)
class SyncFile:
    """What a sync knows of one file.

    `batched_fp` is the fingerprint of the object when it last went into a batch, empty before. A `duplicate` has no
    object: another file of the sync holds the same bytes. `not_before` says when a failed file is tried again.
    """

    path: str
    fingerprint: str
    status: FileStatus = "synced"
    object_id: str = ""
    content_hash: str = ""
    size_bytes: int = 0
    batched_fp: str = ""
    attempts: int = 0
    not_before: float = 0.0
    error_code: str = ""
    error: str = ""
    first_failed_at: str | None = None
    last_failed_at: str | None = None
    requeued_at: str | None = None
    sync_job_id: str = ""

    @property
    def has_object(self) -> bool:
        return bool(self.object_id)


@dataclass(frozen=True)
class SyncJob:
    """One run of a sync. `verified` counts files that were as they had been."""

    sync_job_id: str
    sync_id: str
    namespace_id: str
    bucket_id: str
    trigger: Trigger = "scheduled"
    status: JobStatus = "running"
    phase: str = "discovering"
    discovered: int = 0
    total: int = 0
    synced: int = 0
    failed: int = 0
    skipped: int = 0
    verified: int = 0
    removed: int = 0
    bytes: int = 0
    batch_ids: tuple[str, ...] = ()
    run_id: str = ""
    error: str | None = None
    started_at: str = ""
    updated_at: str = ""
    completed_at: str | None = None

    @property
    def line(self) -> str:
        """What came of it, for people."""
        counts = f"{self.synced} synced, {self.verified} unchanged, {self.removed} removed"
        more = f"{self.skipped} skipped, {self.failed} failed"
        return f"{self.discovered} files: {counts}, {more}; {len(self.batch_ids)} batches"
