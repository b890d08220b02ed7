"""Runs over a real warehouse: what they do, and that what went wrong shows everywhere."""

from __future__ import annotations

import dagster as dg
import pytest

from assets_tests.dagster.driving import check_of, materialize, metadata_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.warehouse.runs.planning import Planner

POISONED = "this one is POISON"


def _key(kind: str, name: str) -> dg.AssetKey:
    return dg.AssetKey(["testing", kind, name])


def test_one_run_of_a_submitted_batch_goes_through_all_tiers(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A submitted batch becomes one run that fills its bucket's collections, tier by tier, and completes."""
    bucket = site.bucket("texts")
    lines = site.collection("lines", bucket, split_lines=True)
    words = site.collection("words", lines)
    batch = site.submitted(bucket, "one\ntwo", "three")
    defs = site.definitions

    (request,) = tick(defs, instance, "submitted_batches").run_requests
    result = run(defs, instance, request)

    assert result.success
    assert site.batch(batch.batch_id).status == "COMPLETED"
    assert metadata_of(instance, _key("buckets", "texts"))["dagster/row_count"] == 2
    assert metadata_of(instance, _key("collections", "lines"))["dagster/row_count"] == 3
    assert metadata_of(instance, _key("collections", "words"))["dagster/partition_row_count"] == 3
    assert {site.warehouse.collections.count(c) for c in (lines, words)} == {3}
    for name in ("lines", "words"):
        for fact in ("accounting_balances", "vectors_are_valid", "nothing_failed"):
            assert check_of(instance, _key("collections", name), fact).passed


def test_one_failed_item_shows_in_metadata_check_batch_and_failures(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A poisoned object costs itself; metadata, check, batch and failure table count it, and no log quotes it."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    batch = site.submitted(bucket, "fine", POISONED)
    defs = site.definitions

    (request,) = tick(defs, instance, "submitted_batches").run_requests
    result = run(defs, instance, request)

    assert result.success
    metadata = metadata_of(instance, _key("collections", "words"))
    check = check_of(instance, _key("collections", "words"), "nothing_failed")
    assert (metadata["failed"], metadata["outcome"]) == (1, "COMPLETED_WITH_ERRORS")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert site.batch(batch.batch_id).status == "COMPLETED_WITH_ERRORS"
    assert len(site.warehouse.failures(collection)) == 1
    assert POISONED not in str(instance.all_logs(result.run_id))


def test_a_run_with_nothing_but_failures_fails_and_its_checks_are_told(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """Nothing but failures is a failed run without a materialization, and the checks say so although it failed."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batch = site.submitted(bucket, POISONED)
    defs = site.definitions

    (request,) = tick(defs, instance, "submitted_batches").run_requests
    result = run(defs, instance, request)

    check = check_of(instance, _key("collections", "words"), "nothing_failed")
    assert not result.success
    assert instance.get_latest_materialization_event(_key("collections", "words")) is None
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert site.batch(batch.batch_id).status == "FAILED"
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert failure.step_failure_data.user_failure_data.metadata["failed"].value == 1


def test_a_set_of_partitions_is_planned_once(
    site: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backfill over several batches is one run that plans their union once and reports each of them."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batches = [site.submitted(bucket, f"text {n}", f"more {n}") for n in range(3)]
    defs = site.definitions
    tick(defs, instance, "submitted_batches")
    planned: list[list[str]] = []
    plan = Planner.plan

    def counting(
        self: Planner, collection_id: str, batch_ids: list[str] | None = None, **rest: object
    ) -> object:
        if batch_ids is not None:
            planned.append(list(batch_ids))
        return plan(self, collection_id, batch_ids, **rest)

    monkeypatch.setattr(Planner, "plan", counting)
    tags = {
        "dagster/asset_partition_range_start": batches[0].batch_id,
        "dagster/asset_partition_range_end": batches[2].batch_id,
    }
    result = run(defs, instance, dg.RunRequest(asset_selection=[_key("collections", "words")], tags=tags))

    assert result.success
    assert planned == [[batch.batch_id for batch in batches]]
    materialized = instance.get_materialized_partitions(_key("collections", "words"))
    assert materialized == {batch.batch_id for batch in batches}
    assert {site.batch(batch.batch_id).status for batch in batches} == {"COMPLETED"}


def test_materializing_again_extracts_nothing(site: Site, instance: dg.DagsterInstance) -> None:
    """A click on Materialize over what is there writes nothing and says that all is unchanged."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    batch = site.submitted(bucket, "one", "two")
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    run(defs, instance, request)

    materialize(defs, instance, _key("collections", "words"), partition=batch.batch_id)

    metadata = metadata_of(instance, _key("collections", "words"))
    assert metadata["summary"].startswith("0 written, 2 unchanged")
    assert metadata["dagster/partition_row_count"] == 2
    assert site.warehouse.plan(collection.collection_id).plan.count(planning.EXTRACT) == 0


def test_a_run_whose_collection_was_deleted_says_so_and_is_not_retried(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A run that was launched before its collection was deleted fails once, naming the collection."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    batch = site.submitted(bucket, "one")
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    site.warehouse.catalog.resources.delete_collection(collection.collection_id)

    result = run(defs, instance, request)

    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert collection.collection_id in failure.step_failure_data.user_failure_data.description
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    tick(defs, instance, "ended_runs")
    settled = site.batch(batch.batch_id)
    assert settled.status == "FAILED"
    assert collection.collection_id in (settled.error or "")


def test_a_run_holds_its_lease_from_first_to_last_step(
    site: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a body works the run's lease is held by this process; after the run there is none."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    site.submitted(bucket, "one")
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    held: list[str] = []
    plan = Planner.plan

    def looking(
        self: Planner, collection_id: str, batch_ids: list[str] | None = None, **rest: object
    ) -> object:
        held.extend(lease.name for lease in site.warehouse.catalog.leases.held(prefix="run:"))
        return plan(self, collection_id, batch_ids, **rest)

    monkeypatch.setattr(Planner, "plan", looking)
    result = run(defs, instance, request)

    assert set(held) == {f"run:{result.run_id}"}
    assert site.warehouse.catalog.leases.held(prefix="run:") == []
