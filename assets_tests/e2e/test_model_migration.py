"""Migrating a collection to another model on a running stack, under queries that never pause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from assets_tests.e2e.application import Application, done
from assets_tests.e2e.running_stack import RunningStack, wait_until
from assets_tests.unit.migration.asking import Ask, Asking
from assets_tests.unit.migration.compasses import WORDS, write_compasses
from assets_tests.unit.migration.field import model_of

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

OLD = "mixpeek://compass@v1/compass_v1_embedding"
NEW = "mixpeek://compass@v2/compass_v2_embedding"


@contextmanager
def asking_through(stack: RunningStack, retriever: str) -> Iterator[Ask]:
    """A client of its own, whose every answer must be complete and of one model."""
    with stack.client() as client:

        def ask(query: str) -> str:
            answer = done(client.post(f"/retrievers/{retriever}/execute", json={"inputs": {"query": query}}))
            assert answer["status"] == "completed", answer["degraded"]
            return model_of(query, answer["documents"])

        yield ask


def test_a_model_is_exchanged_under_queries(
    shared_stack: RunningStack, application: Application, packages: Path
) -> None:
    """Start, filling by runs of Dagster, a switch that waits for the new endpoint, rollback, switch, drop: no query sees an
    error, a pause, or documents of one model found with the vector of another."""
    write_compasses(packages)
    http = application.http
    bucket = application.bucket("migrated_signs", list(WORDS))
    collection = application.collection("migrated_directions", bucket, extractor="compass")
    assert application.processed(bucket)["status"] == "COMPLETED"
    retriever = _retriever(http, collection)
    application.search(retriever, "north")  # waits for the first endpoint
    current = f"/collections/{collection}/migrations/current"
    target = {"feature_extractor_name": "compass", "version": "v2"}
    with Asking(lambda: asking_through(shared_stack, retriever), clients=2) as asking:
        asking.wait_for("v1")
        started = done(http.post(f"/collections/{collection}/migrations", json={"feature_extractor": target}))
        for batch in started["batch_ids"]:
            assert application.ended(batch)["status"] == "COMPLETED"
        wait_until(lambda: _is_ready(http, current), "the new generation and its endpoint")
        asking.wait_for("v1")
        done(http.patch(f"/collections/{collection}", json={"index_map": {OLD: NEW}}))
        asking.wait_for("v2")
        done(http.post(f"{current}/rollback"))
        asking.wait_for("v1")
        done(http.post(f"{current}/switch"))
        asking.wait_for("v2")
        compared = done(http.post(f"{current}/compare", json={"top_k": 4}))
        assert (compared["overlap"], compared["same_first"]) == (1.0, 0.0)
        assert done(http.post(f"{current}/drop"))["state"] == "dropped"
        asking.wait_for("v2")
    assert set(asking.models) == {"v1", "v2"}


def _is_ready(http: httpx.Client, current: str) -> bool:
    """A switch is refused until the endpoint of the new version runs; the status says so."""
    standing = done(http.get(current))
    return standing["state"] == "ready" and standing["endpoint"] is None


def _retriever(http: httpx.Client, collection: str) -> str:
    search = {
        "feature_uri": OLD,
        "query": {"input_mode": "text", "value": "{{INPUT.query}}"},
        "top_k": 4,
    }
    stage: dict[str, Any] = {
        "stage_name": "search",
        "stage_type": "filter",
        "config": {"stage_id": "feature_search", "parameters": {"searches": [search], "final_top_k": 4}},
    }
    body = {
        "retriever_name": "migrated_find",
        "collection_identifiers": [collection],
        "input_schema": {"query": {"type": "text", "required": True}},
        "stages": [stage],
        "budget_limits": {"max_time_ms": 60_000},
    }
    return str(done(http.post("/retrievers", json=body))["retriever_id"])
