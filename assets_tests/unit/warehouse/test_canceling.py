"""Cancel is real: a run that works on a canceled batch stops, accounts for what it did, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.batch import Batch, is_called_off
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, Runner, SourceItem
from mixpeek_orchestration.core.report import TierReport, Usage
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs import stopping
from mixpeek_orchestration.warehouse.runs.generations import writer_lease
from mixpeek_orchestration.warehouse.runs.stopping import CalledOff, RunStopped, Stop
from mixpeek_orchestration.warehouse.specs import BatchSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

FIRST_CHUNK = 16
ITEMS = 40


class Interfering:
    """A runner that does something between its first chunk and its second, and knows whether it was ended."""

    def __init__(self, runner: Runner, act: Callable[[], object]) -> None:
        self._runner = runner
        self._act = act
        self.name = runner.name
        self.is_closed = False

    def check(self, job: ExtractionJob) -> None:
        self._runner.check(job)

    def run(self, job: ExtractionJob, items: Iterable[SourceItem]) -> Iterator[Extracted]:
        results = self._runner.run(job, items)
        try:
            yield next(results)
            self._act()
            yield from results
        finally:
            self.is_closed = True

    def usage(self) -> Usage:
        return self._runner.usage()

    def together(self, group_s: float, item_s: float) -> int:
        return self._runner.together(group_s, item_s)


@pytest.fixture(autouse=True)
def _looks_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run looks between all chunks, however fast they are."""
    monkeypatch.setattr(stopping, "LOOK_S", 0.0)


def _batch(lab: Lab, texts: range) -> Batch:
    ids = [lab.put(f"k{n}", f"text {n}") for n in texts]
    return lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=ids, auto_submit=True))


def _run(
    lab: Lab, collection: Collection, *batches: Batch, act: Callable[[], object], stop: Stop | None = None
) -> tuple[dict[str, TierReport], Interfering]:
    runners: list[Interfering] = []

    def choose(items: int) -> Interfering:
        runners.append(Interfering(lab.warehouse.parts.choose_runner(items), act))
        return runners[-1]

    house = Warehouse(replace(lab.warehouse.parts, choose_runner=choose))
    ids = [batch.batch_id for batch in batches]
    reports = house.materialize(collection.collection_id, ids, run_id="first", stop=stop)
    return reports, runners[0]


def _status(lab: Lab, batch: Batch) -> str:
    return lab.warehouse.batches.get(lab.bucket, batch.batch_id).status


def test_a_run_stops_when_its_batch_is_canceled(lab: Lab) -> None:
    """What was finished is committed, the rest was not run, and another submission does the rest alone."""
    collection, batch = lab.collection(), _batch(lab, range(ITEMS))
    reports, runner = _run(
        lab, collection, batch, act=lambda: lab.warehouse.batches.cancel(lab.bucket, batch.batch_id)
    )
    report = reports[batch.batch_id]
    done = report.written
    assert (report.fetched, report.written + report.not_run) == (ITEMS, ITEMS)
    assert FIRST_CHUNK <= done < ITEMS
    assert report.outcome == "CANCELED"
    assert runner.is_closed
    assert len(lab.rows(collection)) == done
    assert _status(lab, batch) == "CANCELED"
    assert lab.warehouse.batches.get(lab.bucket, batch.batch_id).tiers[collection.collection_id] == report

    lab.warehouse.batches.submit(lab.bucket, batch.batch_id)
    again = lab.run(collection, [batch.batch_id])
    assert (again.unchanged, again.written, again.not_run) == (done, ITEMS - done, 0)
    assert _status(lab, batch) == "COMPLETED"


def test_the_other_batches_of_a_run_go_on(lab: Lab) -> None:
    """Of two batches that share objects one is canceled: the other one gets everything of its own."""
    collection = lab.collection()
    canceled, wanted = _batch(lab, range(300)), _batch(lab, range(290, 330))
    reports, _ = _run(
        lab,
        collection,
        canceled,
        wanted,
        act=lambda: lab.warehouse.batches.cancel(lab.bucket, canceled.batch_id),
    )
    assert (reports[wanted.batch_id].written, reports[wanted.batch_id].outcome) == (40, "COMPLETED")
    assert reports[canceled.batch_id].outcome == "CANCELED"
    assert reports[canceled.batch_id].not_run > 0
    assert (_status(lab, canceled), _status(lab, wanted)) == ("CANCELED", "COMPLETED")


def test_a_run_that_is_terminated_cancels_its_batch(lab: Lab) -> None:
    """A signal comes while a chunk is waited for: that one is given up, the finished one is committed."""
    collection, batch, stop = lab.collection(), _batch(lab, range(ITEMS)), Stop()
    reports, runner = _run(lab, collection, batch, act=stop.ask, stop=stop)
    report = reports[batch.batch_id]
    assert (report.written, report.not_run) == (FIRST_CHUNK, ITEMS - FIRST_CHUNK)
    assert runner.is_closed
    assert _status(lab, batch) == "CANCELED"


def test_a_run_that_is_interrupted_accounts_for_nothing_and_goes_on_later(lab: Lab) -> None:
    """The machine goes down: what is committed stays, the batch is not over, the next run does what is left."""
    collection, batch = lab.collection(), _batch(lab, range(ITEMS))
    stop = Stop(is_final=lambda: False)
    with pytest.raises(RunStopped):
        _run(lab, collection, batch, act=stop.ask, stop=stop)
    assert _status(lab, batch) == "IN_PROGRESS"
    assert lab.warehouse.batches.get(lab.bucket, batch.batch_id).tiers == {}
    again = lab.run(collection, [batch.batch_id])
    assert (again.unchanged, again.written) == (FIRST_CHUNK, ITEMS - FIRST_CHUNK)
    assert _status(lab, batch) == "COMPLETED"


def test_a_run_that_waits_for_its_turn_can_be_terminated(lab: Lab) -> None:
    """Another run writes to the table: this one ends before it has done anything, and its batch is canceled."""
    collection, batch, stop = lab.collection(), _batch(lab, range(1)), Stop()
    stop.ask()
    generation = lab.warehouse.collections.generation(collection)
    with hold(lab.warehouse.catalog.leases, writer_lease(generation)), pytest.raises(RunStopped):
        lab.warehouse.materialize(collection.collection_id, [batch.batch_id], run_id="second", stop=stop)
    assert _status(lab, batch) == "CANCELED"


def test_what_a_canceled_run_reports_does_not_touch_the_next_submission(lab: Lab) -> None:
    """Canceled and submitted again while the old run still works: that one stops, and the new one waits for its run."""
    collection, batch = lab.collection(), _batch(lab, range(ITEMS))

    def change_of_mind() -> None:
        lab.warehouse.batches.cancel(lab.bucket, batch.batch_id)
        lab.warehouse.batches.submit(lab.bucket, batch.batch_id)

    reports, _ = _run(lab, collection, batch, act=change_of_mind)
    assert reports[batch.batch_id].outcome == "CANCELED"
    waiting = lab.warehouse.batches.get(lab.bucket, batch.batch_id)
    assert (waiting.status, waiting.submission, waiting.tiers) == ("PENDING", 2, {})


def test_a_batch_is_called_off_when_no_one_waits_for_its_run() -> None:
    """Canceled, submitted anew or forgotten; not because it has ended otherwise, as batches that are backfilled have."""
    batch = Batch("b", "ns", "bkt", 1, (), status="IN_PROGRESS", submission=2)
    assert not is_called_off(batch, 2)
    assert not is_called_off(replace(batch, status="COMPLETED"), 2)
    assert is_called_off(replace(batch, status="CANCELED"), 2)
    assert is_called_off(batch, 1)
    assert is_called_off(None, 2)


def test_the_catalog_is_asked_once_a_second_at_most(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the chunks are."""
    monkeypatch.setattr(stopping, "LOOK_S", 1.0)
    lab.collection()
    batch, clock = _batch(lab, range(1)), [100.0]
    called_off = CalledOff(lab.warehouse.catalog.batches, {batch.batch_id: 1}, clock=lambda: clock[0])
    assert not called_off.is_all
    lab.warehouse.batches.cancel(lab.bucket, batch.batch_id)
    assert not called_off.is_all
    clock[0] += 1.0
    assert called_off.is_all
