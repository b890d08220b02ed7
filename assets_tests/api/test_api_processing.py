"""What happens to objects after a submit, as seen over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from assets_tests.api.broken_packages import MISTAKES
from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

Json = dict[str, Any]


def _put(http: httpx.Client, bucket: Json, text: str, **fields: Any) -> str:
    body = {"blobs": [{"property": "body", "data": text}], **fields}
    return http.post(f"/buckets/{bucket['bucket_id']}/objects", json=body).json()["object_id"]


def _process(api: Api, http: httpx.Client, bucket: Json) -> Json:
    """The batch over all of the bucket after its run."""
    path = f"/buckets/{bucket['bucket_id']}/batches"
    batch = http.post(path, json={"auto_submit": True}).json()
    run_batch(api.warehouse, batch["batch_id"])
    return http.get(f"{path}/{batch['batch_id']}").json()


def _downstream(http: httpx.Client, collection: Json) -> Json:
    body = {
        "collection_name": f"{collection['collection_name']} two",
        "source": {"type": "collection", "collection_ids": [collection["collection_id"]]},
        "feature_extractor": {
            "feature_extractor_name": "word_vectors",
            "version": "v1",
            "input_mappings": {"text": "text"},
        },
    }
    return http.post("/collections", json=body).json()


def _documents(http: httpx.Client, collection: Json) -> list[Json]:
    return http.get(f"/collections/{collection['collection_id']}/documents").json()["results"]


def test_a_poison_row_costs_that_row(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """One bad object fails alone, is counted, and is listed with class and message but no traceback."""
    good = [_put(http, bucket, f"good {number}") for number in range(4)]
    bad = _put(http, bucket, "this is POISON")
    batch = _process(api, http, bucket)

    assert batch["status"] == "COMPLETED_WITH_ERRORS"
    assert (batch["documents_written"], batch["failed_object_count"]) == (4, 1)
    roots = {document["_internal"]["lineage"]["root_object_id"] for document in _documents(http, collection)}
    assert roots == set(good)
    answer = http.get(f"/buckets/{bucket['bucket_id']}/batches/{batch['batch_id']}/failed-documents")
    [failure] = answer.json()["results"]
    assert (failure["source_item"], failure["error_class"]) == (bad, "ValueError")
    assert "poisoned row" in failure["error"]
    assert "Traceback" not in answer.text
    audit = http.get(f"/buckets/{bucket['bucket_id']}/batches/{batch['batch_id']}/audit").json()
    assert (audit["all_balanced"], audit["has_lost_objects"]) == (True, False)


@pytest.mark.parametrize("extractor", [name for name in MISTAKES if name != "wrong_key"])
def test_output_that_does_not_keep_the_manifest(
    api: Api, http: httpx.Client, bucket: Json, name: str, extractor: str
) -> None:
    """Wrong dimension, missing column, NaN or zero vector: a failed batch that names the column, and no document."""
    made = http.post(
        "/collections",
        json={
            "collection_name": name,
            "source": {"type": "bucket", "bucket_ids": [bucket["bucket_id"]]},
            "feature_extractor": {"feature_extractor_name": extractor, "version": "v1"},
        },
    ).json()
    _put(http, bucket, "some text")
    batch = _process(api, http, bucket)
    assert (batch["status"], batch["documents_written"]) == ("FAILED", 0)
    assert "word_vectors_embedding" in batch["error"]
    path = f"/buckets/{bucket['bucket_id']}/batches/{batch['batch_id']}/failed-documents"
    [failure] = http.get(path).json()["results"]
    assert failure["error_class"] == "InvalidOutput"
    assert _documents(http, made) == []


def test_submitting_again_extracts_nothing(
    api: Api, http: httpx.Client, bucket: Json, collection: Json
) -> None:
    """A second run over the same objects says that all are unchanged."""
    _put(http, bucket, "once")
    assert _process(api, http, bucket)["documents_written"] == 1
    again = _process(api, http, bucket)
    assert (again["status"], again["documents_written"]) == ("COMPLETED", 0)
    assert again["tier_tasks"][0]["documents_unchanged"] == 1
    assert "1 unchanged" in again["status_message"]
    assert len(_documents(http, collection)) == 1


def test_lineage_through_two_tiers(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """A document of the second tier shows the whole way: bucket, both collections, and the document between."""
    item = _put(http, bucket, "from the root", ticker="A")
    second = _downstream(http, collection)
    batch = _process(api, http, bucket)
    assert [tier["tier_num"] for tier in batch["tier_tasks"]] == [0, 1]
    assert batch["dag_tiers"] == [[collection["collection_id"]], [second["collection_id"]]]
    [first_document], [document] = _documents(http, collection), _documents(http, second)
    lineage = document["_internal"]["lineage"]
    ids = [bucket["bucket_id"], collection["collection_id"], second["collection_id"]]
    assert lineage["path"] == "/".join(ids)
    assert lineage["source_type"] == "collection"
    assert lineage["source_document_id"] == first_document["document_id"]
    assert lineage["root_object_id"] == item
    assert [step["document_id"] for step in lineage["chain"]] == [
        first_document["document_id"],
        document["document_id"],
    ]


def test_editing_an_object(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """A metadata edit keeps id and content and re-carries the field; new content is extracted again."""
    item = _put(http, bucket, "before", ticker="A")
    _process(api, http, bucket)
    path = f"/buckets/{bucket['bucket_id']}/objects/{item}"
    edited = http.patch(path, json={"ticker": "B"}).json()
    assert (edited["object_id"], edited["ticker"], len(edited["blobs"])) == (item, "B", 1)
    assert _process(api, http, bucket)["tier_tasks"][0]["documents_submitted_to_engine"] == 0
    assert [document["ticker"] for document in _documents(http, collection)] == ["B"]
    http.put(path, json={"blobs": [{"property": "body", "data": "after"}], "ticker": "B"})
    assert _process(api, http, bucket)["tier_tasks"][0]["documents_submitted_to_engine"] == 1
    assert [document["text"] for document in _documents(http, collection)] == ["after"]
    assert "ticker" not in http.put(path, json={"metadata": {}}).json()


def test_deleting_an_object(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """Deleting an object submits the batch that removes its documents from every tier."""
    kept, gone = _put(http, bucket, "kept"), _put(http, bucket, "gone")
    second = _downstream(http, collection)
    _process(api, http, bucket)
    answer = http.delete(f"/buckets/{bucket['bucket_id']}/objects/{gone}").json()
    run_batch(api.warehouse, answer["batch_id"])
    for made in (collection, second):
        roots = [d["_internal"]["lineage"]["root_object_id"] for d in _documents(http, made)]
        assert roots == [kept]
    assert http.get(f"/buckets/{bucket['bucket_id']}/objects/{gone}").status_code == 404


def test_canceling_a_batch(http: httpx.Client, bucket: Json, collection: Json) -> None:
    """A canceled batch says so, in one word, and why."""
    _put(http, bucket, "never", ticker=collection["collection_name"])
    path = f"/buckets/{bucket['bucket_id']}/batches"
    batch = http.post(path, json={"auto_submit": True}).json()["batch_id"]
    assert http.post(f"{path}/{batch}/cancel", params={"reason": "a test"}).json()["status"] == "CANCELED"
    told = http.get(f"{path}/{batch}").json()
    assert (told["lifecycle"], told["lifecycle_reason"]) == ("canceled", "a test")


def test_adding_objects_to_a_draft(http: httpx.Client, bucket: Json, collection: Json) -> None:
    """A draft takes more objects of its bucket; after the submit it takes none."""
    first, second = _put(http, bucket, "one"), _put(http, bucket, collection["collection_name"])
    path = f"/buckets/{bucket['bucket_id']}/batches"
    batch = http.post(path, json={"object_ids": [first]}).json()["batch_id"]
    added = http.post(f"{path}/{batch}/objects", json={"object_ids": [second, first]}).json()
    assert (added["object_ids"], added["object_count"]) == ([first, second], 2)
    assert http.post(f"{path}/{batch}/objects", json={"object_ids": ["obj_x"]}).status_code == 404
    http.post(f"{path}/{batch}/submit")
    assert http.post(f"{path}/{batch}/objects", json={"object_ids": [first]}).status_code == 409


def test_pages_of_documents(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """Pages by offset, by page and by cursor cover every document once, and always tell the total."""
    for number in range(5):
        _put(http, bucket, f"text {number}")
    _process(api, http, bucket)
    path = f"/collections/{collection['collection_id']}/documents"
    by_page = [http.get(path, params={"page": page, "page_size": 2}).json() for page in (1, 2, 3)]
    assert [len(page["results"]) for page in by_page] == [2, 2, 1]
    assert {page["total"] for page in by_page} == {5}
    seen, cursor = [], None
    while True:
        page = http.post(
            f"{path}/list", json={"page_size": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [document["document_id"] for document in page["results"]]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert seen == [d["document_id"] for page in by_page for d in page["results"]]
    assert len(set(seen)) == 5
    assert http.get(f"{path}/count").json()["count"] == 5


def test_vectors_only_when_asked(api: Api, http: httpx.Client, bucket: Json, collection: Json) -> None:
    """A document shows its vector only with `return_vectors`."""
    _put(http, bucket, "text")
    _process(api, http, bucket)
    path = f"/collections/{collection['collection_id']}/documents"
    [plain] = http.get(path).json()["results"]
    assert "word_vectors_embedding" not in plain
    [full] = http.get(path, params={"return_vectors": "true"}).json()["results"]
    assert len(full["word_vectors_embedding"]) == 8
    one = http.get(f"{path}/{plain['document_id']}", params={"return_vectors": "true"}).json()
    assert one["word_vectors_embedding"] == full["word_vectors_embedding"]


def test_inference_by_feature_uri(http: httpx.Client) -> None:
    """Raw inference gives what the extractor's realtime half answers."""
    uri = "mixpeek://word_vectors@1.0.0/word_vectors_embedding"
    answer = http.post("/inference", json={"feature_uri": uri, "inputs": {"text": "abc"}}).json()
    assert len(answer["data"]["embedding"]) == 8
    assert answer["model"] == "word_vectors@v1"
