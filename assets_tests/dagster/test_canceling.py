"""Cancel and Terminate: whichever door it comes through, the run ends canceled with everything accounted for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from assets_tests.dagster.driving import run, tick
from assets_tests.dagster.site import OneWarehouse, Site
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, Runner, SourceItem
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.sensors.called_off import PATIENCE_S, is_due
from mixpeek_orchestration.warehouse.runs import stopping
from mixpeek_orchestration.warehouse.warehouse import Warehouse

FIRST_CHUNK = 16
ITEMS = 40


class Interfering:
    """A runner that does something between its first chunk and its second."""

    def __init__(self, runner: Runner, act: Callable[[], object]) -> None:
        self._runner = runner
        self._act = act
        self.name = runner.name

    def check(self, job: ExtractionJob) -> None:
        self._runner.check(job)

    def run(self, job: ExtractionJob, items: Iterable[SourceItem]) -> Iterator[Extracted]:
        results = self._runner.run(job, items)
        yield next(results)
        self._act()
        yield from results

    def usage(self) -> Usage:
        return self._runner.usage()

    def together(self, group_s: float, item_s: float) -> int:
        return self._runner.together(group_s, item_s)


@pytest.fixture(autouse=True)
def _looks_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run looks between all chunks, however fast they are."""
    monkeypatch.setattr(stopping, "LOOK_S", 0.0)


def _interfere(site: Site, act: Callable[[], object]) -> None:
    """From now on something happens in the middle of each run."""
    parts = site.warehouse.parts
    choose = parts.choose_runner
    site.warehouse = Warehouse(replace(parts, choose_runner=lambda items: Interfering(choose(items), act)))
    OneWarehouse.opened[str(site.settings.home)] = site.warehouse


def _two_tiers(site: Site) -> tuple[Batch, list[str]]:
    bucket = site.bucket("texts")
    first = site.collection("first", bucket)
    second = site.collection("second", first)
    batch = site.submitted(bucket, *[f"text {n}" for n in range(ITEMS)])
    return batch, [first.collection_id, second.collection_id]


def _start(site: Site, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    [request] = tick(site.definitions, instance, "submitted_batches").run_requests
    return run(site.definitions, instance, request)


def test_a_canceled_batch_ends_its_run(site: Site, instance: dg.DagsterInstance) -> None:
    """The run is canceled, not failed, and not tried again; the next tier does not begin; another submission of the
    batch does what is left, and only that."""
    batch, (first, second) = _two_tiers(site)
    home, untouched = str(site.settings.home), site.warehouse
    _interfere(site, lambda: site.warehouse.catalog.batches.cancel(batch.batch_id))

    result = _start(site, instance)

    ended = instance.get_run_by_id(result.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.CANCELED
    canceled = site.batch(batch.batch_id)
    assert canceled.status == "CANCELED"
    assert list(canceled.tiers) == [first]
    report = canceled.tiers[first]
    assert report.written + report.not_run == report.fetched == ITEMS
    assert report.written >= FIRST_CHUNK
    assert report.not_run > 0
    tick(site.definitions, instance, "ended_runs")
    assert site.batch(batch.batch_id).status == "CANCELED"

    site.warehouse = OneWarehouse.opened[home] = untouched
    site.warehouse.catalog.batches.submit(batch.batch_id)
    assert _start(site, instance).success
    done = site.batch(batch.batch_id)
    assert done.status == "COMPLETED"
    assert (done.tiers[first].unchanged, done.tiers[first].written) == (report.written, report.not_run)
    assert done.tiers[second].written == ITEMS


def test_terminating_a_run_cancels_its_batch(site: Site, instance: dg.DagsterInstance) -> None:
    """What the button does: Dagster notes the wish, and sends a signal to the process in the middle of a chunk."""
    batch, (first, _) = _two_tiers(site)

    def terminate() -> None:
        [going] = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        instance.report_run_canceling(going)
        os.kill(os.getpid(), signal.SIGINT)

    _interfere(site, terminate)
    before = signal.getsignal(signal.SIGINT)

    result = _start(site, instance)

    ended = instance.get_run_by_id(result.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.CANCELED
    canceled = site.batch(batch.batch_id)
    assert (canceled.status, list(canceled.tiers)) == ("CANCELED", [first])
    report = canceled.tiers[first]
    assert (report.written, report.not_run) == (FIRST_CHUNK, ITEMS - FIRST_CHUNK)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_canceled_batch_that_waits_in_the_queue_never_starts(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """Its run is taken out of the queue; one of the batch's next submission stays there, and so does one of a batch that
    another home has, which uses the same Dagster."""
    batch, _ = _two_tiers(site)
    defs = site.definitions
    [request] = tick(defs, instance, "submitted_batches").run_requests
    _queued(instance, "old", request)
    site.warehouse.catalog.batches.cancel(batch.batch_id)
    site.warehouse.catalog.batches.submit(batch.batch_id)
    [request] = tick(defs, instance, "submitted_batches").run_requests
    _queued(instance, "new", request)
    _queued(instance, "foreign", request, batch="btch_elsewhere")

    tick(defs, instance, "canceled_batches")

    assert _status(instance, "old") is dg.DagsterRunStatus.CANCELED
    assert _status(instance, "new") is dg.DagsterRunStatus.QUEUED
    assert _status(instance, "foreign") is dg.DagsterRunStatus.QUEUED


def test_a_run_that_works_has_the_time_to_end_in_order() -> None:
    """It is ended from outside when it has not noticed by itself; one that waits, at once."""
    batch = Batch("b", "ns", "bkt", 1, (), status="CANCELED", completed_at="2026-11-20T12:00:00+00:00")
    canceled = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    started, queued = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED
    assert not is_due(started, batch, now=canceled + PATIENCE_S / 2)
    assert is_due(started, batch, now=canceled + PATIENCE_S)
    assert is_due(queued, batch, now=canceled)


def _queued(
    instance: dg.DagsterInstance, run_id: str, request: dg.RunRequest, *, batch: str | None = None
) -> None:
    job, repository = "__ASSET_JOB", RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "all")
    run = dg.DagsterRun(
        job_name=job,
        run_id=run_id,
        status=dg.DagsterRunStatus.QUEUED,
        tags={**request.tags, **({run_tags.BATCH: batch} if batch else {})},
        remote_job_origin=RemoteJobOrigin(repository, job),
    )
    instance.add_run(run)


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run_id)
    assert found is not None
    return found.status
