"""The batch sensor: each submission gets one run, and partitions follow their components."""

from __future__ import annotations

import dagster as dg

from assets_tests.dagster.driving import RUN_KEY, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.defs.sensors.submissions import (
    changed_components,
    decide,
    missing_partitions,
)
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot
from mixpeek_orchestration.warehouse.specs import CollectionSpec

BATCH = Batch("btch_1", "ns_1", "bkt_1", 1, ("col_1", "col_2"), status="PENDING", submission=1)


def test_a_submission_asks_for_one_run_through_all_its_tiers(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """The run request names batch and submission, selects bucket and tiers, and its partition exists."""
    bucket = site.bucket("texts")
    site.collection("words", site.collection("lines", bucket, split_lines=True))
    batch = site.submitted(bucket, "one")

    (request,) = tick(site.definitions, instance, "submitted_batches").run_requests

    assert (request.run_key, request.partition_key) == (f"{batch.batch_id}:1", batch.batch_id)
    assert request.asset_selection == [
        dg.AssetKey(["testing", kind, name])
        for kind, name in (("buckets", "texts"), ("collections", "lines"), ("collections", "words"))
    ]
    assert request.tags["mixpeek/batch"] == batch.batch_id
    assert instance.get_dynamic_partitions(bucket.bucket_id) == [batch.batch_id]


def test_what_was_asked_for_is_not_asked_for_again(site: Site, instance: dg.DagsterInstance) -> None:
    """A second look at a pending batch that has a run asks for nothing; a new submission does."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batch = site.submitted(bucket, "one")
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    _launched(instance, request, dg.DagsterRunStatus.STARTING)

    assert tick(defs, instance, "submitted_batches").run_requests == []

    run(defs, instance, request)
    site.warehouse.batches.submit(bucket, batch.batch_id)
    (again,) = tick(defs, instance, "submitted_batches").run_requests
    assert again.run_key == f"{batch.batch_id}:2"


def test_a_run_that_was_made_but_never_started_is_asked_for_again(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A daemon killed between making and submitting a run finds it again by the same run key."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    site.submitted(bucket, "one")
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    _launched(instance, request, dg.DagsterRunStatus.NOT_STARTED)

    (again,) = tick(defs, instance, "submitted_batches").run_requests

    assert again.run_key == request.run_key


def test_a_batch_of_an_unpublished_collection_waits_for_its_definition(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A batch for a collection that these definitions do not have yet is left pending, and runs once they have."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    older = site.definitions
    site.collection("later", bucket)
    batch = site.submitted(bucket, "one")

    answer = tick(older, instance, "submitted_batches")

    assert answer.run_requests == []
    assert site.batch(batch.batch_id).status == "PENDING"
    assert len(tick(site.definitions, instance, "submitted_batches").run_requests) == 1


def test_a_batch_whose_collection_is_gone_is_refused_with_the_reason(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """When the newest definitions lack what a batch needs it fails, naming it, instead of waiting for ever."""
    bucket = site.bucket("texts")
    gone = site.collection("words", bucket)
    batch = site.submitted(bucket, "one")
    site.warehouse.catalog.resources.delete_collection(gone.collection_id)

    tick(site.definitions, instance, "submitted_batches")

    refused = site.batch(batch.batch_id)
    assert refused.status == "FAILED"
    assert gone.collection_id in (refused.error or "")


def test_partitions_follow_their_component_when_it_is_joined_or_split(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """Joined components share one definition that has all earlier batches, and a split gives them back."""
    first, second = site.bucket("first"), site.bucket("second")
    site.collection("a", first)
    site.collection("b", second)
    batches = [site.submitted(first, "one").batch_id, site.submitted(second, "two").batch_id]
    cursor = tick(site.definitions, instance, "submitted_batches").cursor
    joint = _joint(site, first.bucket_id, second.bucket_id)
    cursor = tick(site.definitions, instance, "submitted_batches", cursor=cursor).cursor

    (component,) = read_snapshot(site.settings.snapshots).components
    assert component.name == first.bucket_id
    assert set(instance.get_dynamic_partitions(first.bucket_id)) == set(batches)

    later = site.submitted(second, "three").batch_id
    tick(site.definitions, instance, "submitted_batches", cursor=cursor)
    site.warehouse.catalog.resources.delete_collection(joint)
    tick(site.definitions, instance, "submitted_batches", cursor=cursor)
    assert set(instance.get_dynamic_partitions(second.bucket_id)) == {batches[1], later}


def test_a_batch_runs_when_all_is_defined_waits_while_news_may_come_and_is_refused_else() -> None:
    """The decision depends on what is missing and on whether newer definitions may still come."""
    everything = {"bkt_1", "col_1", "col_2"}
    assert decide(BATCH, defined=everything, is_newest=False).action == "run"
    assert decide(BATCH, defined={"bkt_1", "col_1"}, is_newest=False).action == "wait"
    refused = decide(BATCH, defined={"bkt_1", "col_1"}, is_newest=True)
    assert (refused.action, "col_2" in refused.reason, "col_1" in refused.reason) == ("refuse", True, False)


def test_only_missing_partitions_of_changed_components_are_added() -> None:
    """What is there is not added again; components are looked at when their buckets change."""
    assert missing_partitions(["a", "b", "c"], ["b"]) == ["a", "c"]
    assert changed_components({"x": "1", "y": "2", "z": "3"}, {"x": "1", "y": "1"}) == ["y", "z"]


def _launched(instance: dg.DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    tags = {RUN_KEY: str(request.run_key)}
    instance.add_run(dg.DagsterRun(job_name="__ASSET_JOB", tags=tags, status=status))


def _joint(site: Site, *bucket_ids: str) -> str:
    """A collection that reads several buckets, and so joins their components."""
    spec = CollectionSpec.model_validate(
        {
            "collection_name": "both",
            "source": {"type": "bucket", "bucket_ids": list(bucket_ids)},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        }
    )
    return site.warehouse.collections.create(site.namespace_id, spec).collection_id
