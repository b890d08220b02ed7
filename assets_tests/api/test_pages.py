"""Links that people open in a browser: a key once an hour, then every answer is a page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from assets_tests.api.conftest import Api
from mixpeek_orchestration.warehouse import downloads

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def browser(api: Api) -> Iterator[httpx.Client]:
    """What a browser sends when a link is opened; it keeps cookies."""
    with httpx.Client(base_url=api.url, headers=HTML, timeout=60, follow_redirects=True) as client:
        yield client


@pytest.fixture
def samples(api: Api, http: httpx.Client, name: str) -> str:
    """The address of the samples of a collection with a document that would like to be a script."""
    collection = materialized(api, http, name, [SCRIPT, "rain"])
    return f"/v1/namespaces/{api.namespace}/collections/{collection}/samples"


def materialized(api: Api, http: httpx.Client, name: str, texts: list[str]) -> str:
    """The id of a collection with a document per text."""
    schema = {"properties": {"body": {"type": "text"}}}
    bucket = http.post("/buckets", json={"bucket_name": name, "bucket_schema": schema}).json()["bucket_id"]
    blobs = [{"blobs": [{"property": "body", "type": "text", "data": text}]} for text in texts]
    assert http.post(f"/buckets/{bucket}/objects/batch", json={"objects": blobs}).json()["failed_count"] == 0
    extractor = {"feature_extractor_name": "word_vectors", "version": "v1"}
    source = {"type": "bucket", "bucket_ids": [bucket]}
    body = {"collection_name": name, "source": source, "feature_extractor": extractor}
    collection: str = http.post("/collections", json=body).json()["collection_id"]
    api.warehouse.materialize(collection, None, run_id="test")
    return collection


def signed_in(browser: httpx.Client, key: str, to: str) -> httpx.Response:
    return browser.post("/v1/pages/sign-in", data={"key": key, "to": to})


def test_a_link_asks_for_a_key_and_then_shows_the_page(api: Api, browser: httpx.Client, samples: str) -> None:
    """A browser gets a form; with the key it lands on what it wanted, and content on the page cannot run."""
    asked = browser.get(samples)
    assert asked.status_code == 401
    assert 'type="password"' in asked.text
    assert "rain" not in asked.text
    assert f'name="to" value="{samples}"' in asked.text

    shown = signed_in(browser, api.key, samples)

    assert shown.status_code == 200
    assert "rain" in shown.text
    assert "&lt;script&gt;" in shown.text
    assert "<script" not in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert api.key not in str(list(browser.cookies.jar))
    assert browser.get(samples).status_code == 200


def test_a_wrong_key_leads_to_the_form_again(browser: httpx.Client, samples: str) -> None:
    """A key that is not known opens nothing and says so."""
    refused = signed_in(browser, "sk_wrong", samples)
    assert refused.status_code == 403
    assert "not known" in refused.text
    assert browser.get(samples).status_code == 401


def test_a_key_for_another_namespace_opens_nothing_here(
    api: Api, browser: httpx.Client, samples: str
) -> None:
    """What a key may not see does not exist for its pages either."""
    assert signed_in(browser, api.other_key, samples).status_code == 404


def test_a_cookie_ends(
    api: Api, browser: httpx.Client, samples: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour the form comes again."""
    monkeypatch.setattr(downloads, "LIFETIME_S", -1)
    signed_in(browser, api.key, samples)
    assert browser.get(samples).status_code == 401


def test_a_cookie_only_looks(api: Api, browser: httpx.Client, samples: str) -> None:
    """The cookie opens pages: it changes nothing, and no program can use it in place of a key."""
    signed_in(browser, api.key, samples)
    collection = samples.removesuffix("/samples")
    assert browser.delete(collection).status_code == 401
    assert browser.get(samples, headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("to", ["//evil.example/v1/", "https://evil.example/", "/v1/\\evil.example"])
def test_the_form_leads_nowhere_else(api: Api, browser: httpx.Client, to: str) -> None:
    """A link to the form cannot send people to another server."""
    answer = browser.post("/v1/pages/sign-in", data={"key": api.key, "to": to}, follow_redirects=False)
    assert answer.headers["location"] == "/v1/health"


def test_programs_get_samples_as_json(api: Api, http: httpx.Client, name: str) -> None:
    """A few documents without vectors, how many there are, and only those of a batch where one is named."""
    collection = materialized(api, http, name, [f"text {n}" for n in range(8)])
    answer = http.get(f"/collections/{collection}/samples").json()
    assert (answer["total_documents"], len(answer["samples"])) == (8, 5)
    assert not any(isinstance(value, list) and len(value) > 3 for value in answer["samples"][0].values())
    of_none = http.get(f"/collections/{collection}/samples", params={"batch_id": "bat_' OR 1=1"}).json()
    assert (of_none["total_documents"], of_none["samples"]) == (0, [])
    assert http.get(f"/collections/{collection}/samples", params={"limit": 21}).status_code == 422


def test_the_lineage_is_served_as_a_picture_and_as_numbers(api: Api, http: httpx.Client, name: str) -> None:
    """The picture is valid XML that names the collection; the numbers are those of the collection."""
    collection = materialized(api, http, name, ["one", "two"])
    place = f"/namespaces/{api.namespace}/lineage"

    picture = http.get(f"{place}.svg", params={"around": collection})
    numbers = http.get(place, params={"around": collection}).json()

    assert picture.headers["content-type"] == "image/svg+xml"
    assert name in "".join(ET.fromstring(picture.content).itertext())
    (node,) = [one for one in numbers["nodes"] if one["kind"] == "collection"]
    assert (node["count"], node["new"], node["stale"], node["failures"]) == (2, 0, 0, 0)


def test_pages_of_errors_say_what_is_wrong(api: Api, browser: httpx.Client, samples: str) -> None:
    """What is not there is a page with the message and what to do."""
    signed_in(browser, api.key, samples)
    missing: Any = browser.get(f"/v1/namespaces/{api.namespace}/collections/col_gone/samples")
    assert missing.status_code == 404
    assert "col_gone" in missing.text
    assert missing.headers["content-type"].startswith("text/html")
