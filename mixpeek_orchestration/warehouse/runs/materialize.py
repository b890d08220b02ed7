"""Materializing a collection: plan, do the work, account for it. Everything else is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.account import account, share_of
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, Runner
from mixpeek_orchestration.core.report import TierReport, Usage
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs.generations import Share, shares_of, writer_lease
from mixpeek_orchestration.warehouse.runs.planning import Planned, Planner
from mixpeek_orchestration.warehouse.runs.stopping import CalledOff, RunStopped, Stop
from mixpeek_orchestration.warehouse.runs.work import Progress, Tally, Work

_WRITER_WAIT_S = 900.0
_FOLLOWER_WAIT_S = 5.0


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True)
class _Going:
    """One run: who it is, whom it tells, and what ends it early."""

    run_id: str
    progress: Progress
    stop: Stop
    called_off: CalledOff


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
        stop: Stop | None = None,
    ) -> dict[str, TierReport]:
        """The balanced report per batch (under `""` without batches), once all of it is committed and recorded.

        Generations beside the active one are brought up to date too; what keeps them from it is recorded and costs
        nothing here. Only one process writes to a table at a time; this waits for its turn. Raises `Unschedulable`
        before anything is written when the pipeline can never run here.

        A batch that is canceled meanwhile, or that is being worked on when `stop` is asked for good, keeps what is
        committed, and counts the rest as not run. Raises `RunStopped` when `stop` is asked otherwise: nothing is
        accounted for then, because the work goes on in another run.
        """
        going = _Going(run_id, progress, stop or Stop(), CalledOff(self._catalog.batches, {}))
        reports: dict[str, TierReport] = {}
        if batch_ids is not None:
            started = self._catalog.batches.start_all(batch_ids, run_id=run_id)
            submissions = {b: started[b].submission for b in batch_ids if started[b].status != "CANCELED"}
            going = replace(going, called_off=CalledOff(self._catalog.batches, submissions))
            reports = {b: TierReport(collection_id) for b in batch_ids if started[b].status == "CANCELED"}
            batch_ids = [b for b in batch_ids if b not in reports]
            if not batch_ids:
                return reports
        shares, vain = shares_of(self._catalog, self._planner.collection(collection_id), batch_ids)
        for batch_id in vain:
            self._catalog.batches.cancel(batch_id)
            reports[batch_id] = TierReport(collection_id)
        try:
            done = self._fill_all(shares, going)
        except RunStopped:
            self._give_up(batch_ids or [], going)
            raise
        if done and batch_ids is not None:
            # Last, so that a run which dies before is run again for whatever generation it had not come to.
            self._record(collection_id, done, going)
        return reports | done

    def _fill_all(self, shares: Sequence[Share], going: _Going) -> dict[str, TierReport]:
        done: dict[str, TierReport] = {}
        for share in shares:
            if share.follows:
                self._follow(share, going)
            else:
                done |= self._fill(share, going, wait_s=_WRITER_WAIT_S)
        return done

    def _record(self, collection_id: str, done: Mapping[str, TierReport], going: _Going) -> None:
        """The batches say what was done; those of a run that was given up are canceled, unless that was all."""
        self._give_up([batch_id for batch_id, report in done.items() if report.not_run], going)
        self._catalog.batches.record_tiers(
            collection_id, done, run_id=going.run_id, submissions=going.called_off.submissions
        )
        self._give_up(list(done), going)

    def _give_up(self, batch_ids: Sequence[str], going: _Going) -> None:
        if going.stop.is_final:
            for batch_id in batch_ids:
                self._catalog.batches.cancel(batch_id)

    def _fill(self, share: Share, going: _Going, *, wait_s: float) -> dict[str, TierReport]:
        with ExitStack() as held:
            turn = hold(self._catalog.leases, writer_lease(share.generation), wait_s=wait_s)
            with going.stop.listening():
                lease = held.enter_context(turn)
            if self._catalog.resources.generation(share.generation.generation_id) is None:
                # It was dropped while this waited; writing would make its table again.
                raise NotFound(f"The generation {share.generation.generation_id} is gone.")
            planned = self._planner.plan(
                share.generation.collection_id, share.batch_ids, generation=share.generation
            )
            work = Work(
                self._catalog,
                self._documents,
                planned,
                lease,
                going.run_id,
                self._group,
                going.progress,
                stop=going.stop,
                called_off=going.called_off,
            )
            usage = work.do(self._choose_runner, self._make_job)
            if going.stop.asked and not going.stop.is_final:
                raise RunStopped
            return self._reported(planned, work.tally, usage, share, going)

    def _follow(self, share: Share, going: _Going) -> None:
        """What fills beside the serving generation must not fail it: it is behind, and catches up before a switch."""
        generation_id = share.generation.generation_id
        try:
            self._fill(share, going, wait_s=_FOLLOWER_WAIT_S)
        except Exception as error:  # noqa: BLE001 - recorded with the migration, which shows it
            self._catalog.migrations.note(generation_id, f"{type(error).__name__}: {error}"[:500])
            going.progress(f"{generation_id} is behind: {type(error).__name__}")

    def _reported(
        self,
        planned: Planned,
        tally: Tally,
        usage: Usage,
        share: Share,
        going: _Going,
    ) -> dict[str, TierReport]:
        whole = planned.plan.count(planning.EXTRACT)
        reports: dict[str, TierReport] = {}
        for batch_id in [""] if share.batch_ids is None else share.batch_ids:
            part = planned.of_batch(batch_id).without(tally.vanished)
            items = part.items(planning.EXTRACT)
            # How many rows left is known for the whole run only; it is told once.
            rows_deleted = 0 if reports else tally.rows_deleted
            effects = tally.effects(
                share_of(usage, len(items), whole), items=items, rows_deleted=rows_deleted
            )
            reports[batch_id] = replace(
                account(planned.collection.collection_id, part, effects),
                generation_id=share.generation.generation_id,
            )
            going.progress(f"{planned.collection.name}: {reports[batch_id].line}")
        # All of them in one transaction: one for each of 500 batches would take longer than their plan.
        self._catalog.ledger.keep_reports(reports, run_id=going.run_id, code_fp=planned.description.code_fp)
        return reports
