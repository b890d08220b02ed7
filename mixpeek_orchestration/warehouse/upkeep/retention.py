"""Forgetting batches, records of syncs and measurements that are past their time. Documents and objects are never touched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from mixpeek_orchestration.core.batch import TERMINAL, Batch
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.retention import (
    InUse,
    RetentionRules,
    batches_to_forget,
    before,
    measured_before,
    measurements_to_forget,
)

_MANY: Final = 1_000_000


class Retention:
    """What the catalog keeps of the past."""

    def __init__(self, catalog: Catalog, rules: RetentionRules) -> None:
        self._catalog = catalog
        self.rules = rules

    def past_batches(self, in_use: InUse) -> list[Batch]:
        """The batches that may go now."""
        ended = self._catalog.batches.recent(statuses={*TERMINAL, "DRAFT"}, limit=_MANY)
        return batches_to_forget(ended, self.rules, in_use | self._open_drafts(), now=time.time())

    def batch_ids(self) -> set[str]:
        """All batches there are."""
        return {batch.batch_id for batch in self._catalog.batches.recent(limit=_MANY)}

    def partition_names(self) -> list[str]:
        """Under which names partition keys lie: a component is named by one of its buckets."""
        return [bucket.bucket_id for bucket in self._catalog.resources.buckets()]

    def forget_batches(self, batch_ids: Sequence[str]) -> int:
        """Forget batches that have ended or were never submitted; how many. Others stay."""
        return self._catalog.batches.forget(batch_ids)

    def past_sync_jobs(self) -> list[str]:
        """The ids of ended runs of syncs that may go now."""
        limit = before(self.rules.sync_jobs_days, now=time.time())
        return self._catalog.syncs.past_jobs(limit) if limit else []

    def forget_sync_jobs(self, sync_job_ids: Sequence[str]) -> None:
        self._catalog.syncs.forget_jobs(sync_job_ids)

    def past_measurements(self) -> list[int]:
        """The numbers of what was measured of runs that neither a budget nor an estimate needs any more."""
        limit = measured_before(self.rules, now=time.time())
        return measurements_to_forget(self._catalog.measurements.past(limit)) if limit else []

    def forget_measurements(self, numbers: Sequence[int]) -> None:
        self._catalog.measurements.forget(numbers)

    def _open_drafts(self) -> InUse:
        """The drafts that syncs are filling, or that wait for money."""
        states = [sync.state for sync in self._catalog.syncs.all()]
        drafts = {one for state in states for one in (state.open_batch, *state.held_batches)}
        return InUse(frozenset(filter(None, drafts)))
