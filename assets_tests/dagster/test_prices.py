"""Prices in Dagster: what a run was expected to cost, and runs that may not be paid."""

from __future__ import annotations

import dagster as dg

from assets_tests.dagster.driving import metadata_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.spending.budget import SpendBudget

LINES = dg.AssetKey(["testing", "collections", "lines"])


def test_a_run_says_what_it_was_expected_to_take(site: Site, instance: dg.DagsterInstance) -> None:
    """The first run knows no price; the second one shows estimate beside actual, and where the estimate comes from."""
    bucket = site.bucket("texts")
    site.collection("lines", bucket)
    site.submitted(bucket, "one", "two")
    defs = site.definitions
    assert run(defs, instance, tick(defs, instance, "submitted_batches").run_requests[0]).success
    first = metadata_of(instance, LINES)
    assert "estimated_usd" not in first
    assert first["estimated_from"] == "nothing: it was the first run"

    site.submitted(bucket, "three")
    assert run(defs, instance, tick(defs, instance, "submitted_batches").run_requests[0]).success
    second = metadata_of(instance, LINES)
    assert second["estimated_from"].startswith("1 run of this code here, 2 items")
    assert second["estimated_usd"] > 0.0
    assert second["actual_usd"] > 0.0


def test_a_run_over_the_budget_fails_before_it_writes(site: Site, instance: dg.DagsterInstance) -> None:
    """Whoever asks for the run: it fails once, is not tried again, names the budget, and no document is there."""
    bucket = site.bucket("texts")
    collection = site.collection("lines", bucket)
    site.submitted(bucket, "one", "two")
    defs = site.definitions
    assert run(defs, instance, tick(defs, instance, "submitted_batches").run_requests[0]).success
    batch = site.submitted(bucket, "three")
    site.warehouse.spending.set_budget(site.namespace_id, SpendBudget(daily_usd=0.0))

    result = run(defs, instance, tick(defs, instance, "submitted_batches").run_requests[0])

    assert not result.success
    [failure] = [event for event in result.all_node_events if event.is_step_failure]
    assert "daily budget leaves" in str(failure.step_failure_data.error)
    assert failure.step_failure_data.user_failure_data is not None
    assert site.warehouse.collections.count(collection) == 2
    assert site.batch(batch.batch_id).tiers == {}
