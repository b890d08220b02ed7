"""The client from PyPI, unmodified: its shortcuts, and its generated half, whose models check every answer."""

from __future__ import annotations

from typing import Any

import httpx
import mixpeek
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.materializing import run_batch

URI = "mixpeek://word_vectors@v1/word_vectors_embedding"


@pytest.fixture
def generated(api: Api) -> mixpeek.ApiClient:
    """The generated client; key and namespace go in as headers."""
    client = mixpeek.ApiClient(mixpeek.Configuration(host=api.url))
    client.set_default_header("Authorization", f"Bearer {api.key}")
    client.set_default_header("X-Namespace", api.namespace)
    return client


def _stage(uri: str = URI) -> dict[str, Any]:
    search = {"feature_uri": uri, "query": {"input_mode": "text", "value": "{{INPUT.query}}"}, "top_k": 5}
    return {
        "stage_name": "search",
        "stage_type": "filter",
        "config": {"stage_id": "feature_search", "parameters": {"searches": [search], "final_top_k": 5}},
    }


def test_shortcuts_from_bucket_to_documents(api: Api) -> None:
    """`Mixpeek(...)` creates, uploads, lists, searches and deletes, and reads answers by attribute."""
    client = api.official()
    schema = {"properties": {"body": {"type": "text"}}}
    bucket = client.buckets.create(bucket_name="client bucket", bucket_schema=schema)
    stored = client.buckets.upload(bucket.bucket_id, data="alpha beta gamma", metadata={"ticker": "A"})
    collection = client.collections.create(
        name="client collection",
        source={"type": "bucket", "bucket_ids": [bucket.bucket_id]},
        feature_extractor={"feature_extractor_name": "word_vectors", "version": "v1"},
    )
    with api.client() as http:
        body = {"object_ids": [stored.object_id], "auto_submit": True}
        batch = http.post(f"/buckets/{bucket.bucket_id}/batches", json=body).json()["batch_id"]
    run_batch(api.warehouse, batch)

    assert client.batches.get(bucket.bucket_id, batch).status == "COMPLETED"
    assert client.batches.audit(bucket.bucket_id, batch).all_balanced is True
    assert client.batches.failed_documents(bucket.bucket_id, batch).results == []
    assert client.tasks.get(f"task_{batch}").status == "COMPLETED"
    assert client.buckets.list_objects(bucket.bucket_id).results[0].object_id == stored.object_id
    documents = client.documents.list(collection.collection_id).results
    assert [document.text for document in documents] == ["alpha beta gamma"]
    assert client.documents.get(collection.collection_id, documents[0].document_id).text == "alpha beta gamma"

    retriever = client.retrievers.create(
        name="client retriever",
        stages=[_stage()],
        collection_identifiers=[collection.collection_id],
        input_schema={"query": {"type": "text", "required": True}},
    )
    answer = client.retrievers.execute(retriever.retriever_id, inputs={"query": "alpha beta"})
    assert answer.documents[0].text == "alpha beta gamma"

    assert retriever.retriever_id in [r.retriever_id for r in client.retrievers.list().results]
    assert client.retrievers.delete(retriever.retriever_id).success
    assert client.collections.delete(collection.collection_id).success
    assert client.namespaces.create(name="made by the client").namespace_name == "made by the client"


def test_a_wrong_key_raises_the_clients_own_error(api: Api) -> None:
    """The client's error has our status and envelope."""
    with pytest.raises(mixpeek._client.client.MixpeekAPIError) as caught:
        mixpeek.Mixpeek("sk_wrong", namespace=api.namespace, base_url=f"{api.url}/v1").buckets.list()
    assert caught.value.status == 403
    assert caught.value.detail["error"]["code"] == "forbidden"


def test_generated_models_accept_every_answer(api: Api, generated: mixpeek.ApiClient) -> None:
    """What the generated client sends with all its defaults is accepted, and its models accept what we answer."""
    namespaces, buckets = mixpeek.NamespacesApi(generated), mixpeek.BucketsApi(generated)
    assert namespaces.create_namespace(
        mixpeek.CreateNamespaceRequest(namespace_name="generated")
    ).namespace_id
    assert namespaces.list_namespaces_get().total_count >= 2
    field = mixpeek.BucketSchemaFieldInput(type="text")
    ticker = mixpeek.BucketSchemaFieldInput(type="string")
    bucket = buckets.create_bucket(
        mixpeek.BucketCreateRequest(
            bucket_name="generated bucket",
            bucket_schema=mixpeek.BucketSchemaInput(properties={"body": field, "ticker": ticker}),
            unique_key=mixpeek.UniqueKeyConfig(fields=["ticker"]),
        )
    )
    assert buckets.get_bucket(bucket.bucket_id).bucket_name == "generated bucket"
    assert buckets.list_buckets(list_buckets_request=mixpeek.ListBucketsRequest(search="GENERATED")).results
    stored = _put_object(mixpeek.BucketObjectsApi(generated), bucket.bucket_id)
    collection = _make_collection(mixpeek.CollectionsApi(generated), bucket.bucket_id)
    _process(api, mixpeek.BucketBatchesApi(generated), bucket.bucket_id, stored.object_id)
    _read_documents(mixpeek.CollectionDocumentsApi(generated), collection, stored.object_id)
    _search(mixpeek.RetrieversApi(generated), collection)
    _upload(mixpeek.BucketUploadsApi(generated), bucket.bucket_id)


def _put_object(objects: mixpeek.BucketObjectsApi, bucket_id: str) -> mixpeek.ObjectResponse:
    blob = mixpeek.CreateBlobRequest(property="body", type="text", data=mixpeek.Data("alpha beta"))
    request = mixpeek.CreateObjectRequest(blobs=[blob])
    request.additional_properties = {"ticker": "A", "metadata": {"pages": 3}}
    stored = objects.create_object_buckets(bucket_id, request)
    found = objects.get_object_buckets(
        bucket_id, stored.object_id, return_presigned_urls=True, include_document_count=True
    )
    assert found.additional_properties["ticker"] == "A"
    assert found.blobs[0].presigned_url
    assert found.document_count == 0
    many = mixpeek.CreateObjectsBatchRequest(objects=[request])
    assert objects.create_objects_batch_buckets(bucket_id, many).succeeded_count == 1
    listed = objects.list_objects_buckets(bucket_id, list_objects_request=mixpeek.ListObjectsRequest())
    assert [item.object_id for item in listed.results] == [stored.object_id]
    return stored


def _make_collection(collections: mixpeek.CollectionsApi, bucket_id: str) -> str:
    extractor = mixpeek.SharedCollectionFeaturesExtractorsModelsFeatureExtractorConfigInput(
        feature_extractor_name="word_vectors",
        version="v1",
        field_passthrough=[mixpeek.FieldPassthrough(source_path="ticker")],
    )
    created = collections.create_collection(
        mixpeek.CreateCollectionRequest(
            collection_name="generated collection",
            source=mixpeek.SourceConfigInput(type="bucket", bucket_ids=[bucket_id]),
            feature_extractor=extractor,
        )
    )
    found = collections.get_collection(created.collection_id)
    assert [index.feature_uri for index in found.vector_indexes] == [URI]
    assert found.output_schema.properties["ticker"].type == "string"
    assert collections.list_collections(list_collections_request=mixpeek.ListCollectionsRequest()).results
    return created.collection_id


def _process(api: Api, batches: mixpeek.BucketBatchesApi, bucket_id: str, object_id: str) -> None:
    batch = batches.create_batch_buckets_batches(
        bucket_id, mixpeek.CreateBatchRequest(object_ids=[object_id])
    )
    assert (batch.status, batch.lifecycle) == ("DRAFT", "accepted")
    task = batches.submit_batch_buckets_batches(
        bucket_id, batch.batch_id, submit_batch_request=mixpeek.SubmitBatchRequest()
    )
    assert task.task_type == "api_buckets_batches_submit"
    run_batch(api.warehouse, batch.batch_id)
    done = batches.get_batch_buckets_batches(bucket_id, batch.batch_id)
    assert (done.status, done.lifecycle, done.documents_written) == ("COMPLETED", "indexed", 1)
    assert done.tier_tasks[0].audit.balanced
    assert batches.list_batches_buckets(bucket_id, list_batches_request=mixpeek.ListBatchesRequest()).results


def _read_documents(documents: mixpeek.CollectionDocumentsApi, collection_id: str, object_id: str) -> None:
    listed = documents.list_documents(collection_id, list_documents_request=mixpeek.ListDocumentsRequest())
    assert listed.pagination.total == 1
    found = documents.get_document(collection_id, listed.results[0].document_id)
    assert found.additional_properties["ticker"] == "A"
    assert found.internal.lineage.root_object_id == object_id


def _search(retrievers: mixpeek.RetrieversApi, collection_id: str) -> None:
    created = retrievers.create_retriever(
        mixpeek.CreateRetrieverRequest(
            retriever_name="generated retriever",
            stages=[mixpeek.StageConfigInput(**_stage())],
            collection_identifiers=[collection_id],
            input_schema={"query": mixpeek.RetrieverInputSchemaFieldInput(type="text", required=True)},
            budget_limits=mixpeek.BudgetLimits(max_time_ms=20_000),
        )
    )
    assert retrievers.get_retriever(created.retriever_id).stages[0].config["stage_id"] == "feature_search"
    assert retrievers.list_retrievers(list_retrievers_request=mixpeek.ListRetrieversRequest()).total >= 1
    request = mixpeek.ExecuteRetrieverRequest(inputs={"query": "alpha"})
    answer = retrievers.execute_retriever(created.retriever_id, request)
    assert answer.status == "completed"
    assert len(answer.documents) == 1
    assert answer.results is None
    again = retrievers.execute_retriever(created.retriever_id, request, include_legacy_results=True)
    assert again.results == again.documents


def _upload(uploads: mixpeek.BucketUploadsApi, bucket_id: str) -> None:
    announced = uploads.create_upload_buckets(
        bucket_id,
        mixpeek.CreateUploadRequest(
            filename="a.txt", content_type="text/plain", object_metadata={"ticker": "B"}
        ),
    )
    sent = httpx.put(
        announced.presigned_url, content=b"delta epsilon", headers={"Content-Type": "text/plain"}
    )
    assert sent.status_code == 200
    request = mixpeek.ConfirmUploadRequest(etag=sent.headers["etag"], file_size_bytes=13)
    confirmed = uploads.confirm_upload_buckets(bucket_id, announced.upload_id, confirm_upload_request=request)
    assert (confirmed.status, bool(confirmed.object_id)) == ("COMPLETED", True)
