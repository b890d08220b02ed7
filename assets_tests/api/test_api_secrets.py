"""The secrets of the organization over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from assets_tests.api.conftest import Api

VALUE = "hunter2-hunter2"
PATH = "/organizations/secrets"


@pytest.fixture
def secret(http: httpx.Client, name: str) -> Iterator[str]:
    """A secret that the test may change."""
    assert http.post(PATH, json={"secret_name": name, "secret_value": VALUE}).status_code == 200
    yield name
    http.delete(f"{PATH}/{name}")


def test_secret_is_created_listed_updated_and_deleted(http: httpx.Client, api: Api, secret: str) -> None:
    """Every answer has the shape of the official client, and none has a value."""
    assert secret in http.get(PATH).json()["secrets"]
    updated = http.put(f"{PATH}/{secret}", json={"secret_value": "other-value"})
    assert updated.json() == {"secret_name": secret, "updated": True}
    assert api.warehouse.secrets.value(secret) == "other-value"
    deleted = http.delete(f"{PATH}/{secret}")
    assert deleted.json() == {"secret_name": secret, "deleted": True}
    listed = http.get(PATH).json()
    assert secret not in listed["secrets"]
    assert listed["count"] == len(listed["secrets"])


def test_secret_needs_no_namespace(api: Api, secret: str) -> None:
    """Secrets belong to the organization: the header is not needed."""
    answer = httpx.get(f"{api.url}/v1{PATH}", headers={"Authorization": f"Bearer {api.key}"})
    assert secret in answer.json()["secrets"]


def test_secret_of_a_taken_name_is_refused(http: httpx.Client, secret: str) -> None:
    """Creating it again is a conflict and changes nothing."""
    answer = http.post(PATH, json={"secret_name": secret, "secret_value": "another"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "name_conflict")


@pytest.mark.parametrize(("method", "body"), [("PUT", {"secret_value": VALUE}), ("DELETE", None)])
def test_secret_that_is_not_there_is_404(method: str, body: object, http: httpx.Client) -> None:
    """The answer names what was asked for."""
    answer = http.request(method, f"{PATH}/missing", json=body)
    assert answer.status_code == 404
    assert "missing" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "sent",
    [
        '{"secret_name": "x", "secret_valeu": "hunter2-hunter2"}',
        '{"secret_name": "x", "secret_value": {"hunter2-hunter2": 1}}',
        '{"secret_name": "x", "secret_value": "hunter2-hunter2" oops',
        '["hunter2-hunter2"]',
        '{"secret_value": "hunter2-hunter2"}',
        '{"secret_name": "x", "secret_value": "hunter2-hunter2", "more": "hunter2-hunter2"}',
    ],
)
def test_secret_is_not_repeated_by_an_error(sent: str, http: httpx.Client) -> None:
    """However wrong the body is, the 422 shows the field and never what was sent."""
    answer = http.post(PATH, content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_secret_is_out_of_reach_of_a_limited_key(api: Api) -> None:
    """A key of one namespace may not see or change what all of them share."""
    with api.client(key=api.other_key, namespace="elsewhere") as http:
        assert http.get(PATH).status_code == 403
        assert http.post(PATH, json={"secret_name": "x", "secret_value": VALUE}).status_code == 403
