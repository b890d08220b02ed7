"""The sync sensor asks for one run at a time of what is due, also when the daemon was killed in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets_tests.dagster.driving import RUN_KEY, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.syncs.sync import Sync
from mixpeek_orchestration.defs.jobs.syncing import SYNC
from mixpeek_orchestration.defs.sensors.asking import next_run_key
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec

SUCCESS, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED
NOT_STARTED, FAILURE = dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.FAILURE


@pytest.fixture
def sync(site: Site, tmp_path: Path) -> Sync:
    """A sync of one text that a collection reads."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "a.md").write_text("alpha")
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    return site.warehouse.syncs.create(bucket, SyncSpec(source_path=str(place)).rules)


def ran(site: Site, instance: dg.DagsterInstance, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
    job = site.definitions.resolve_job_def("run_sync")
    return job.execute_in_process(
        instance=instance,
        run_config=request.run_config,
        tags={**request.tags, RUN_KEY: str(request.run_key)},
        raise_on_error=False,
    )


def test_a_due_sync_gets_one_run_whose_batch_gets_one(
    site: Site, instance: dg.DagsterInstance, sync: Sync
) -> None:
    """The run of the sync submits the batch, and the batch sensor asks for its run as for any other."""
    defs = site.definitions
    (request,) = tick(defs, instance, "due_syncs").run_requests
    assert request.tags[SYNC] == sync.sync_id
    result = ran(site, instance, request)
    assert result.success
    (batch,) = site.warehouse.catalog.batches.recent()
    assert (batch.status, batch.object_count) == ("PENDING", 1)
    (asked,) = tick(defs, instance, "submitted_batches").run_requests
    assert asked.run_key == batch.run_key
    assert tick(defs, instance, "due_syncs").run_requests == []


def test_a_sync_that_was_triggered_is_asked_for_again(
    site: Site, instance: dg.DagsterInstance, sync: Sync
) -> None:
    """The next run has another key; a paused sync has none."""
    defs = site.definitions
    (first,) = tick(defs, instance, "due_syncs").run_requests
    ran(site, instance, first)
    site.warehouse.syncs.request(sync)
    (second,) = tick(defs, instance, "due_syncs").run_requests
    assert second.run_key != first.run_key
    site.warehouse.syncs.pause(sync)
    assert tick(defs, instance, "due_syncs").run_requests == []


def test_a_quiet_source_costs_no_run(site: Site, instance: dg.DagsterInstance, sync: Sync) -> None:
    """A sync that is due and whose source is as it was is looked at, and skipped with that reason; a new file is a run."""
    defs, catalog = site.definitions, site.warehouse.catalog.syncs
    (first,) = tick(defs, instance, "due_syncs").run_requests
    ran(site, instance, first)
    runs = instance.get_runs_count()

    def due() -> None:
        catalog.change(sync.sync_id, lambda old: replace(old, state=replace(old.state, next_run_at=0.0)))

    for looks in (1, 2):
        due()
        skipped = tick(defs, instance, "due_syncs")
        assert "1 have nothing new" in str(skipped.skip_message)
        state = site.warehouse.syncs.due(at=0.0), catalog.get(sync.sync_id)
        assert (state[0], state[1] and state[1].state.quiet_looks) == ([], looks)
    assert instance.get_runs_count() == runs
    Path(sync.rules.source_path, "b.md").write_text("beta")
    due()
    (second,) = tick(defs, instance, "due_syncs").run_requests
    assert second.run_key != first.run_key


def test_a_run_that_finds_another_one_at_it_leaves_it_alone(
    site: Site, instance: dg.DagsterInstance, sync: Sync
) -> None:
    """It ends well, and nothing was done twice."""
    (request,) = tick(site.definitions, instance, "due_syncs").run_requests
    with hold(site.warehouse.catalog.leases, f"sync:{sync.sync_id}"):
        assert ran(site, instance, request).success
    assert site.warehouse.syncs.jobs(sync) == []


def test_a_source_that_is_gone_fails_the_run_and_says_so(
    site: Site, instance: dg.DagsterInstance, sync: Sync
) -> None:
    """The run fails with the reason and is not tried again; the sync is paused."""
    place = Path(sync.rules.source_path)
    (place / "a.md").unlink()
    place.rmdir()
    (request,) = tick(site.definitions, instance, "due_syncs").run_requests
    result = ran(site, instance, request)
    assert not result.success
    state = site.warehouse.catalog.syncs.get(sync.sync_id)
    assert state is not None
    assert (state.state.paused, str(place) in (state.state.pause_reason or "")) == (True, True)


def test_the_key_of_a_run_follows_from_the_run_before() -> None:
    """While one goes on there is none; one that was made but never launched is asked for again by its own key."""
    assert next_run_key("s", []) == "s:first"
    assert next_run_key("s", [("1", NOT_STARTED)]) == "s:first"
    assert next_run_key("s", [("1", STARTED)]) is None
    assert next_run_key("s", [("1", SUCCESS)]) == "s:1"
    assert next_run_key("s", [("2", NOT_STARTED), ("1", FAILURE)]) == "s:1"
    assert next_run_key("s", [("2", SUCCESS), ("1", FAILURE)]) == "s:2"
