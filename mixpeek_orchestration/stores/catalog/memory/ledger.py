"""The ledger in memory."""

from __future__ import annotations

import threading
from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.plan import OUTCOME_SCHEMA
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.ports.ledger import ItemOutcome
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import storable
from mixpeek_orchestration.stores.catalog.frames import frame_of

if TYPE_CHECKING:
    import polars as pl


class MemoryLedger:
    """The `Ledger` in memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._outcomes: dict[tuple[str, str], tuple[str, ItemOutcome]] = {}
        self._failures: list[Failure] = []
        self._code: dict[str, dict[str, str]] = {}
        self._reports: list[TierReport] = []
        self._whole: set[str] = set()

    def settle(
        self,
        generation_id: str,
        *,
        collection_id: str,
        batch_id: str,
        done: Sequence[str],
        outcomes: Sequence[ItemOutcome],
        errors: Sequence[ItemError],
        versions: Mapping[str, str],
        run_id: str = "",
    ) -> None:
        """Replace what is known of these items, in one step."""
        with self._lock:
            told = [replace(outcome, reason=storable(outcome.reason)) for outcome in outcomes]
            attempts = self._attempts(generation_id)
            roots = {outcome.item: outcome.root_object for outcome in outcomes}
            moment = now()
            opened = [
                Failure(
                    failure_id=random_id("fail"),
                    collection_id=collection_id,
                    generation_id=generation_id,
                    batch_id=batch_id,
                    error=error,
                    attempt=attempts.get(error.item, 0) + 1,
                    versions=dict(versions),
                    created_at=moment,
                    root_object=roots.get(error.item, ""),
                    run_id=run_id,
                )
                for error in errors
            ]
            self.forget(generation_id, [*done, *(outcome.item for outcome in told)], run_id=run_id)
            self._outcomes |= {(generation_id, outcome.item): (collection_id, outcome) for outcome in told}
            self._failures += opened

    def outcomes(self, generation_id: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        """The outcomes that stand, of some root objects or of all."""
        with self._lock:
            told = [
                o for (generation, _), (_, o) in sorted(self._outcomes.items()) if generation == generation_id
            ]
        wanted = None if roots is None else set(roots)
        rows = [
            tuple(getattr(outcome, name) for name in OUTCOME_SCHEMA)
            for outcome in told
            if wanted is None or outcome.root_object in wanted
        ]
        return frame_of(rows, OUTCOME_SCHEMA)

    def forget(self, generation_id: str, items: Sequence[str], *, run_id: str = "") -> None:
        """Drop outcomes and resolve failures of items that are gone."""
        gone, moment = set(items), now()
        with self._lock:
            for item in gone:
                self._outcomes.pop((generation_id, item), None)
            self._failures = [
                replace(failure, resolved_at=moment, resolved_by=run_id)
                if _is_open(failure, generation_id) and failure.error.item in gone
                else failure
                for failure in self._failures
            ]

    def ask_replay(self, generation_id: str, items: Sequence[str], *, batch_id: str) -> int:
        """Mark the failed and partial ones of these items to be tried again by a batch; how many there were."""
        asked = 0
        with self._lock:
            for item in dict.fromkeys(items):
                collection_id, told = self._outcomes.get((generation_id, item), ("", None))
                if told is not None and told.outcome in ("failed", "partial"):
                    self._outcomes[generation_id, item] = (collection_id, replace(told, replay=batch_id))
                    asked += 1
        return asked

    def failures(self, collection_id: str, *, open_only: bool = True, limit: int = 100) -> list[Failure]:
        """Newest first."""
        with self._lock:
            newest = [f for f in reversed(self._failures) if f.collection_id == collection_id]
        return [f for f in newest if not (open_only and f.resolved_at)][:limit]

    def open_failure_count(self, collection_id: str) -> int:
        """Source items with an open failure."""
        with self._lock:
            still_open = [f for f in self._failures if f.collection_id == collection_id and not f.resolved_at]
        return len({failure.error.item for failure in still_open})

    def keep_code(self, code_fp: str, parts: Mapping[str, str]) -> None:
        """Keep the parts under a fingerprint."""
        self._code[code_fp] = dict(parts)

    def code(self, code_fp: str) -> dict[str, str]:
        """The named parts under a fingerprint; empty when it was never seen."""
        return dict(self._code.get(code_fp, {}))

    def keep_reports(self, reports: Mapping[str, TierReport], *, run_id: str, code_fp: str) -> None:
        """Add the reports of a run, by batch id, to the history of their collections."""
        with self._lock:
            self._reports.extend(reports.values())
            self._whole |= {report.collection_id for batch, report in reports.items() if not batch}

    def ran_whole(self, collection_id: str) -> bool:
        """Whether any report is of a run over the whole source, without a batch."""
        return collection_id in self._whole

    def history(self, collection_id: str, *, limit: int = 20) -> list[TierReport]:
        """Newest first."""
        with self._lock:
            return [r for r in reversed(self._reports) if r.collection_id == collection_id][:limit]

    def drop(self, collection_id: str) -> None:
        """Forget everything about a collection that is gone."""
        with self._lock:
            self._outcomes = {k: told for k, told in self._outcomes.items() if told[0] != collection_id}
            self._failures = [f for f in self._failures if f.collection_id != collection_id]
            self._reports = [r for r in self._reports if r.collection_id != collection_id]

    def drop_generation(self, generation_id: str) -> None:
        """Forget what became of the items of a generation that is gone."""
        with self._lock:
            self._outcomes = {k: told for k, told in self._outcomes.items() if k[0] != generation_id}
            self._failures = [f for f in self._failures if f.generation_id != generation_id]

    def _attempts(self, generation_id: str) -> dict[str, int]:
        """The last attempt of each item that has failed before."""
        return {f.error.item: f.attempt for f in self._failures if f.generation_id == generation_id}


def _is_open(failure: Failure, generation_id: str) -> bool:
    return failure.generation_id == generation_id and failure.resolved_at is None
