"""The documented end-to-end walk-through, request by request, as plain HTTP."""

from __future__ import annotations

import httpx

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

URI = "mixpeek://word_vectors@v1/word_vectors_embedding"


def test_walk_through(api: Api, http: httpx.Client) -> None:
    """From a new bucket to a search result, every id is where the walk-through reads it."""
    bucket = http.post(
        "/buckets",
        json={
            "bucket_name": "sec-filings",
            "bucket_schema": {"properties": {"filing_text": {"type": "text"}}},
        },
    ).json()["bucket_id"]
    for text in ("Revenue increased 22% year-over-year...", "zzzz zzzz zzzz"):
        blob = {"property": "filing_text", "type": "text", "data": text}
        body = {"blobs": [blob], "metadata": {"ticker": "AAPL", "form": "10-K"}}
        assert http.post(f"/buckets/{bucket}/objects", json=body).status_code == 200
    collection = http.post(
        "/collections",
        json={
            "collection_name": "sec-filing-chunks",
            "source": {"type": "bucket", "bucket_ids": [bucket]},
            "feature_extractor": {
                "feature_extractor_name": "word_vectors",
                "version": "1.0.0",
                "input_mappings": {"text": "filing_text"},
                "field_passthrough": [{"source_path": "metadata.ticker"}],
            },
        },
    ).json()["collection_id"]
    object_ids = [item["object_id"] for item in http.get(f"/buckets/{bucket}/objects").json()["results"]]
    assert len(object_ids) == 2
    batch = http.post(
        f"/buckets/{bucket}/batches",
        json={"batch_name": "run-1", "object_ids": object_ids, "collection_ids": [collection]},
    ).json()["batch_id"]
    submitted = http.post(f"/buckets/{bucket}/batches/{batch}/submit", json={"collection_ids": [collection]})
    assert submitted.json()["status"] == "PENDING"
    assert run_batch(api.warehouse, batch) == "COMPLETED"
    assert http.get(f"/buckets/{bucket}/batches/{batch}").json()["status"] == "COMPLETED"

    search = {"feature_uri": URI, "query": {"input_mode": "text", "value": "{{INPUT.query}}"}, "top_k": 20}
    parameters = {"searches": [search], "final_top_k": 20, "fusion": "rrf"}
    retriever = http.post(
        "/retrievers",
        json={
            "retriever_name": "filing-search",
            "collection_identifiers": [collection],
            "input_schema": {"query": {"type": "text", "required": True}},
            "stages": [
                {
                    "stage_name": "semantic",
                    "stage_type": "filter",
                    "config": {"stage_id": "feature_search", "parameters": parameters},
                }
            ],
        },
    ).json()["retriever_id"]
    answer = http.post(
        f"/retrievers/{retriever}/execute", json={"inputs": {"query": "Revenue increased 22%"}}
    ).json()

    assert answer["status"] == "completed"
    assert "results" not in answer
    best = answer["documents"][0]
    assert best["text"].startswith("Revenue increased")
    assert best["ticker"] == "AAPL"
    assert best["root_object_id"] in object_ids
    document = http.get(f"/collections/{collection}/documents/{best['document_id']}").json()
    lineage = document["_internal"]["lineage"]
    assert lineage["root_object_id"] == best["root_object_id"]
    assert lineage["path"] == f"{bucket}/{collection}"
