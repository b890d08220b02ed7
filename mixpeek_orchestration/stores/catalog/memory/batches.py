"""Batches in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import replace

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.erasure import ERASED, quieted
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.catalog import batch_flow
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded


class MemoryBatches:
    """The `BatchCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bodies: dict[str, str] = {}
        self._members: dict[str, tuple[str, ...]] = {}

    def create(self, batch: Batch, object_ids: Sequence[str]) -> Batch:
        """Keep a new batch with each object once; raises `Conflict` when its id is taken."""
        distinct = tuple(dict.fromkeys(object_ids))
        kept = replace(batch, object_count=len(distinct), created_at=batch.created_at or now())
        with self._lock:
            if batch.batch_id in self._bodies:
                raise batch_flow.batch_exists(batch.batch_id)
            self._bodies[batch.batch_id] = encoded(kept)
            self._members[batch.batch_id] = distinct
        return kept

    def get(self, batch_id: str) -> Batch | None:
        body = self._bodies.get(batch_id)
        return None if body is None else decoded(Batch, body)

    def get_many(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """Those that are there, by id."""
        found = {batch_id: self.get(batch_id) for batch_id in batch_ids}
        return {batch_id: batch for batch_id, batch in found.items() if batch is not None}

    def recent(
        self, *, bucket_id: str | None = None, statuses: AnyOf[str] | None = None, limit: int = 100
    ) -> list[Batch]:
        """Newest first."""
        with self._lock:
            every = [decoded(Batch, body) for body in reversed(self._bodies.values())]
        matching = [b for b in every if bucket_id in (None, b.bucket_id)]
        return [b for b in matching if statuses is None or b.status in statuses][:limit]

    def object_ids(self, batch_ids: Sequence[str]) -> dict[str, list[str]]:
        """Object ids by batch id, in the order they were added."""
        return {batch_id: list(self._members.get(batch_id, ())) for batch_id in batch_ids}

    def add(self, batch_id: str, object_ids: Sequence[str]) -> Batch:
        """Add objects to a draft, those that are in it already once; raises `NotFound` and `Conflict`."""
        with self._lock:
            old = self.get(batch_id)
            if old is None:
                raise batch_flow.unknown_batch(batch_id)
            batch_flow.check_draft(old)
            members = tuple(dict.fromkeys((*self._members[batch_id], *object_ids)))
            self._members[batch_id] = members
            return self._moved(batch_id, lambda batch: replace(batch, object_count=len(members)))

    def submit(self, batch_id: str) -> Batch:
        """Start the next submission; raises `NotFound`, and `Conflict` while one is under way."""
        return self._moved(batch_id, batch_flow.submitted)

    def start(self, batch_id: str, *, run_id: str) -> Batch:
        """Set `IN_PROGRESS` unless the batch has ended."""
        return self._moved(batch_id, lambda batch: batch_flow.started(batch, run_id))

    def start_all(self, batch_ids: Sequence[str], *, run_id: str) -> dict[str, Batch]:
        """Set a set of batches `IN_PROGRESS`, but for those that have ended."""
        return self._moved_together(batch_ids, lambda batch: batch_flow.started(batch, run_id))

    def record_tier(self, batch_id: str, collection_id: str, report: TierReport, *, run_id: str) -> Batch:
        """Keep the report of one collection and set the status that follows."""
        return self.record_tiers(collection_id, {batch_id: report}, run_id=run_id)[batch_id]

    def record_tiers(
        self,
        collection_id: str,
        reports: Mapping[str, TierReport],
        *,
        run_id: str,
        submissions: Mapping[str, int] | None = None,
    ) -> dict[str, Batch]:
        """Keep the reports of one collection and set the statuses that follow."""
        return self._moved_together(
            reports,
            lambda batch: batch_flow.reported(
                batch,
                collection_id,
                reports[batch.batch_id],
                run_id,
                submission=(submissions or {}).get(batch.batch_id),
            ),
            may_quote=True,
        )

    def fail(self, batch_id: str, *, error: str, submission: int | None = None) -> Batch:
        """Set `FAILED` unless the batch has ended or moved on."""
        return self._moved(
            batch_id, lambda batch: batch_flow.failed(batch, error, submission), may_quote=True
        )

    def hold(self, batch_id: str, *, reason: str) -> Batch:
        """Make a submitted batch a draft again, unless it has ended."""
        return self._moved(batch_id, lambda batch: batch_flow.held(batch, reason))

    def cancel(self, batch_id: str, *, reason: str | None = None) -> Batch:
        """Set `CANCELED` unless the batch has ended; a reason is kept."""
        return self._moved(batch_id, lambda batch: batch_flow.canceled(batch, reason))

    def _moved_together(
        self, batch_ids: Iterable[str], move: Callable[[Batch], Batch], *, may_quote: bool = False
    ) -> dict[str, Batch]:
        with self._lock:
            for batch_id in batch_ids:
                if batch_id not in self._bodies:
                    raise batch_flow.unknown_batch(batch_id)
            return {batch_id: self._moved(batch_id, move, may_quote=may_quote) for batch_id in batch_ids}

    def forget(self, batch_ids: Sequence[str]) -> int:
        """Remove drafts and batches that have ended; how many there were."""
        with self._lock:
            over = [
                b for i in set(batch_ids) if (b := self.get(i)) and (b.is_terminal or b.status == "DRAFT")
            ]
            for batch in over:
                del self._bodies[batch.batch_id], self._members[batch.batch_id]
            return len(over)

    def _moved(self, batch_id: str, move: Callable[[Batch], Batch], *, may_quote: bool = False) -> Batch:
        with self._lock:
            old = self.get(batch_id)
            if old is None:
                raise batch_flow.unknown_batch(batch_id)
            new = move(old)
            if may_quote and ERASED in self._members[batch_id]:
                new = quieted(new)
            self._bodies[batch_id] = encoded(new)
            return new
