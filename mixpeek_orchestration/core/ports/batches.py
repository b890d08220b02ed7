"""The port to the catalog's batches."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from typing import Protocol

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.report import TierReport


class BatchCatalog(Protocol):
    """Batches, what is in them, and how far they are."""

    def create(self, batch: Batch, object_ids: Sequence[str]) -> Batch: ...
    def get(self, batch_id: str) -> Batch | None: ...
    def get_many(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """Those that are there, by id."""

    def recent(
        self, *, bucket_id: str | None = None, statuses: AnyOf[str] | None = None, limit: int = 100
    ) -> list[Batch]:
        """Newest first."""

    def object_ids(self, batch_ids: Sequence[str]) -> dict[str, list[str]]:
        """Object ids by batch id, in the order they were added."""

    def add(self, batch_id: str, object_ids: Sequence[str]) -> Batch:
        """Add objects to a draft, each once. Raises `NotFound`, and `Conflict` when it was submitted."""

    def submit(self, batch_id: str) -> Batch:
        """Raise the submission by one, forget earlier tier reports and set `PENDING`.

        Raises `NotFound`, and `Conflict` while the batch is pending or in progress.
        """

    def start(self, batch_id: str, *, run_id: str) -> Batch:
        """Set `IN_PROGRESS`, remember the run and clear the error, unless the batch has ended."""

    def start_all(self, batch_ids: Sequence[str], *, run_id: str) -> dict[str, Batch]:
        """The same for a set of batches, all of them or none."""

    def record_tier(self, batch_id: str, collection_id: str, report: TierReport, *, run_id: str) -> Batch:
        """Keep the report of one collection and set the status that follows (`core.batch.status_after`)."""

    def record_tiers(
        self,
        collection_id: str,
        reports: Mapping[str, TierReport],
        *,
        run_id: str,
        submissions: Mapping[str, int] | None = None,
    ) -> dict[str, Batch]:
        """The same for a set of batches, by batch id, all of them or none. A batch that has moved on from the submission
        named in `submissions` stays as it is."""

    def fail(self, batch_id: str, *, error: str, submission: int | None = None) -> Batch:
        """Set `FAILED` with a reason, unless the batch has ended or moved on to another submission."""

    def hold(self, batch_id: str, *, reason: str) -> Batch:
        """Make a submitted batch a draft again, saying why, unless it has ended."""

    def cancel(self, batch_id: str, *, reason: str | None = None) -> Batch:
        """Set `CANCELED` unless the batch has ended; a reason is kept."""

    def forget(self, batch_ids: Sequence[str]) -> int:
        """Remove drafts and batches that have ended, with what is in them; how many there were. Others stay."""
