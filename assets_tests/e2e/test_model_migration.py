"""Migrating a collection to another model on a running stack, under queries that never pause."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from assets_tests.e2e.application import Application, done
from assets_tests.e2e.running_stack import RunningStack, wait_until
from assets_tests.unit.migration.compasses import WORDS, write_compasses
from assets_tests.unit.migration.field import model_of

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

OLD = "mixpeek://compass@v1/compass_v1_embedding"
NEW = "mixpeek://compass@v2/compass_v2_embedding"


@dataclass
class Asking:
    """Two clients that ask without a pause, and what they were told."""

    stack: RunningStack
    retriever: str
    models: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Asking:
        self._threads = [threading.Thread(target=self._ask, args=(turn,)) for turn in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, model: str) -> None:
        """Until an answer of this model comes that was asked for from now on, or something went wrong."""
        since = len(self.models) + len(self._threads)
        wait_until(lambda: self.errors or model in self.models[since:], f"an answer of {model}")
        assert not self.errors, self.errors

    def _ask(self, turn: int) -> None:
        with self.stack.client() as client:
            while not self.stop.is_set():
                query = WORDS[turn % len(WORDS)]
                turn += 1
                try:
                    self.models.append(self._answered(client, query))
                except BaseException as error:  # noqa: BLE001 - the test shows what any client ran into
                    self.errors.append(error)
                    return

    def _answered(self, client: httpx.Client, query: str) -> str:
        answer = done(client.post(f"/retrievers/{self.retriever}/execute", json={"inputs": {"query": query}}))
        assert answer["status"] == "completed", answer["degraded"]
        return model_of(query, answer["documents"])


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
    with Asking(shared_stack, retriever) as asking:
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
