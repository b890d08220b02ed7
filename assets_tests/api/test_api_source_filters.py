"""Source filters over HTTP: kept as they were sent, counted in the funnel, refused where they cannot work."""

from __future__ import annotations

from typing import Any

import httpx

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

Json = dict[str, Any]
FILTERS = {"AND": [{"field": "metadata.lang", "operator": "eq", "value": "en"}]}


def _body(bucket: Json, name: str, filters: Json) -> Json:
    return {
        "collection_name": f"{name} filtered",
        "source": {
            "type": "bucket",
            "bucket_ids": [bucket["bucket_id"]],
            "source_filters": {"filters": filters},
        },
        "feature_extractor": {
            "feature_extractor_name": "word_vectors",
            "version": "v1",
            "input_mappings": {"text": "body"},
        },
    }


def test_a_filtered_collection(api: Api, http: httpx.Client, bucket: Json, name: str) -> None:
    """The filters are in the answer, and the funnel of a batch tells how many they held for."""
    made = http.post("/collections", json=_body(bucket, name, FILTERS)).json()
    assert made["source"]["source_filters"] == {"filters": FILTERS}
    for lang in ("en", "de", "en"):
        blobs = [{"property": "body", "data": f"some {lang} text"}]
        http.post(
            f"/buckets/{bucket['bucket_id']}/objects", json={"blobs": blobs, "metadata": {"lang": lang}}
        )
    path = f"/buckets/{bucket['bucket_id']}/batches"
    batch = http.post(path, json={"auto_submit": True}).json()["batch_id"]
    run_batch(api.warehouse, batch)
    [tier] = http.get(f"{path}/{batch}").json()["tier_tasks"]
    assert (tier["source_documents_fetched"], tier["documents_after_source_filter"]) == (3, 2)
    assert (tier["documents_submitted_to_engine"], tier["documents_written"]) == (2, 2)


def test_filters_that_cannot_work(http: httpx.Client, bucket: Json, name: str) -> None:
    """An unknown operator or field is a 422 that names it."""
    near = {"field": "metadata.lang", "operator": "near", "value": 1}
    for filters, at in (
        ({"AND": [near]}, "source.source_filters.AND.0.operator"),
        ({"nowhere": 1}, "source.source_filters"),
    ):
        answer = http.post("/collections", json=_body(bucket, name, filters))
        assert answer.status_code == 422
        assert at in answer.text
