"""Where a document comes from and what became of it, asked over HTTP and with the client from PyPI."""

from __future__ import annotations

from typing import Any

import httpx
import mixpeek
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

Json = dict[str, Any]


@pytest.fixture
def tiers(api: Api, http: httpx.Client, bucket: Json, collection: Json, name: str) -> list[str]:
    """Three collections in a row that have processed an object of two lines."""
    chain = [collection["collection_id"]]
    for number in (2, 3):
        body = {
            "collection_name": f"{name} {number}",
            "source": {"type": "collection", "collection_ids": [chain[-1]]},
            "feature_extractor": {
                "feature_extractor_name": "word_vectors",
                "version": "v1",
                "parameters": {"split_lines": True},
                "input_mappings": {"text": "text"},
            },
        }
        chain.append(http.post("/collections", json=body).json()["collection_id"])
    blobs = [{"property": "body", "data": "one two"}]
    http.post(f"/buckets/{bucket['bucket_id']}/objects", json={"blobs": blobs})
    batch = http.post(f"/buckets/{bucket['bucket_id']}/batches", json={"auto_submit": True}).json()
    assert run_batch(api.warehouse, batch["batch_id"]) == "COMPLETED"
    return chain


def _documents(http: httpx.Client, collection_id: str) -> list[Json]:
    return http.get(f"/collections/{collection_id}/documents").json()["results"]


def test_a_document_is_traced_to_its_object(
    api: Api, http: httpx.Client, bucket: Json, tiers: list[str]
) -> None:
    """The chain has a step per tier, the first one made of the object, and the models of the client accept it."""
    [last] = _documents(http, tiers[2])
    generated = mixpeek.ApiClient(mixpeek.Configuration(host=api.url))
    generated.set_default_header("Authorization", f"Bearer {api.key}")
    generated.set_default_header("X-Namespace", api.namespace)
    answer = http.get(f"/collections/{tiers[2]}/documents/{last['document_id']}/lineage").json()
    traced = mixpeek.DocumentLineageResponse.from_dict(answer)
    assert traced is not None
    assert traced.lineage is not None
    assert (traced.depth, traced.total_steps) == (3, 3)
    assert [step.collection_id for step in traced.lineage.lineage_chain or ()] == tiers
    assert traced.lineage.root_bucket_id == bucket["bucket_id"]
    assert traced.lineage.source_collection_id == tiers[1]
    ancestors = mixpeek.CollectionDocumentsApi(generated).get_document_ancestors(
        tiers[2], last["document_id"]
    )
    assert [document.collection_id for document in ancestors] == tiers[:2]


def test_what_was_made_of_a_document_is_listed(http: httpx.Client, tiers: list[str]) -> None:
    """Descendants of a document of the first tier are those of all later ones, with their fields."""
    [first] = _documents(http, tiers[0])
    path = f"/collections/{tiers[0]}/documents/{first['document_id']}"
    found = http.get(f"{path}/descendants").json()
    assert [document["collection_id"] for document in found] == tiers[1:]
    assert {document["text"] for document in found} == {"one two"}
    assert all(
        document["_internal"]["lineage"]["chain"][0]["document_id"] == first["document_id"]
        for document in found
    )
    assert http.get(f"{path}/ancestors").json() == []
    assert http.get(f"/collections/{tiers[0]}/documents/doc_none/lineage").status_code == 404
