"""Materializing a collection: plan, do the work, account for it. Everything else is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.account import account, share_of
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, Runner
from mixpeek_orchestration.core.report import TierReport, Usage
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.planning import Planned, Planner
from mixpeek_orchestration.warehouse.work import Progress, Tally, Work

_WRITER_WAIT_S = 900.0


def _silent(_: str) -> None:
    return None


class Materializer:
    """Brings the documents of a collection up to date with its source."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        planner: Planner,
        *,
        choose_runner: Callable[[int], Runner],
        make_job: Callable[[Planned], ExtractionJob],
        commit_group: CommitGroup | None = None,
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._planner = planner
        self._choose_runner = choose_runner
        self._make_job = make_job
        self._group = commit_group or CommitGroup()

    def run(
        self,
        collection_id: str,
        batch_ids: Sequence[str] | None = None,
        *,
        run_id: str = "",
        progress: Progress = _silent,
    ) -> dict[str, TierReport]:
        """The balanced report per batch (under `""` without batches), once all of it is committed and recorded.

        Only one process writes to a table at a time; this waits for its turn. Raises `Unschedulable` before
        anything is written when the pipeline can never run here.
        """
        if batch_ids is not None:
            started = {b: self._catalog.batches.start(b, run_id=run_id).status for b in batch_ids}
            canceled = {b: TierReport(collection_id) for b in batch_ids if started[b] == "CANCELED"}
            batch_ids = [b for b in batch_ids if b not in canceled]
            if not batch_ids:
                return canceled
        with hold(self._catalog.leases, f"write:{collection_id}", wait_s=_WRITER_WAIT_S) as lease:
            planned = self._planner.plan(collection_id, batch_ids)
            work = Work(self._catalog, self._documents, planned, lease, run_id, self._group, progress)
            usage = work.do(self._choose_runner, self._make_job)
            return self._reported(planned, work.tally, usage, batch_ids, run_id, progress)

    def _reported(
        self,
        planned: Planned,
        tally: Tally,
        usage: Usage,
        batch_ids: Sequence[str] | None,
        run_id: str,
        progress: Progress,
    ) -> dict[str, TierReport]:
        whole = len(planned.plan.items(planning.EXTRACT))
        reports: dict[str, TierReport] = {}
        for batch_id in [""] if batch_ids is None else batch_ids:
            part = planned.of_batch(batch_id).without(tally.vanished)
            share = share_of(usage, len(part.items(planning.EXTRACT)), whole)
            # How many rows left is known for the whole run only; it is told once.
            rows_deleted = 0 if reports else tally.rows_deleted
            effects = tally.effects(share, items=part.items(planning.EXTRACT), rows_deleted=rows_deleted)
            report = account(planned.collection.collection_id, part, effects)
            reports[batch_id] = report
            self._catalog.ledger.keep_report(
                batch_id, report, run_id=run_id, code_fp=planned.description.code_fp
            )
            if batch_id:
                self._catalog.batches.record_tier(
                    batch_id, planned.collection.collection_id, report, run_id=run_id
                )
            progress(f"{planned.collection.name}: {report.line}")
        return reports
