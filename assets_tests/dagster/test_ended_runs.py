"""What the end of a run, by failure, cancellation or death, means for its batch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import dagster as dg

from assets_tests.dagster.driving import RUN_KEY, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.defs.sensors.deaths import GRACE_S, find_deaths
from mixpeek_orchestration.defs.sensors.ended import LastRun, settled

_HOLD_A_RUN = """
import sys, threading
from mixpeek_orchestration.stores.catalog import open_catalog
from mixpeek_orchestration.warehouse.runs.runs import Runs
with Runs(open_catalog(sys.argv[1]).leases).hold(sys.argv[2]):
    print("held", flush=True)
    threading.Event().wait()
"""


def test_a_failed_run_that_will_be_retried_leaves_its_batch_alone(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A crash is retried, so the batch goes on; when the last retry has crashed too it fails with the reason."""
    batch = _started(site, instance, "first")
    instance.report_run_failed(_run(instance, "first"), "The worker crashed.")
    tick(site.definitions, instance, "ended_runs")
    assert site.batch(batch.batch_id).status == "IN_PROGRESS"

    for retry in ("second", "third"):
        _retry(instance, retry, of="first")
        tick(site.definitions, instance, "ended_runs")
        assert site.batch(batch.batch_id).status == "IN_PROGRESS"
        instance.report_run_failed(_run(instance, retry), "The worker crashed again.")
    tick(site.definitions, instance, "ended_runs")

    settled_batch = site.batch(batch.batch_id)
    assert (settled_batch.status, settled_batch.error) == ("FAILED", "The worker crashed again.")


def test_a_canceled_run_cancels_its_batch(site: Site, instance: dg.DagsterInstance) -> None:
    """A person who ends the run in the UI ends the batch, also one that had not started."""
    batch = _started(site, instance, "first", pending=True)
    instance.report_run_canceled(_run(instance, "first"))

    tick(site.definitions, instance, "ended_runs")

    assert site.batch(batch.batch_id).status == "CANCELED"


def test_a_run_that_dagster_does_not_know_is_not_judged(site: Site, instance: dg.DagsterInstance) -> None:
    """A batch that the command line is working on stays in progress."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batch = site.submitted(bucket, "one")
    site.warehouse.catalog.batches.start(batch.batch_id, run_id="from-the-command-line")

    tick(site.definitions, instance, "ended_runs")

    assert site.batch(batch.batch_id).status == "IN_PROGRESS"


def test_a_run_whose_process_was_killed_is_ended_and_will_be_retried(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """After `kill -9` of the process that holds a run's lease the reaper ends the run, and Dagster retries it."""
    _started(site, instance, "first")
    defs = site.definitions
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD_A_RUN, site.settings.catalog, "first"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        tick(defs, instance, "dead_runs")
        assert _run(instance, "first").status is dg.DagsterRunStatus.STARTED
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    tick(defs, instance, "dead_runs")

    ended = _run(instance, "first")
    assert ended.status is dg.DagsterRunStatus.FAILURE
    assert ended.tags["dagster/will_retry"] == "true"
    assert site.warehouse.catalog.leases.held(prefix="run:") == []


def test_a_run_without_a_lease_is_ended_only_after_the_grace(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A run that is starting or ending has no lease for a moment: only one that stays without is dead."""
    _started(site, instance, "first")
    defs = site.definitions
    cursor = tick(defs, instance, "dead_runs").cursor
    assert _run(instance, "first").status is dg.DagsterRunStatus.STARTED

    long_ago = json.dumps({run_id: since - GRACE_S for run_id, since in json.loads(cursor).items()})
    tick(defs, instance, "dead_runs", cursor=long_ago)

    assert _run(instance, "first").status is dg.DagsterRunStatus.FAILURE


def test_death_is_a_lost_process_or_a_long_missing_lease() -> None:
    """A dead lease is enough; a missing one counts from when it was first missed and is forgotten when found."""
    deaths = find_deaths(
        ["alive", "killed", "starting", "lost"],
        leased={"alive", "killed"},
        dead_leases={"killed"},
        missing_since={"lost": 0.0, "alive": 1.0, "ended": 0.0},
        now=GRACE_S,
    )
    assert set(deaths.dead) == {"killed", "lost"}
    assert deaths.missing_since == {"starting": GRACE_S}


def test_a_batch_is_settled_when_nothing_goes_on_for_it() -> None:
    """Going on, about to be retried and not yet decided leave it; anything else ends it with the reason."""
    assert settled(LastRun("going")) is None
    assert settled(LastRun("failed", will_retry=True)) is None
    assert settled(LastRun("failed", will_retry=None)) is None
    assert settled(LastRun("failed", reason="the disk is full")) == ("fail", "the disk is full")
    assert settled(LastRun("canceled")) == ("cancel", "The run was canceled.")
    unfinished = settled(LastRun("succeeded"))
    assert unfinished is not None
    assert unfinished[0] == "fail"


def _started(site: Site, instance: dg.DagsterInstance, run_id: str, *, pending: bool = False) -> Batch:
    """A submitted batch with a run that has started, and (unless `pending`) has taken the batch up."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batch = site.submitted(bucket, "one")
    _add(instance, dg.DagsterRun(job_name="__ASSET_JOB", run_id=run_id, tags={RUN_KEY: batch.run_key}))
    if not pending:
        site.warehouse.catalog.batches.start(batch.batch_id, run_id=run_id)
    return batch


def _retry(instance: dg.DagsterInstance, run_id: str, *, of: str) -> None:
    _add(
        instance,
        dg.DagsterRun(
            job_name="__ASSET_JOB",
            run_id=run_id,
            root_run_id=of,
            parent_run_id=of,
            tags={"dagster/root_run_id": of, "dagster/parent_run_id": of},
        ),
    )


def _add(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.add_run(run)
    instance.report_dagster_event(
        dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.RUN_START.value, job_name=run.job_name, message="started"
        ),
        run_id=run.run_id,
    )


def _run(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRun:
    found = instance.get_run_by_id(run_id)
    assert found is not None
    return found
