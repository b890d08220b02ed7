"""Well-formed requests whose content is wrong: refused with field, value and fix, and nothing is stored."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from assets_tests.api.conftest import UPLOAD_LIMIT, Api
from assets_tests.api.refusals import refused
from mixpeek_orchestration.core.object import MAX_INLINE_TEXT_BYTES

URI = "mixpeek://word_vectors@v1/word_vectors_embedding"


def _put(http: httpx.Client, bucket: dict[str, Any], data: Any, **fields: Any) -> httpx.Response:
    blob = {"property": "body", "type": "text", "data": data}
    return http.post(f"/buckets/{bucket['bucket_id']}/objects", json={"blobs": [blob], **fields})


def _collection(bucket: dict[str, Any], **extractor: Any) -> dict[str, Any]:
    return {
        "collection_name": f"{bucket['bucket_name']} refused",
        "source": {"type": "bucket", "bucket_ids": [bucket["bucket_id"]]},
        "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1", **extractor},
    }


def _retriever(collection: dict[str, Any], **search: Any) -> dict[str, Any]:
    searches = [{"feature_uri": URI, "query": {"input_mode": "text", "value": "x"}, "top_k": 5, **search}]
    stage = {
        "stage_name": "s",
        "config": {"stage_id": "feature_search", "parameters": {"searches": searches}},
    }
    return {
        "retriever_name": collection["collection_name"],
        "collection_identifiers": [collection["collection_id"]],
        "stages": [stage],
    }


@pytest.mark.parametrize("text", ["", "   \n\t"])
def test_empty_text(http: httpx.Client, bucket: dict, text: str) -> None:
    """Text without a character that is not white space is refused."""
    refused(_put(http, bucket, text), 422, "invalid_input", field="blobs.0.data")
    assert http.get(f"/buckets/{bucket['bucket_id']}").json()["object_count"] == 0


def test_binary_bytes_as_text(http: httpx.Client, bucket: dict) -> None:
    """A PNG read as Latin-1, and one read as UTF-8 with replacements, are not text."""
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"
    refused(_put(http, bucket, png.decode("latin-1")), 422, "invalid_input", field="blobs.0.data")
    refused(_put(http, bucket, (b"\xff\xfe\x80\x81" * 50).decode(errors="replace")), 422, "invalid_input")
    assert http.get(f"/buckets/{bucket['bucket_id']}").json()["object_count"] == 0


def test_text_over_the_limit(http: httpx.Client, bucket: dict) -> None:
    """Inline text of exactly the limit is stored; one byte more is a 413 that points to uploads."""
    assert _put(http, bucket, "a" * MAX_INLINE_TEXT_BYTES).status_code == 200
    details = refused(
        _put(http, bucket, "a" * (MAX_INLINE_TEXT_BYTES + 1)), 413, "too_large", field="blobs.0.data"
    )
    assert "upload" in details["fix"].lower()
    assert http.get(f"/buckets/{bucket['bucket_id']}").json()["object_count"] == 1


def test_an_unknown_blob_property(http: httpx.Client, bucket: dict) -> None:
    """A property that the schema does not have is refused with those it has."""
    answer = http.post(
        f"/buckets/{bucket['bucket_id']}/objects", json={"blobs": [{"property": "boddy", "data": "text"}]}
    )
    assert "body" in refused(answer, 422, "invalid_input", field="blobs.0.property", value="boddy")["fix"]


def test_a_field_of_another_type(http: httpx.Client, bucket: dict) -> None:
    """A declared metadata field keeps its type."""
    refused(_put(http, bucket, "text", ticker=7), 422, "invalid_input", field="ticker", value=7)


def test_a_wrong_checksum(http: httpx.Client, bucket: dict) -> None:
    """Content that is not what the sender hashed is refused; so is a malformed checksum."""
    blob = {"property": "body", "data": "text", "checksum": f"sha256:{'0' * 64}"}
    path = f"/buckets/{bucket['bucket_id']}/objects"
    refused(http.post(path, json={"blobs": [blob]}), 422, "invalid_input", field="blobs.0.checksum")
    malformed = blob | {"checksum": "md5:1"}
    refused(
        http.post(path, json={"blobs": [malformed]}),
        422,
        "invalid_input",
        field="blobs.0.checksum",
        value="md5:1",
    )


def test_some_of_several_objects(http: httpx.Client, bucket: dict) -> None:
    """In a batch of objects the wrong ones are reported by index, and the right ones are stored."""
    good = {"blobs": [{"property": "body", "data": "text"}]}
    bad = {"blobs": [{"property": "nobody", "data": "text"}]}
    malformed = {"blobs": "text"}
    path = f"/buckets/{bucket['bucket_id']}/objects/batch"
    answer = http.post(path, json={"objects": [good, bad, malformed]}).json()
    assert [item["object_index"] for item in answer["succeeded"]] == [0]
    assert [(item["object_index"], item["details"]["field"]) for item in answer["failed"]] == [
        (1, "blobs.0.property"),
        (2, "blobs"),
    ]


def test_a_unique_key_that_is_taken(http: httpx.Client, name: str) -> None:
    """Policy insert refuses a key that exists, policy update one that does not; upsert edits in place."""
    body = {
        "bucket_name": name,
        "bucket_schema": {"properties": {"body": {"type": "text"}, "isbn": {"type": "string"}}},
        "unique_key": {"fields": ["isbn"], "default_policy": "insert"},
    }
    bucket = http.post("/buckets", json=body).json()
    first = _put(http, bucket, "one", isbn="1").json()
    refused(_put(http, bucket, "two", isbn="1"), 409, "conflict", field="unique_key")
    path = f"/buckets/{bucket['bucket_id']}/objects"
    two = {"blobs": [{"property": "body", "data": "two"}], "isbn": "2"}
    refused(http.post(path, json=two, params={"policy": "update"}), 404, "not_found", field="unique_key")
    edited = http.post(path, json=two | {"isbn": "1"}, params={"policy": "upsert"}).json()
    assert edited["object_id"] == first["object_id"]
    refused(_put(http, bucket, "three"), 422, "invalid_input", field="isbn")


@pytest.mark.parametrize(
    "path",
    [
        "/buckets/bkt_none",
        "/buckets/{b}/objects/obj_none",
        "/buckets/{b}/batches/btch_none",
        "/batches/btch_none",
        "/tasks/task_none",
        "/collections/col_none",
        "/collections/col_none/documents",
        "/retrievers/ret_none",
    ],
)
def test_what_does_not_exist(http: httpx.Client, bucket: dict, path: str) -> None:
    """Every kind of resource that is not there is a 404 that repeats the identifier."""
    refused(http.get(path.format(b=bucket["bucket_id"])), 404, "not_found")


def test_names_that_differ_too_little(http: httpx.Client, name: str) -> None:
    """A name beside one that differs only in case, spaces, hyphens or umlauts is a 409 that names the other."""
    schema = {"properties": {"body": {"type": "text"}}}
    first = f"Müller-Daten {name}"
    assert http.post("/buckets", json={"bucket_name": first, "bucket_schema": schema}).status_code == 200
    for other in (f"muller daten {name}", f"MÜLLER_DATEN-{name}", f"Müller--Daten {name}"):
        answer = http.post("/buckets", json={"bucket_name": other, "bucket_schema": schema})
        refused(answer, 409, "name_conflict", value=other)
    assert http.get(f"/buckets/{first}").json()["bucket_name"] == first


def test_a_namespace_with_umlauts_in_the_header(api: Api, http: httpx.Client) -> None:
    """A namespace can be named in the header as curl sends it, in UTF-8."""
    assert http.post("/namespaces", json={"namespace_name": "Bücher 2"}).status_code == 200
    headers = [("Authorization", f"Bearer {api.key}"), ("X-Namespace", "Bücher 2".encode())]
    with httpx.Client(base_url=f"{api.url}/v1", headers=headers) as client:
        assert client.get("/buckets").status_code == 200


@pytest.mark.parametrize(
    ("extractor", "field", "value"),
    [
        ({"feature_extractor_name": "nothing"}, None, "nothing"),
        ({"version": "v9"}, None, "v9"),
        ({"version": "latest"}, "feature_extractor.version", "latest"),
        ({"parameters": {"split_line": True}}, None, None),
        ({"parameters": {"split_lines": "perhaps"}}, None, "perhaps"),
        ({"input_mappings": {"txt": "body"}}, "feature_extractor.input_mappings.txt", "txt"),
        ({"input_mappings": {"text": "boddy"}}, "feature_extractor.input_mappings.text", "boddy"),
        (
            {"field_passthrough": [{"source_path": "tickr"}]},
            "feature_extractor.field_passthrough.0.source_path",
            "tickr",
        ),
    ],
)
def test_collections_that_cannot_work(
    http: httpx.Client, bucket: dict, extractor: dict, field: str | None, value: object
) -> None:
    """Extractor, version, parameter, input or path that does not exist: refused, and no collection is made."""
    answer = http.post("/collections", json=_collection(bucket, **extractor))
    assert answer.status_code == 422, answer.text
    code = answer.json()["error"]["code"]
    refused(answer, 422, code, field=field, value=value)
    refused(http.get(f"/collections/{bucket['bucket_name']} refused"), 404, "not_found")


def test_a_package_with_a_wrong_feature_key(http: httpx.Client, bucket: dict) -> None:
    """`name` instead of `feature_name` in a manifest is refused when a collection chooses the package."""
    answer = http.post("/collections", json=_collection(bucket, feature_extractor_name="wrong_key"))
    refused(answer, 422, "invalid_extractor")
    assert "feature_name" in answer.text


def test_sources_that_do_not_exist(http: httpx.Client, bucket: dict) -> None:
    """A source bucket that is not there, and a collection that would read itself, are 404s."""
    body = _collection(bucket)
    missing = body | {"source": {"type": "bucket", "bucket_ids": ["bkt_none"]}}
    refused(
        http.post("/collections", json=missing), 404, "not_found", field="source.bucket_ids", value="bkt_none"
    )
    itself = body | {"source": {"type": "collection", "collection_ids": [body["collection_name"]]}}
    refused(http.post("/collections", json=itself), 404, "not_found", field="source.collection_ids")


def test_deleting_what_is_in_use(http: httpx.Client, bucket: dict, collection: dict) -> None:
    """A bucket that a collection reads is a 409 that names the reader."""
    answer = http.delete(f"/buckets/{bucket['bucket_id']}")
    refused(answer, 409, "conflict", value=repr([collection["collection_name"]]))


def test_resources_that_are_declared_elsewhere(api: Api, http: httpx.Client, bucket: dict) -> None:
    """What a file declares cannot be deleted over HTTP; the answer names the owner."""
    from mixpeek_orchestration.warehouse.specs import BucketSpec

    spec = BucketSpec(bucket_name=f"{bucket['bucket_name']} yaml", bucket_schema=bucket["bucket_schema"])
    owned = api.warehouse.buckets.create(bucket["namespace_id"], spec, managed_by="yaml")
    answer = http.delete(f"/buckets/{owned.bucket_id}")
    refused(answer, 409, "managed_elsewhere", field="managed_by", value="yaml")


@pytest.mark.usefixtures("collection")
def test_batches_that_cannot_be(http: httpx.Client, bucket: dict) -> None:
    """No objects, unknown objects, foreign collections: refused with the identifier."""
    path = f"/buckets/{bucket['bucket_id']}/batches"
    refused(http.post(path, json={"object_ids": []}), 422, "invalid_input", field="object_ids")
    refused(http.post(path, json={}), 422, "invalid_input", field="object_ids")
    _put(http, bucket, "text")
    refused(
        http.post(path, json={"object_ids": ["obj_x"]}), 404, "not_found", field="object_ids", value="obj_x"
    )
    refused(http.post(path, json={"collection_ids": ["col_x"]}), 404, "not_found", field="collection_ids")
    assert http.get(path).json()["total"] == 0
    batch = http.post(path, json={}).json()["batch_id"]
    assert http.post(f"{path}/{batch}/submit").status_code == 200
    refused(http.post(f"{path}/{batch}/submit"), 409, "conflict")


@pytest.mark.parametrize(
    ("search", "status"),
    [
        ({"feature_uri": "word_vectors"}, 422),
        ({"feature_uri": "mixpeek://word_vectors@v1/other"}, 422),
        ({"feature_uri": "mixpeek://word_vectors@v2/word_vectors_embedding"}, 422),
        ({"top_k": 0}, 422),
        ({"top_k": 5001}, 422),
        ({"topk": 5}, 422),
        ({"query": {"input_mode": "vector", "value": [1.0, 2.0]}}, 422),
        ({"query": {"input_mode": "vector", "value": [0.0] * 8}}, 422),
        ({"query": {"input_mode": "text", "value": "{{INPUT.query"}}, 422),
    ],
)
def test_searches_that_cannot_work(http: httpx.Client, collection: dict, search: dict, status: int) -> None:
    """Feature, dimension, zero vector, size, key or template that cannot work: refused when created, or when run."""
    created = http.post("/retrievers", json=_retriever(collection, **search))
    if created.status_code == 200:
        created = http.post(f"/retrievers/{created.json()['retriever_id']}/execute", json={"inputs": {}})
    assert created.status_code == status, created.text
    refused(created, status, created.json()["error"]["code"])


def test_stages_that_do_not_exist_yet(http: httpx.Client, collection: dict) -> None:
    """A documented stage that is not built is told apart from one that nobody knows."""
    body = _retriever(collection)
    rerank = {"stage_name": "r", "config": {"stage_id": "rerank", "parameters": {}}}
    details = refused(
        http.post("/retrievers", json=body | {"stages": [rerank]}), 422, "unsupported", value="rerank"
    )
    assert details["field"] == "stages.0.config.stage_id"
    unknown = {"stage_name": "r", "config": {"stage_id": "rerankk", "parameters": {}}}
    refused(
        http.post("/retrievers", json=body | {"stages": [unknown]}), 422, "invalid_input", value="rerankk"
    )
    assert http.get(f"/retrievers/{body['retriever_name']}").status_code == 404


def test_inputs_that_are_missing(http: httpx.Client, collection: dict) -> None:
    """An execution without a required input is refused with the input's name."""
    body = _retriever(collection, query={"input_mode": "text", "value": "{{INPUT.query}}"})
    schema = {"query": {"type": "text", "required": True}}
    retriever = http.post("/retrievers", json=body | {"input_schema": schema}).json()["retriever_id"]
    answer = http.post(f"/retrievers/{retriever}/execute", json={"inputs": {}})
    assert "query" in refused(answer, 422, "invalid_input")["field"]


def test_uploads_that_go_wrong(http: httpx.Client, bucket: dict) -> None:
    """A wrong token, bytes over the limit, bytes that are not text, an early confirm: refused, nothing is stored."""
    path = f"/buckets/{bucket['bucket_id']}/uploads"
    upload = http.post(path, json={"filename": "a.txt", "content_type": "text/plain"}).json()
    url = upload["presigned_url"]
    refused(http.post(f"{path}/{upload['upload_id']}/confirm"), 409, "conflict")
    refused(httpx.put(url.split("?")[0], params={"token": "guessed"}, content=b"x"), 403, "forbidden")
    refused(httpx.put(url.split("?")[0], content=b"x"), 422, "invalid_input", field="token")
    refused(httpx.put(url, content=b"a" * (UPLOAD_LIMIT + 1), timeout=60), 413, "too_large")
    refused(httpx.put(url, content=b"\xff\xfe\x00"), 422, "invalid_input")
    refused(httpx.put(url, content=b""), 422, "invalid_input")
    sent = httpx.put(url, content="größe".encode())
    assert sent.status_code == 200
    wrong = http.post(f"{path}/{upload['upload_id']}/confirm", json={"file_size_bytes": 1})
    refused(wrong, 422, "invalid_input", field="file_size_bytes", value=1)
    assert http.get(f"/buckets/{bucket['bucket_id']}").json()["object_count"] == 0
    confirmed = http.post(f"{path}/{upload['upload_id']}/confirm", json={"etag": sent.headers["etag"]}).json()
    assert http.get(f"/buckets/{bucket['bucket_id']}/objects/{confirmed['object_id']}").status_code == 200


def test_an_upload_url_that_expired(api: Api, http: httpx.Client, bucket: dict) -> None:
    """After its time the URL of an upload is a 403."""
    from dataclasses import replace

    path = f"/buckets/{bucket['bucket_id']}/uploads"
    upload = http.post(path, json={"filename": "a.txt", "content_type": "text/plain"}).json()
    uploads = api.warehouse.catalog.uploads
    uploads.put(replace(uploads.get(upload["upload_id"]), expires_at=0.0))
    refused(httpx.put(upload["presigned_url"], content=b"text"), 403, "forbidden")


def test_inference_with_an_unknown_extractor(http: httpx.Client) -> None:
    """Inference by a URI that names nothing is refused."""
    body = {"feature_uri": "mixpeek://nothing@v1/x", "inputs": {"text": "a"}}
    refused(http.post("/inference", json=body), 422, "invalid_input")
    refused(
        http.post("/inference", json=body | {"feature_uri": "nothing"}),
        422,
        "invalid_input",
        field="feature_uri",
    )
