"""Real processes, killed: no submission is lost, none runs twice, and what was going on is done again."""

from __future__ import annotations

import os
import signal

import dagster as dg
import pytest

from assets_tests.dagster.driving import RUN_KEY
from assets_tests.dagster.services import Services, until
from assets_tests.dagster.site import Site
from mixpeek_orchestration.warehouse.leases import hold

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SUBMISSIONS = 50


def test_fifty_submissions_are_fifty_runs_although_the_daemon_is_killed(
    services: Services, site: Site
) -> None:
    """The daemon is killed while it makes runs and started again: every submission has exactly one run."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batches = [site.submitted(bucket, f"text {number}") for number in range(SUBMISSIONS)]
    site.warehouse.publish()
    services.configure(concurrent_runs=0)
    services.start("code_server", "daemon")

    with services.instance() as instance:
        until(lambda: 3 <= instance.get_runs_count() < SUBMISSIONS, "some runs are made, but not all")
        services.kill("daemon")
        assert instance.get_runs_count() < SUBMISSIONS
        services.start("daemon")
        until(lambda: instance.get_runs_count() >= SUBMISSIONS, "all runs are made")
        later = site.submitted(bucket, "one more")
        until(lambda: later.run_key in _run_keys(instance), "the sensor has looked again")

        assert sorted(_run_keys(instance)) == sorted(b.run_key for b in (*batches, later))


def test_a_batch_completes_after_run_worker_code_server_and_daemon_were_killed(
    services: Services, site: Site
) -> None:
    """After `kill -9` of all three together nothing is left that would notice; the reaper has the run retried."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    batch = site.submitted(bucket, "one", "two")
    site.warehouse.publish()
    leases = site.warehouse.catalog.leases

    with hold(
        leases, f"write:{collection.collection_id}_g1"
    ):  # the run waits for this lease until it is killed
        services.start("code_server", "daemon")
        until(lambda: leases.held(prefix="run:"), "the run has started")
        (lease,) = leases.held(prefix="run:")
        os.kill(lease.pid, signal.SIGKILL)
        services.kill("daemon", "code_server")
    services.start("code_server", "daemon")

    until(lambda: site.batch(batch.batch_id).is_terminal, "the batch has ended")
    assert site.batch(batch.batch_id).status == "COMPLETED"
    assert site.warehouse.collections.count(collection) == 2
    with services.instance() as instance:
        until(lambda: not instance.get_runs(dg.RunsFilter(statuses=[_STARTED])), "the retry has ended")
        statuses = sorted(run.status.value for run in instance.get_runs())
    assert statuses == ["FAILURE", "SUCCESS"]


def test_a_queued_run_survives_the_removal_of_what_it_was_launched_for(
    services: Services, site: Site
) -> None:
    """A run queued before its collection was deleted is built from its own snapshot and fails naming it."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    batch = site.submitted(bucket, "one")
    site.warehouse.publish()
    services.configure(concurrent_runs=0)
    services.start("code_server", "daemon")
    with services.instance() as instance:
        until(lambda: batch.run_key in _run_keys(instance), "the run is queued")
    services.kill("daemon", "code_server")

    site.warehouse.catalog.resources.delete_collection(collection.collection_id)
    site.warehouse.publish()
    services.configure()
    services.start("code_server", "daemon")

    until(lambda: site.batch(batch.batch_id).is_terminal, "the batch has ended")
    ended = site.batch(batch.batch_id)
    assert ended.status == "FAILED"
    assert collection.collection_id in (ended.error or "")


_STARTED = dg.DagsterRunStatus.STARTED


def _run_keys(instance: dg.DagsterInstance) -> list[str]:
    return [run.tags[RUN_KEY] for run in instance.get_runs()]
