"""Drift as Dagster shows it: a check of each collection that is red from the damage until it is healed."""

from __future__ import annotations

import dagster as dg
import lancedb

from assets_tests.dagster.driving import check_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.batch import Batch

WORDS = dg.AssetKey(["testing", "collections", "words"])
SECRET = "hunter2"


def _run(site: Site, instance: dg.DagsterInstance, batch: Batch) -> None:
    defs = site.definitions
    requests = tick(defs, instance, "submitted_batches").run_requests
    (request,) = [r for r in requests if r.partition_key == batch.batch_id]
    assert run(defs, instance, request).success


def test_damage_is_a_red_check_until_it_is_healed(site: Site, instance: dg.DagsterInstance) -> None:
    """Rows that someone deletes with LanceDB make the check an error, which later batches do not hide; healed, the
    batch that follows finds it green. What was in the rows is told nowhere."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    _run(site, instance, site.submitted(bucket, SECRET, "fine"))
    assert check_of(instance, WORDS, "nothing_drifted").passed
    name = site.warehouse.collections.generation(collection).table
    lancedb.connect(site.settings.documents).open_table(name).delete(f"text = '{SECRET}'")

    _run(site, instance, site.submitted(bucket, "later"))
    red = check_of(instance, WORDS, "nothing_drifted")
    assert (red.passed, red.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert red.metadata["kinds"].value == {"foreign_commit": 1}
    assert SECRET not in str(red)

    (batch,) = site.warehouse.drift.heal(collection).batches
    assert batch.metadata["trigger"] == "drift"
    _run(site, instance, batch)
    assert check_of(instance, WORDS, "nothing_drifted").passed
    assert site.warehouse.collections.count(collection) == 3
