"""Failures over HTTP: pages and groups, replays, and retries of batches."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

Json = dict[str, Any]


@pytest.fixture
def failed(api: Api, http: httpx.Client, bucket: Json, request: pytest.FixtureRequest) -> Json:
    """A finished batch of two objects that fail and one that does not."""
    request.getfixturevalue("collection")
    path = f"/buckets/{bucket['bucket_id']}"
    for text in ("fine", "POISON one", "POISON two"):
        body = {"blobs": [{"property": "body", "type": "text", "data": text}]}
        assert http.post(f"{path}/objects", json=body).status_code == 200
    batch = http.post(f"{path}/batches", json={"auto_submit": True}).json()
    run_batch(api.warehouse, batch["batch_id"])
    return http.get(f"{path}/batches/{batch['batch_id']}").json()


def _failures(http: httpx.Client, collection: Json, **asked: Any) -> Json:
    answer = http.get(f"/collections/{collection['collection_id']}/failures", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_failures_come_in_groups_and_pages(http: httpx.Client, collection: Json, failed: Json) -> None:
    """Groups count items, pages are cut, and each failure names its object, its batch, its kind and its run."""
    first = _failures(http, collection, limit=1)
    assert (first["total"], len(first["results"]), first["pagination"]["has_next"]) == (2, 1, True)
    [group] = first["groups"]
    assert (group["error_class"], group["items"], group["kind"]) == ("ValueError", 2, "permanent")
    assert first["summary"][0].startswith("2 items: ValueError, in step")
    [failure] = _failures(http, collection, limit=1, offset=1, group_by="kind,batch_id")["results"]
    assert failure["batch_id"] == failed["batch_id"]
    assert failure["root_object_id"] == failure["source_item"] != first["results"][0]["source_item"]
    assert (failure["error_type"], failure["run_id"]) == ("permanent", f"run-{failed['batch_id']}")
    assert "traceback" not in failure


def test_failures_can_be_narrowed_and_shown_with_their_traceback(
    http: httpx.Client, collection: Json, failed: Json
) -> None:
    """Each filter narrows, a traceback comes when it is asked for, and what is misspelled is refused."""
    assert _failures(http, collection, error_class="KeyError")["results"] == []
    assert _failures(http, collection, kind="transient", batch_id=failed["batch_id"])["total"] == 0
    item = _failures(http, collection)["results"][0]["source_item"]
    [failure] = _failures(http, collection, item=item, include_traceback=True)["results"]
    assert "ValueError: a poisoned row" in failure["traceback"]
    path = f"/collections/{collection['collection_id']}/failures"
    for wrong in ({"group_by": "message"}, {"kind": "odd"}, {"clas": "ValueError"}):
        assert http.get(path, params=wrong).status_code == 422


@pytest.mark.usefixtures("failed")
def test_a_replay_is_a_task_of_exactly_these_items(api: Api, http: httpx.Client, collection: Json) -> None:
    """The answer is a pending task; its batch holds the one object, and after its run the failure has a second attempt."""
    item = _failures(http, collection)["results"][0]["source_item"]
    path = f"/collections/{collection['collection_id']}/failures/replay"
    task = http.post(path, json={"items": [item]}).json()
    assert (task["status"], task["additional_data"]["object_count"]) == ("PENDING", 1)
    batch = http.get(f"/batches/{task['batch_id']}").json()
    assert (batch["object_ids"], batch["metadata"]["trigger"]) == ([item], "replay")
    assert run_batch(api.warehouse, task["batch_id"]) == "FAILED"
    assert {f["source_item"]: f["attempt"] for f in _failures(http, collection)["results"]}[item] == 2


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"all": True, "error_class": "ValueError"}, 422),
        ({"items": []}, 422),
        ({"items": ["obj_unknown"]}, 404),
        ({"error_class": "KeyError"}, 404),
        ({"class": "ValueError"}, 422),
    ],
)
def test_a_replay_of_nothing_is_refused(
    http: httpx.Client, collection: Json, body: Json, status: int
) -> None:
    """A body that names nothing, twice the same or what did not fail is refused and submits no batch."""
    before = http.post("/batches/list", json={}).json()["total"]
    answer = http.post(f"/collections/{collection['collection_id']}/failures/replay", json=body)
    assert answer.status_code == status, answer.text
    assert http.post("/batches/list", json={}).json()["total"] == before


def test_a_batch_is_retried_as_the_contract_says(http: httpx.Client, bucket: Json, failed: Json) -> None:
    """Nothing transient is left to try by default; with `all` both failed objects are, in a batch of their own."""
    path = f"/buckets/{bucket['bucket_id']}/batches/{failed['batch_id']}/retry"
    assert http.post(path, json={}).status_code == 404
    assert http.post(path, json={"retry_mode": "all", "tier_nums": [3]}).status_code == 404
    assert http.post(path, json={"retry_mode": "sometimes"}).status_code == 422
    task = http.post(path, json={"retry_mode": "all"}).json()
    assert task["batch_id"] != failed["batch_id"]
    assert task["additional_data"]["object_count"] == 2
    tiers = f"/buckets/{bucket['bucket_id']}/batches/{failed['batch_id']}/tiers"
    assert http.post(f"{tiers}/0/retry").json()["additional_data"]["object_count"] == 2
    assert http.post(f"{tiers}/1/retry").status_code == 404
