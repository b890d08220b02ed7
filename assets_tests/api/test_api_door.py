"""The outermost layer: addresses, request numbers, and errors that nobody expected."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.refusals import refused
from assets_tests.api.server import served
from mixpeek_orchestration.api.app import create_app
from mixpeek_orchestration.api.door import address
from mixpeek_orchestration.core.errors import BudgetExceeded, NotReady


@pytest.mark.parametrize(
    ("sent", "path", "namespace"),
    [
        ("/v1/buckets", "/v1/buckets", None),
        ("/v1/buckets/", "/v1/buckets", None),
        ("/buckets", "/v1/buckets", None),
        ("/health", "/v1/health", None),
        ("/openapi.json", "/openapi.json", None),
        ("/v1/namespaces/ns_1", "/v1/namespaces/ns_1", None),
        ("/v1/namespaces/ns_1/buckets/b/objects", "/v1/buckets/b/objects", "ns_1"),
        ("/v1/namespaces/ns_1/retrievers", "/v1/retrievers", "ns_1"),
    ],
)
def test_addresses(sent: str, path: str, namespace: str | None) -> None:
    """Every documented spelling of an address is one address."""
    assert address(sent) == (path, namespace)


def test_the_official_client_without_version(api: Api) -> None:
    """A base URL without `/v1` works as well as one with it, and so does a namespace in the path."""
    headers = {"Authorization": f"Bearer {api.key}"}
    with httpx.Client(base_url=api.url, headers=headers) as client:
        assert client.get("/buckets/", headers={"X-Namespace": api.namespace}).status_code == 200
        assert client.get(f"/v1/namespaces/{api.namespace}/buckets").status_code == 200


def test_every_answer_has_a_number(http: httpx.Client) -> None:
    """Each request gets its own number in the answer's headers."""
    numbers = {http.get("/buckets").headers["x-request-id"] for _ in range(3)}
    assert len(numbers) == 3


def test_unexpected_errors(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """An error nobody expected is a 500 with a number; traceback and message are in the log under that number."""

    def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    house = SimpleNamespace(access=api.warehouse.access, buckets=SimpleNamespace(all=broken))
    with served(create_app(house)) as url, caplog.at_level(logging.ERROR):
        answer = httpx.get(
            f"{url}/v1/buckets",
            headers={"Authorization": f"Bearer {api.key}", "X-Namespace": api.namespace},
        )
    details = refused_unexpectedly(answer)
    assert "secret detail" not in answer.text
    record = next(record for record in caplog.records if details["request_id"] in record.getMessage())
    assert "secret detail" in str(record.exc_info[1])


def refused_unexpectedly(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "Traceback" not in answer.text
    return answer.json()["error"]["details"]


@pytest.mark.parametrize(("error", "status"), [(NotReady, 503), (BudgetExceeded, 504)])
def test_what_is_worth_waiting_for(api: Api, error: type[NotReady], status: int) -> None:
    """Something that is not ready says in header and body after how many seconds to ask again."""

    def execute(*_: Any) -> None:
        raise error("The endpoint is starting.", fix="Ask again.", retry_after_s=1.2)

    house = SimpleNamespace(access=api.warehouse.access, retrievers=SimpleNamespace(execute=execute))
    with served(create_app(house)) as url:
        answer = httpx.post(
            f"{url}/v1/retrievers/r/execute",
            headers={"Authorization": f"Bearer {api.key}", "X-Namespace": api.namespace},
        )
    details = refused(answer, status, error.code)
    assert answer.headers["retry-after"] == "2"
    assert (details["retryable"], details["retry_after_seconds"]) == (True, 2)


def test_health_without_a_key(api: Api) -> None:
    """Health names every part, needs no key, and is found with and without `/v1`."""
    for path in ("/v1/health", "/health"):
        answer = httpx.get(f"{api.url}{path}")
        assert answer.status_code == 200
        parts = answer.json()["parts"]
        assert set(parts) == {"catalog", "objects", "documents", "serving"}
        assert {part["status"] for part in parts.values()} == {"ok"}


def test_health_when_a_part_is_down(api: Api) -> None:
    """A part that does not answer makes health a 503 that names it, without its address."""

    def away() -> int:
        raise ConnectionError("postgresql://user:secret@host/db")

    catalog = SimpleNamespace(
        resources=SimpleNamespace(revision=away), deployments=api.warehouse.catalog.deployments
    )
    house = SimpleNamespace(catalog=catalog, parts=api.warehouse.parts, documents=api.warehouse.documents)
    with served(create_app(house)) as url:
        answer = httpx.get(f"{url}/health")
    assert (answer.status_code, answer.json()["parts"]["catalog"]["status"]) == (503, "down")
    assert "secret" not in answer.text


def test_background_runs_with_the_app(api: Api) -> None:
    """What runs beside the app starts with it and stops with it."""
    events: list[str] = []
    part = SimpleNamespace(start=lambda: events.append("start"), stop=lambda: events.append("stop"))
    with served(create_app(api.warehouse, background=[part])):
        assert events == ["start"]
    assert events == ["start", "stop"]
