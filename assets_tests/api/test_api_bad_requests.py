"""Requests that are refused before any service sees them: who asks, where, and with what body."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from assets_tests.api.conftest import JSON_LIMIT, Api
from assets_tests.api.refusals import refused

TEXT_BUCKET = {"bucket_name": "refused", "bucket_schema": {"properties": {"body": {"type": "text"}}}}


@pytest.fixture
def stranger(api: Api) -> Iterator[httpx.Client]:
    """A client without any header of its own."""
    with httpx.Client(base_url=f"{api.url}/v1", timeout=60) as client:
        yield client


def _names(api: Api) -> set[str]:
    with api.client() as http:
        return {bucket["bucket_name"] for bucket in http.get("/buckets?limit=1000").json()["results"]}


def test_no_key(api: Api, stranger: httpx.Client) -> None:
    """A request without a key is a 401, and its body is not even read as JSON."""
    answer = stranger.post("/buckets", content=b"{", headers={"X-Namespace": api.namespace})
    refused(answer, 401, "unauthenticated", field="Authorization")


def test_another_scheme(api: Api, stranger: httpx.Client) -> None:
    """Basic authentication is a 401 that shows the scheme, not the secret."""
    answer = stranger.get(
        "/buckets", headers={"Authorization": "Basic c2VjcmV0", "X-Namespace": api.namespace}
    )
    refused(answer, 401, "unauthenticated", value="Basic")
    assert "c2VjcmV0" not in answer.text


def test_a_wrong_key(api: Api, stranger: httpx.Client) -> None:
    """An unknown key is a 403 that does not repeat it."""
    headers = {"Authorization": "Bearer sk_guessed", "X-Namespace": api.namespace}
    answer = stranger.get("/buckets", headers=headers)
    refused(answer, 403, "forbidden", field="Authorization")
    assert "sk_guessed" not in answer.text


def test_a_key_of_another_namespace(api: Api) -> None:
    """For a key of another namespace this one does not exist."""
    with api.client(key=api.other_key) as other:
        refused(other.get("/buckets"), 404, "not_found", field="X-Namespace", value=api.namespace)
        refused(other.get(f"/namespaces/{api.namespace}"), 404, "not_found")
        assert [n["namespace_name"] for n in other.get("/namespaces").json()["results"]] == ["elsewhere"]
        refused(other.post("/namespaces", json={"namespace_name": "mine"}), 403, "forbidden")


def test_resources_of_another_namespace(api: Api, bucket: dict) -> None:
    """An id of one namespace is unknown in another, also with a key that may see both."""
    with api.client(namespace="elsewhere") as elsewhere:
        refused(elsewhere.get(f"/buckets/{bucket['bucket_id']}"), 404, "not_found", value=bucket["bucket_id"])


def test_no_namespace(api: Api, stranger: httpx.Client) -> None:
    """A request that names no namespace says which header is missing."""
    answer = stranger.get("/buckets", headers={"Authorization": f"Bearer {api.key}"})
    refused(answer, 422, "invalid_input", field="X-Namespace")


def test_an_unknown_namespace(api: Api) -> None:
    """A namespace that nobody made is a 404."""
    with api.client(namespace="nobody") as http:
        refused(http.get("/buckets"), 404, "not_found", field="X-Namespace", value="nobody")


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (b'{"bucket_name": NaN}', "expected value"),
        (b'{"bucket_name": Infinity}', "expected value"),
        (b'{"bucket_name": "a', "EOF"),
        (b'{"bucket_name": "\xff\xfe"}', "unicode"),
        (b'{"bucket_name": "\\ud800"}', "hex escape"),
        (b"[" * 5000, "recursion"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number"),
    ],
)
def test_bodies_that_are_not_json(http: httpx.Client, body: bytes, seen: str) -> None:
    """Bytes that are not JSON in UTF-8 are a 422 that says where it stops being JSON."""
    answer = http.post("/buckets", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 422, "invalid_input", field="body")
    assert seen in answer.json()["error"]["message"]


def test_numbers_beyond_floats(http: httpx.Client) -> None:
    """1e999 is not infinity: it is refused with the field it is in."""
    body = b'{"bucket_name": "x", "metadata": {"size": 1e999}}'
    answer = http.post("/buckets", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 422, "invalid_input", field="metadata.size", value="inf")


def test_nul_characters(api: Api, http: httpx.Client) -> None:
    """NUL is refused in bodies and addresses: not every catalog can keep it."""
    refused(
        http.post("/buckets", json=TEXT_BUCKET | {"bucket_name": "a\x00b"}),
        422,
        "invalid_input",
        field="bucket_name",
    )
    refused(http.get("/buckets/a%00b"), 422, "invalid_input", field="url")
    assert not any("a" in name and "b" in name and len(name) == 3 for name in _names(api))


def test_a_form_is_not_json(http: httpx.Client) -> None:
    """What `curl -d` sends without a header is refused with the header to send."""
    answer = http.post("/buckets", data={"bucket_name": "x"})
    refused(answer, 422, "invalid_input", field="Content-Type", value="application/x-www-form-urlencoded")


def test_json_without_a_content_type(http: httpx.Client) -> None:
    """A body that does not say what it is is read as JSON."""
    request = http.build_request("POST", "/buckets/list", content=b"{}")
    request.headers.pop("content-type", None)
    assert http.send(request).status_code == 200


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit(api: Api, http: httpx.Client, announced: bool) -> None:
    """A body over the limit is a 413, with a Content-Length and streamed in chunks without one."""
    size = JSON_LIMIT + 1
    body = b" " * size if announced else iter([b" " * 1_000_000] * (size // 1_000_000 + 1))
    answer = http.post("/buckets", content=body, headers={"Content-Type": "application/json"})
    details = refused(answer, 413, "too_large", field="body")
    assert details["limit"] == JSON_LIMIT
    assert api.warehouse.access  # the server lives
    assert http.get("/buckets").status_code == 200


def test_an_unknown_field(api: Api, http: httpx.Client) -> None:
    """A field that the contract does not know is refused with its value and the nearest known one."""
    answer = http.post("/buckets", json=TEXT_BUCKET | {"descripton": "a typo"})
    details = refused(answer, 422, "extra_forbidden", field="descripton", value="a typo")
    assert "'description'" in details["fix"]
    assert "refused" not in _names(api)


def test_an_unknown_nested_field(http: httpx.Client) -> None:
    """The same deep inside: `name` where a schema wants `type`."""
    schema = {"properties": {"body": {"type": "text", "requird": True}}}
    answer = http.post("/buckets", json={"bucket_name": "refused", "bucket_schema": schema})
    details = refused(
        answer, 422, "extra_forbidden", field="bucket_schema.properties.body.requird", value=True
    )
    assert "'required'" in details["fix"]


def test_an_unknown_query_parameter(http: httpx.Client) -> None:
    """A misspelt query parameter is not silently ignored."""
    details = refused(http.get("/buckets?ofset=3"), 422, "extra_forbidden", field="ofset", value="3")
    assert "'offset'" in details["fix"]


def test_a_field_that_is_not_built_yet(http: httpx.Client) -> None:
    """Fields of the contract that do nothing here are refused, not ignored."""
    answer = http.post("/buckets", json=TEXT_BUCKET | {"storage_class": "coldline"})
    refused(answer, 422, "unsupported", field="storage_class", value="coldline")
    flag = http.get("/buckets", params={"search": "x"})
    assert flag.status_code == 200


def test_a_flag_that_is_not_built_yet(http: httpx.Client, bucket: dict) -> None:
    """A flag may be sent as off, as the official client does; on is refused."""
    path = f"/buckets/{bucket['bucket_id']}/objects"
    body = {"blobs": [{"property": "body", "data": "text"}]}
    assert http.post(path, json=body, params={"auto_process": "false"}).status_code == 200
    refused(
        http.post(path, json=body, params={"auto_process": "true"}), 422, "unsupported", field="auto_process"
    )


def test_a_missing_field(http: httpx.Client) -> None:
    """What is missing is named."""
    refused(
        http.post("/buckets", json={"bucket_name": "refused"}), 422, "invalid_input", field="bucket_schema"
    )


def test_a_wrong_type(http: httpx.Client) -> None:
    """A wrong type is named with the value seen and what would be right."""
    schema = {"properties": {"body": {"type": "txt"}}}
    answer = http.post("/buckets", json={"bucket_name": "refused", "bucket_schema": schema})
    details = refused(answer, 422, "invalid_input", field="bucket_schema.properties.body.type", value="txt")
    assert "'text'" in details["fix"]


def test_a_cursor_from_elsewhere(http: httpx.Client) -> None:
    """A cursor that was not made here is refused, not read as the first page."""
    refused(http.get("/buckets?cursor=abc"), 422, "invalid_input", field="cursor", value="abc")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "offset=-1", "page=0", "offset=99999999999999999999"]
)
def test_pages_that_cannot_be(http: httpx.Client, query: str) -> None:
    """Sizes and offsets outside their bounds are refused."""
    refused(http.get(f"/buckets?{query}"), 422, "invalid_input", field=query.split("=")[0])


def test_a_status_that_nobody_has(http: httpx.Client, bucket: dict) -> None:
    """A list is not silently empty because a word was misspelt."""
    path = f"/buckets/{bucket['bucket_id']}/batches"
    assert http.get(path, params={"status": "COMPLETED"}).json()["total"] == 0
    details = refused(
        http.get(path, params={"status": "DONE"}), 422, "invalid_input", field="status", value="DONE"
    )
    assert "'COMPLETED'" in details["fix"]


def test_unknown_addresses_and_methods(http: httpx.Client) -> None:
    """What has no route answers in the same envelope."""
    assert http.get("/nothing").json()["error"]["code"] == "not_found"
    answer = http.patch("/buckets")
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert answer.headers["allow"]
