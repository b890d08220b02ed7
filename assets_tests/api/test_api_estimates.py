"""Prices before runs over HTTP, checked by the official client's own models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import mixpeek
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

pytestmark = pytest.mark.usefixtures("collection")


@pytest.fixture
def generated(api: Api) -> mixpeek.ApiClient:
    """The generated client; key and namespace go in as headers."""
    client = mixpeek.ApiClient(mixpeek.Configuration(host=api.url))
    client.set_default_header("Authorization", f"Bearer {api.key}")
    client.set_default_header("X-Namespace", api.namespace)
    return client


@pytest.fixture
def poor(api: Api, http: httpx.Client, name: str) -> Iterator[httpx.Client]:
    """A client in a namespace that may spend nothing."""
    body = {"namespace_name": f"poor {name}", "spend_budget": {"monthly_usd": 0}}
    made = http.post("/namespaces", json=body).json()
    assert made["spend_budget"] == {"daily_usd": None, "monthly_usd": 0}
    with api.client(namespace=made["namespace_id"]) as client:
        yield client


def _put(http: httpx.Client, bucket: dict[str, Any], count: int) -> list[str]:
    found = []
    for number in range(count):
        body = {
            "blobs": [{"property": "body", "data": f"text {number}"}],
            "metadata": {"ticker": f"T{number % 2}"},
        }
        found.append(http.post(f"/buckets/{bucket['bucket_id']}/objects", json=body).json()["object_id"])
    return found


def _draft(http: httpx.Client, bucket: dict[str, Any], **more: Any) -> str:
    answer = http.post(f"/buckets/{bucket['bucket_id']}/batches", json={"object_ids": None, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["batch_id"]


def test_a_draft_is_estimated_as_the_official_client_reads_it(
    api: Api,
    http: httpx.Client,
    generated: mixpeek.ApiClient,
    bucket: dict[str, Any],
) -> None:
    """With no run measured the price is unknown and said to be so; after one it is a figure. Nothing runs."""
    batches = mixpeek.BucketBatchesApi(generated)
    _put(http, bucket, 4)
    first = _draft(http, bucket)
    before = batches.estimate_batch_cost_buckets_batches(bucket["bucket_id"], first)
    assert (before.object_count, before.already_extracted_count) == (4, 0)
    assert before.extractors == ["word_vectors_v1"]
    assert before.features == ["mixpeek://word_vectors@v1/word_vectors_embedding"]
    assert before.content_summary == {"text/plain": {"count": 4, "bytes": 24}}
    assert (
        batches.get_batch(bucket["bucket_id"], first).status == "DRAFT"
        if hasattr(batches, "get_batch")
        else True
    )

    run_batch(
        api.warehouse, http.post(f"/buckets/{bucket['bucket_id']}/batches/{first}/submit").json()["batch_id"]
    )
    second = _draft(http, bucket, dedup_strategy="replace")
    after = batches.estimate_batch_cost_buckets_batches(bucket["bucket_id"], second)
    assert after.already_extracted_count == after.documents_to_remove == 4
    assert after.estimated_usd is not None
    assert after.estimated_usd > 0
    assert after.estimated_credits == after.estimated_repay_credits == 1, "credits are rounded up"


def test_a_trigger_submits_what_is_due(
    api: Api,
    http: httpx.Client,
    generated: mixpeek.ApiClient,
    bucket: dict[str, Any],
    collection: dict[str, Any],
) -> None:
    """A trigger makes a batch of the objects that its filters match; by force also of what is up to date."""
    collections = mixpeek.CollectionsApi(generated)
    object_ids = _put(http, bucket, 4)
    condition = {"field": "ticker", "operator": "eq", "value": "T1"}
    url = f"/collections/{collection['collection_id']}/trigger"
    filtered = http.post(url, json={"source_filters": {"AND": [condition]}}).json()
    assert filtered["object_count"] == 2
    assert run_batch(api.warehouse, filtered["batch_id"]) == "COMPLETED"

    rest = collections.trigger_collection(collection["collection_id"])
    assert (rest.object_count, rest.total_tiers, rest.batch_ids) == (2, 1, None)
    assert rest.source_bucket_ids == [bucket["bucket_id"]]
    assert rest.estimate.object_count == 2
    assert http.get(f"/tasks/{rest.task_id}").json()["status"] == "PENDING"
    run_batch(api.warehouse, rest.batch_id)

    request = mixpeek.TriggerCollectionRequest(object_ids=object_ids[:1], dedup_strategy="force")
    forced = collections.trigger_collection(collection["collection_id"], request)
    run_batch(api.warehouse, forced.batch_id)
    tier = api.warehouse.catalog.batches.get(forced.batch_id).tiers[collection["collection_id"]]
    assert tier.reasons == {"forced": 1}
    idle = collections.trigger_collection(collection["collection_id"])
    assert idle.object_count == 4, "a batch that finds everything up to date"


def test_a_trigger_names_what_is_wrong(
    http: httpx.Client, bucket: dict[str, Any], collection: dict[str, Any]
) -> None:
    """Filters that match nothing, other sources, and what is not built are refused by name."""
    _put(http, bucket, 1)
    url = f"/collections/{collection['collection_id']}/trigger"
    for body, field in [
        ({"source_filters": {"ticker": "nothing"}}, "filters"),
        ({"include_collections": [collection["collection_id"]]}, "include_collections"),
        ({"reembed": {"outputs": ["x"]}}, "reembed"),
        ({"max_cost": 1}, "max_cost"),
    ]:
        answer = http.post(url, json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["details"]["field"] == field


def test_over_the_budget_nothing_is_submitted(api: Api, poor: httpx.Client) -> None:
    """In a namespace whose money is spent a submit is refused and the batch stays a draft."""
    schema = {"properties": {"body": {"type": "text"}}}
    bucket = poor.post("/buckets", json={"bucket_name": "texts", "bucket_schema": schema}).json()
    body = {
        "collection_name": "lines",
        "source": {"type": "bucket", "bucket_ids": [bucket["bucket_id"]]},
        "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
    }
    collection = poor.post("/collections", json=body).json()
    _put(poor, bucket, 2)
    batch = _draft(poor, bucket)
    refused = poor.post(f"/buckets/{bucket['bucket_id']}/batches/{batch}/submit")
    assert refused.status_code == 409, refused.text
    error = refused.json()["error"]
    assert error["code"] == "over_budget"
    assert error["details"]["field"] == "spend_budget.monthly_usd"
    assert api.warehouse.catalog.batches.get(batch).status == "DRAFT"
    assert poor.post(f"/collections/{collection['collection_id']}/trigger").status_code == 409


def test_a_budget_is_changed_by_an_administrator(
    api: Api, generated: mixpeek.ApiClient, http: httpx.Client, name: str
) -> None:
    """The official client sets it; a figure that is left out is no limit; a limited key cannot lift its limit."""
    made = http.post("/namespaces", json={"namespace_name": name}).json()["namespace_id"]
    namespaces = mixpeek.NamespacesApi(generated)
    request = mixpeek.PatchNamespaceRequest(spend_budget=mixpeek.NamespaceSpendBudgetUpdate(daily_usd=2.5))
    namespaces.patch_namespace(made, request)
    found = http.get(f"/namespaces/{made}").json()
    assert found["spend_budget"] == {"daily_usd": 2.5, "monthly_usd": None}
    with api.client(key=api.other_key, namespace="elsewhere") as limited:
        refused = limited.patch("/namespaces/elsewhere", json={"spend_budget": {}})
    assert refused.status_code == 403
