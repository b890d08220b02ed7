"""Schedules of collections, and the upkeep that forgets the past, on a real instance."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from assets_tests.dagster.driving import run, tick
from assets_tests.dagster.site import OneWarehouse, Site
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.retention import RetentionRules
from mixpeek_orchestration.core.spending.measurement import MOST_RUNS, Measurement
from mixpeek_orchestration.core.spending.prices import Amount
from mixpeek_orchestration.defs.jobs.retaining import forget, in_use
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot
from mixpeek_orchestration.warehouse.upkeep.retention import Retention

MOMENT = datetime(2026, 1, 1, 3, tzinfo=UTC)
OLD_RUN = Measurement(
    "ns",
    "col",
    "words",
    "v1",
    "code",
    "ray",
    items=5,
    total=Amount(1.0),
    created_at="2020-01-01T00:00:00+00:00",
)


def scheduled(site: Site, collection: Collection, schedule: str = "every 6h") -> Collection:
    return site.warehouse.catalog.resources.put_collection(replace(collection, schedule=schedule))


def asked(site: Site, instance: dg.DagsterInstance, collection: Collection) -> Any:
    """What one tick of a collection's schedule answers."""
    defs = site.definitions
    name = f"refresh_{collection.collection_id}"
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=MOMENT,
        resources={"warehouse": OneWarehouse(home=str(site.settings.home))},
    ) as context:
        return defs.resolve_schedule_def(name).evaluate_tick(context)


def refreshed(site: Site, instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    job = site.definitions.resolve_job_def("refresh_collection")
    assert job.execute_in_process(instance=instance, run_config=request.run_config).success


def processed(site: Site, instance: dg.DagsterInstance) -> None:
    """Every pending batch runs."""
    for request in tick(site.definitions, instance, "submitted_batches").run_requests:
        assert run(site.definitions, instance, request).success


def test_a_schedule_submits_what_is_stale_as_one_batch(site: Site, instance: dg.DagsterInstance) -> None:
    """Three objects that were never processed are one batch through the collection and what reads it."""
    bucket = site.bucket("texts")
    lines = scheduled(site, site.collection("lines", bucket))
    words = site.collection("words", lines)
    object_ids = site.put(bucket, "one", "two", "three")

    (request,) = asked(site, instance, lines).run_requests
    assert request.run_key == f"{lines.collection_id}:{MOMENT.isoformat()}"
    refreshed(site, instance, request)

    (batch,) = site.warehouse.catalog.batches.recent()
    assert (batch.status, batch.object_count, batch.metadata["trigger"]) == ("PENDING", 3, "schedule")
    assert batch.collection_ids == (lines.collection_id, words.collection_id)
    assert sorted(site.warehouse.batches.object_ids(batch)) == sorted(object_ids)
    processed(site, instance)
    assert site.warehouse.collections.count(words) == 3


def test_nothing_stale_is_a_skip_that_says_so(site: Site, instance: dg.DagsterInstance) -> None:
    """After everything was processed, and while a batch is on its way, a tick asks for nothing."""
    bucket = site.bucket("texts")
    lines = scheduled(site, site.collection("lines", bucket))
    site.put(bucket, "one")
    (request,) = asked(site, instance, lines).run_requests
    refreshed(site, instance, request)
    on_its_way = asked(site, instance, lines)
    refreshed(site, instance, request)
    assert len(site.warehouse.catalog.batches.recent()) == 1
    processed(site, instance)
    for answer in (on_its_way, asked(site, instance, lines)):
        assert answer.run_requests == []
        assert "Nothing is stale in lines" in answer.skip_message


def test_a_deleted_object_is_stale_until_its_documents_are_gone(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A deletion whose own batch was canceled is made good by the schedule."""
    bucket = site.bucket("texts")
    lines = scheduled(site, site.collection("lines", bucket))
    site.submitted(bucket, "one", "two")
    processed(site, instance)
    doomed = site.warehouse.objects.ids(bucket)[0]
    removal = site.warehouse.objects.delete(bucket, doomed)
    assert removal is not None
    site.warehouse.batches.cancel(bucket, removal.batch_id)

    (request,) = asked(site, instance, lines).run_requests
    refreshed(site, instance, request)
    processed(site, instance)
    assert site.warehouse.collections.count(lines) == 1


def test_a_schedule_that_cannot_be_kept_costs_only_itself(site: Site) -> None:
    """The location loads, the collection stays materializable, and the broken schedule is shown."""
    bucket = site.bucket("texts")
    lines = scheduled(site, site.collection("lines", bucket), "every 7h")
    words = scheduled(site, site.collection("words", bucket), "@daily")
    defs = site.definitions
    names = {schedule.name for schedule in defs.schedules or ()}
    assert f"refresh_{words.collection_id}" in names
    assert f"refresh_{lines.collection_id}" not in names
    assert any(key.path[:2] == ["broken", "schedules"] for key in defs.resolve_all_asset_keys())


def test_a_snapshot_from_before_schedules_still_loads(site: Site) -> None:
    """A collection without the field has no schedule."""
    bucket = site.bucket("texts")
    site.collection("lines", bucket)
    older: Snapshot = site.snapshot
    assert [one.schedule for one in older.collections] == [None]
    assert "nightly_retention" in {one.name for one in site.definitions_of(older).schedules or ()}


@pytest.fixture
def past(site: Site, instance: dg.DagsterInstance) -> tuple[Bucket, Collection, list[str]]:
    """Two batches that have run."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    batch_ids = [site.submitted(bucket, text).batch_id for text in ("one", "two")]
    processed(site, instance)
    return bucket, collection, batch_ids


def soon(site: Site, **days: float) -> Retention:
    """Retention that keeps everything for less than a second but for what is named."""
    shortest = 1e-9
    rules = RetentionRules(shortest, shortest, shortest, shortest)
    return Retention(site.warehouse.catalog, replace(rules, **days))


def test_batches_go_with_their_keys_and_runs(
    site: Site, instance: dg.DagsterInstance, past: tuple[Bucket, Collection, list[str]]
) -> None:
    """Of two successes for one batch the older run goes at once, the newest with its batch: its events say what is
    materialized. A dry run says how much would go, and what is younger than its limit stays; documents stay always. Of
    what was measured long ago the newest runs of a code stay for estimates."""
    bucket, collection, batch_ids = past
    site.warehouse.batches.submit(bucket, batch_ids[0])
    processed(site, instance)
    assert forget(instance, soon(site, batches_days=0), dry_run=False)["runs"] == 1
    words = dg.AssetKey(["testing", "collections", "words"])
    assert instance.get_materialized_partitions(words) == set(batch_ids)

    for _ in range(MOST_RUNS + 1):
        site.warehouse.catalog.measurements.keep(OLD_RUN)
    everything = {"runs": 2, "batches": 2, "sync_jobs": 0, "measurements": 1}
    assert forget(instance, soon(site), dry_run=True) == everything
    usual = forget(instance, Retention(site.warehouse.catalog, RetentionRules()), dry_run=False)
    assert (usual["batches"], usual["measurements"]) == (0, 1)
    assert instance.get_dynamic_partitions(bucket.bucket_id) == batch_ids
    assert forget(instance, soon(site), dry_run=False) == {**everything, "measurements": 0}
    assert instance.get_dynamic_partitions(bucket.bucket_id) == []
    assert (instance.get_runs_count(), site.warehouse.catalog.batches.recent()) == (0, [])
    assert site.warehouse.collections.count(collection) == 2


def test_a_key_that_a_backfill_or_a_run_is_about_stays(
    site: Site, instance: dg.DagsterInstance, past: tuple[Bucket, Collection, list[str]]
) -> None:
    """Dagster fails a running backfill whose key is deleted; once it has ended the key goes. A click on an old partition
    keeps its batch too, and a run in progress is never forgotten."""
    bucket, _, (targeted, clicked) = past
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="bf",
        asset_graph=site.definitions.resolve_asset_graph(),
        partition_names=[targeted],
        asset_selection=[dg.AssetKey(["testing", "collections", "words"])],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    job = site.definitions.resolve_implicit_global_asset_job_def()
    going = instance.create_run_for_job(job, tags={"dagster/partition": clicked})

    assert in_use(instance).batch_ids == {targeted, clicked}
    assert forget(instance, soon(site), dry_run=False)["batches"] == 0
    assert instance.get_dynamic_partitions(bucket.bucket_id) == [targeted, clicked]
    assert instance.get_run_by_id(going.run_id) is not None

    instance.update_backfill(backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS))
    assert forget(instance, soon(site), dry_run=False)["batches"] == 1
    assert instance.get_dynamic_partitions(bucket.bucket_id) == [clicked]
