"""Erasing an object over HTTP: asked for there, performed by a run, proved under the same address."""

from __future__ import annotations

from typing import Any

import httpx

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

Json = dict[str, Any]


def _processed(api: Api, http: httpx.Client, bucket: Json) -> str:
    """The path of an object whose documents have been made."""
    objects = f"/buckets/{bucket['bucket_id']}/objects"
    body = {"blobs": [{"property": "body", "data": "to be forgotten"}]}
    object_id = http.post(objects, json=body).json()["object_id"]
    batch = http.post(f"/buckets/{bucket['bucket_id']}/batches", json={"auto_submit": True}).json()
    run_batch(api.warehouse, batch["batch_id"])
    return f"{objects}/{object_id}"


def test_an_erasure_is_asked_for_and_proved(
    api: Api, http: httpx.Client, bucket: Json, collection: Json
) -> None:
    """The answer is 202 with an erasure that is pending, the object is gone at once, and after the run the proof says
    that no store and no file holds it. Asking again answers with the same proof."""
    path = _processed(api, http, bucket)
    assert http.get(f"{path}/erase").status_code == 404
    asked = http.post(f"{path}/erase", json={"reason": "asked by letter"})
    assert asked.status_code == 202
    assert (asked.json()["status"], asked.json()["reason"]) == ("PENDING", "asked by letter")
    assert http.get(path).status_code == 404
    api.warehouse.erasures.perform(asked.json()["erasure_id"])
    proof = http.get(f"{path}/erase").json()
    assert proof["status"] == "COMPLETED"
    assert {store["after"] for store in proof["stores"]} == {0}
    rewritten = [table for table in proof["tables"] if table["rows_decoded_before"]]
    assert [table["collection_id"] for table in rewritten] == [collection["collection_id"]]
    assert {file["found"] for table in proof["tables"] for file in table["files"]} == {0}
    assert http.post(f"{path}/erase").json()["erasure_id"] == proof["erasure_id"]


def test_a_delete_can_erase(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """`?erase=true` on a delete asks for the erasure too; without it a delete is a delete."""
    path = _processed(api, http, bucket)
    answer = http.delete(path, params={"erase": "true"})
    assert answer.json()["status"] == "PENDING"
    assert api.warehouse.erasures.perform(answer.json()["erasure_id"]).is_completed
    assert http.get(f"/collections/{collection['collection_id']}/documents").json()["results"] == []


def test_what_is_not_there_cannot_be_erased(api: Api, http: httpx.Client, bucket: Json) -> None:
    """An unknown id is a 404, what is no id a 422 that names the field, another namespace's key a refusal."""
    objects = f"/buckets/{bucket['bucket_id']}/objects"
    assert http.post(f"{objects}/obj_{'0' * 24}/erase").status_code == 404
    refused = http.post(f"{objects}/obj_1/erase")
    assert refused.status_code == 422
    assert refused.json()["error"]["details"]["field"] == "object_id"
    with api.client(key=api.other_key) as stranger:
        assert stranger.post(f"{objects}/obj_{'0' * 24}/erase").status_code in (401, 403, 404)
