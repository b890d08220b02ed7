"""Endpoints: asked for when they are stale, with pauses that grow, and not for ever."""

from __future__ import annotations

import json

import dagster as dg

from assets_tests.dagster.driving import materialize, metadata_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.errors import NotReady
from mixpeek_orchestration.core.retriever import Retriever, StageSpec
from mixpeek_orchestration.defs.sensors.attempts import (
    LONGEST_PAUSE_S,
    MAX_ATTEMPTS,
    Attempts,
    attempts_for,
)

KEY = dg.AssetKey(["testing", "endpoints", "word_vectors", "v1"])


def test_a_collection_brings_its_endpoint_up(site: Site, instance: dg.DagsterInstance) -> None:
    """A stale endpoint is asked for once; materializing it deploys it, and then nothing is asked for."""
    site.collection("words", site.bucket("texts"))
    defs = site.definitions

    first = tick(defs, instance, "stale_endpoints")
    (request,) = first.run_requests
    assert tick(defs, instance, "stale_endpoints", cursor=first.cursor).run_requests == []
    assert run(defs, instance, request).success

    assert request.asset_selection == [KEY]
    assert site.host.deployed == [request.tags["mixpeek/endpoint"]]
    assert metadata_of(instance, KEY)["status"] == "RUNNING"
    after = tick(defs, instance, "stale_endpoints", cursor=first.cursor)
    assert (after.run_requests, json.loads(after.cursor)) == ([], {})


def test_one_run_serves_every_namespace(site: Site, instance: dg.DagsterInstance) -> None:
    """An extractor version in use by two namespaces has one endpoint and one run, with an asset in each."""
    site.collection("words", site.bucket("texts"))
    site.namespace_id = site.warehouse.access.create_namespace("second").namespace_id
    site.collection("words", site.bucket("texts"))

    (request,) = tick(site.definitions, instance, "stale_endpoints").run_requests

    assert {key.path[0] for key in request.asset_selection} == {"testing", "second"}


def test_an_endpoint_that_does_not_come_up_fails_its_run(site: Site, instance: dg.DagsterInstance) -> None:
    """The run of a deployment that fails is a failure that says why, and the endpoint stays stale."""

    def refuse(endpoint_id: str, _: object) -> str:
        raise NotReady(f"{endpoint_id} did not answer its first inference.")

    site.host.deploy = refuse  # type: ignore[method-assign]
    site.collection("words", site.bucket("texts"))
    defs = site.definitions
    (request,) = tick(defs, instance, "stale_endpoints").run_requests

    result = run(defs, instance, request)

    assert not result.success
    assert len(site.warehouse.endpoints.stale()) == 1


def test_a_retriever_is_materialized_when_its_features_resolve(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """Materializing a retriever names the collections behind each feature; one without the feature fails it."""
    collection = site.collection("words", site.bucket("texts"))
    uri = "mixpeek://word_vectors@v1/word_vectors_embedding"
    for name, searched in (("good", uri), ("bad", "mixpeek://word_vectors@v1/other")):
        stage = StageSpec(
            "search",
            "filter",
            "feature_search",
            {"searches": [{"feature_uri": searched, "query": {"input_mode": "text", "value": "x"}}]},
        )
        site.warehouse.catalog.resources.put_retriever(
            Retriever(f"ret_{name}", site.namespace_id, name, (stage,), (collection.collection_id,))
        )
    defs = site.definitions

    good, bad = (dg.AssetKey(["testing", "retrievers", name]) for name in ("good", "bad"))
    assert materialize(defs, instance, good).success
    assert not materialize(defs, instance, bad).success
    assert metadata_of(instance, good)["features"] == {uri: ["words"]}


def test_pauses_double_up_to_the_longest_and_attempts_end() -> None:
    """Each attempt waits longer than the one before, the count ends, and a change of the code starts afresh."""
    attempt, pauses = Attempts("fp"), []
    while attempt.may_ask(attempt.not_before):
        now = attempt.not_before
        attempt = attempt.asked(now)
        pauses.append(attempt.not_before - now)
    assert pauses == sorted(pauses)
    assert (len(pauses), pauses[0], max(pauses)) == (MAX_ATTEMPTS, 10.0, LONGEST_PAUSE_S)
    assert attempt.is_given_up
    assert attempts_for(attempt, "fp") is attempt
    assert attempts_for(attempt, "other").may_ask(0)
