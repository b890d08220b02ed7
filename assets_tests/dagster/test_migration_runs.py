"""Runs of batches that fill a generation beside the one that answers."""

from __future__ import annotations

import dagster as dg

from assets_tests.dagster.driving import check_of, metadata_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.warehouse.specs import ExtractorSpec


def test_a_filling_run_is_a_run_of_the_collections_asset(site: Site, instance: dg.DagsterInstance) -> None:
    """Its tags name the generation and let incoming batches go first; it fills that generation only, and the checks of
    what answers hold."""
    bucket = site.bucket("texts")
    words = site.collection("words", bucket)
    site.submitted(bucket, "one", "two")
    (request,) = tick(site.definitions, instance, "submitted_batches").run_requests
    assert run(site.definitions, instance, request).success
    other = ExtractorSpec(feature_extractor_name="word_vectors", version="v1", parameters={"poison": "TOXIC"})
    migration = site.warehouse.migrations.start(words, other)

    (request,) = tick(site.definitions, instance, "submitted_batches").run_requests
    result = run(site.definitions, instance, request)

    assert result.success
    assert request.tags[run_tags.GENERATION] == migration.to_generation
    assert request.tags[run_tags.PRIORITY] == "-10"
    assert site.batch(migration.batch_ids[0]).status == "COMPLETED"
    assert site.warehouse.documents.count(migration.to_generation) == 2
    assert site.warehouse.migrations.status(words).state == "ready"
    key = dg.AssetKey(["testing", "collections", "words"])
    assert metadata_of(instance, key)["written"] == 2
    assert all(check_of(instance, key, fact).passed for fact in ("accounting_balances", "nothing_failed"))
