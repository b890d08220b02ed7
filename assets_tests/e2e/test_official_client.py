"""The official client from PyPI, unmodified, walks from a bucket to a search result on a running stack."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import mixpeek
import pytest

from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

URI = "mixpeek://text_extractor@v1/text_extractor_v1_embedding"
TEXTS = {
    "AAPL": "Revenue increased 22% year over year, driven by services.",
    "TSLA": "Factory workers assembled more vehicles than in any quarter before.",
    "KO": "The recipe of the beverage has been a secret for a century.",
}


def semantic_stage() -> dict[str, Any]:
    """The walk-through's one stage."""
    search = {"feature_uri": URI, "query": {"input_mode": "text", "value": "{{INPUT.query}}"}, "top_k": 20}
    parameters = {"searches": [search], "final_top_k": 20, "fusion": "rrf"}
    return {
        "stage_name": "semantic",
        "stage_type": "filter",
        "config": {"stage_id": "feature_search", "parameters": parameters},
    }


def test_the_walk_through_with_the_official_client(shared_stack: RunningStack) -> None:
    """Bucket, objects, collection, batch, submit, poll, retriever, execute: the filing about revenue comes first."""
    assert version("mixpeek") == "1.3.783"
    written = json.loads((shared_stack.home / "credentials.json").read_text())
    client = mixpeek.Mixpeek(
        written["api_key"], namespace=written["namespace"], base_url=f"{written['base_url']}/v1"
    )
    schema = {"properties": {"filing_text": {"type": "text"}, "ticker": {"type": "string"}}}
    bucket = client.buckets.create(bucket_name="filings-of-the-client", bucket_schema=schema)
    objects = [
        client.buckets.upload(bucket.bucket_id, data=text, metadata={"ticker": ticker}).object_id
        for ticker, text in TEXTS.items()
    ]
    collection = client.collections.create(
        name="chunks-of-the-client",
        source={"type": "bucket", "bucket_ids": [bucket.bucket_id]},
        feature_extractor={
            "feature_extractor_name": "text_extractor",
            "version": "v1",
            "input_mappings": {"text": "filing_text"},
            "field_passthrough": [{"source_path": "ticker"}],
        },
    )
    batch = _submitted(written, bucket.bucket_id, objects, collection.collection_id)

    ended = wait_until(lambda: _if_ended(client, bucket.bucket_id, batch), f"the end of {batch}")

    assert ended == "COMPLETED"
    assert client.batches.audit(bucket.bucket_id, batch).all_balanced is True
    retriever = client.retrievers.create(
        name="search-of-the-client",
        stages=[semantic_stage()],
        collection_identifiers=[collection.collection_id],
        input_schema={"query": {"type": "text", "required": True}},
    )
    found = wait_until(lambda: _if_ready(client, retriever.retriever_id), "an answer")
    assert found.status == "completed"
    assert found.documents[0].ticker == "AAPL"
    assert {document.root_object_id for document in found.documents} == set(objects)


def _submitted(written: dict[str, str], bucket: str, objects: list[str], collection: str) -> str:
    """A batch created and submitted by the client's generated half; its shortcuts can only read batches."""
    generated = mixpeek.ApiClient(mixpeek.Configuration(host=written["base_url"]))
    generated.set_default_header("Authorization", f"Bearer {written['api_key']}")
    generated.set_default_header("X-Namespace", written["namespace"])
    batches = mixpeek.BucketBatchesApi(generated)
    request = mixpeek.CreateBatchRequest(batch_name="run-1", object_ids=objects, collection_ids=[collection])
    batch = str(batches.create_batch_buckets_batches(bucket, request).batch_id)
    asked = mixpeek.SubmitBatchRequest(collection_ids=[collection])
    task = batches.submit_batch_buckets_batches(bucket, batch, submit_batch_request=asked)
    assert task.status == "PENDING"
    return batch


def _if_ended(client: mixpeek.Mixpeek, bucket: str, batch: str) -> str | None:
    status = str(client.batches.get(bucket, batch).status)
    return None if status in ("PENDING", "IN_PROGRESS") else status


def _if_ready(client: mixpeek.Mixpeek, retriever: str) -> Any:
    """The answer, once the endpoint is up; until then the client's own error for a 503."""
    try:
        return client.retrievers.execute(retriever, inputs={"query": "revenue growth year over year"})
    except mixpeek._client.client.MixpeekAPIError as error:
        if error.status != 503:
            raise
        return None
