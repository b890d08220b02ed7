"""Extractors that are offered to everybody: announced, scanned, reviewed, shared."""

from __future__ import annotations

from typing import Any

import httpx
import mixpeek
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.publishing import package, sent, zipped
from assets_tests.api.refusals import refused

SUBMISSIONS = "/extractors/submissions"


@pytest.fixture
def generated(api: Api) -> mixpeek.ExtractorsApi:
    """The official client's methods."""
    client = mixpeek.ApiClient(mixpeek.Configuration(host=api.url))
    client.set_default_header("Authorization", f"Bearer {api.key}")
    client.set_default_header("X-Namespace", api.namespace)
    return mixpeek.ExtractorsApi(client)


def submitted(http: httpx.Client, name: str, archive: bytes) -> dict[str, Any]:
    """The scan's answer to a submission."""
    body = {"name": name, "version": "1.0.0", "file_size_bytes": len(archive)}
    announced = http.post(f"{SUBMISSIONS}/uploads", json=body).json()
    assert sent(announced["presigned_url"], archive).status_code == 200
    path = f"{SUBMISSIONS}/uploads/{announced['submission_id']}/confirm"
    return http.post(path, json={}, timeout=120).json()


def test_the_official_client_submits(generated: mixpeek.ExtractorsApi) -> None:
    """Announce, send, confirm, list and get with the client from PyPI, whose models check every answer."""
    announced = generated.generate_upload_url_extractors_submissions(
        mixpeek.CreateSubmissionUploadRequest(name="offered", version="v1", file_name="offered.zip")
    )
    assert announced.required_content_type == "application/zip"
    assert sent(announced.presigned_url, zipped(package("offered", version="v1"))).status_code == 200
    scanned = generated.confirm_submission_extractors_uploads(
        announced.submission_id, mixpeek.ConfirmSubmissionRequest()
    )
    assert (scanned.success, scanned.status, scanned.security_scan_passed, scanned.manifest_valid) == (
        True,
        "pending_review",
        True,
        True,
    )
    listed = generated.list_submissions_extractors(status="pending_review")
    assert announced.submission_id in {one.submission_id for one in listed.submissions}
    detail = generated.get_submission_extractors(announced.submission_id)
    assert detail.submission["extractor_name"] == "offered"


def test_an_approved_submission_is_shared(api: Api, http: httpx.Client) -> None:
    """Once an administrator approves it, every namespace can use it; a key with limits may not decide."""
    scanned = submitted(http, "shared_lengths", zipped(package("shared_lengths")))
    assert scanned["status"] == "pending_review", scanned
    review = f"{SUBMISSIONS}/{scanned['submission_id']}/review"
    with api.client(key=api.other_key, namespace="elsewhere") as other:
        refused(other.post(review, json={"decision": "approve"}), 403, "forbidden", field="Authorization")
        refused(other.get(f"{SUBMISSIONS}/review"), 403, "forbidden", field="Authorization")
        refused(other.get(f"{SUBMISSIONS}/{scanned['submission_id']}"), 404, "not_found")
    waiting = http.get(f"{SUBMISSIONS}/review", params={"status": "pending_review"}).json()["submissions"]
    assert scanned["submission_id"] in {one["submission_id"] for one in waiting}
    decided = http.post(review, json={"decision": "approve", "note": "useful"}).json()["submission"]
    assert (decided["status"], decided["visibility"], decided["review_note"]) == (
        "approved",
        "public",
        "useful",
    )
    with api.client(key=api.other_key, namespace="elsewhere") as other:
        found = other.get("/namespaces/elsewhere/extractors", params={"source": "community"}).json()
    assert [one["feature_extractor_name"] for one in found["extractors"]] == ["shared_lengths"]


def test_a_rejected_submission_is_not_shared(http: httpx.Client) -> None:
    """A rejected submission stays where it was, and cannot be approved any more."""
    scanned = submitted(http, "unwanted", zipped(package("unwanted")))
    review = f"{SUBMISSIONS}/{scanned['submission_id']}/review"
    assert http.post(review, json={"decision": "reject"}).json()["submission"]["status"] == "rejected"
    refused(http.post(review, json={"decision": "approve"}), 409, "conflict")
    assert "unwanted" not in http.get("/extractors").text


def test_a_scan_that_fails_says_everything(http: httpx.Client) -> None:
    """A forbidden import is a finding; what failed cannot be reviewed."""
    bad = package("forbidden")
    bad["processors/core.py"] = "import socket\n" + bad["processors/core.py"]
    scanned = submitted(http, "forbidden", zipped(bad))
    assert (scanned["success"], scanned["status"], scanned["security_scan_passed"]) == (
        False,
        "scan_failed",
        False,
    )
    assert scanned["security_violations"][0]["file"] == "processors/core.py"
    review = f"{SUBMISSIONS}/{scanned['submission_id']}/review"
    refused(http.post(review, json={"decision": "approve"}), 409, "conflict")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "no-hyphens", "version": "v1"}, "name"),
        ({"name": "ab", "version": "v1"}, "name"),
        ({"name": "fine", "version": "soon"}, "version"),
        ({"name": "fine", "version": "v1", "file_name": "fine.tar.gz"}, "file_name"),
        ({"name": "fine", "version": "v1", "file_size_bytes": 524_288_001}, "file_size_bytes"),
    ],
)
def test_submissions_that_cannot_be(http: httpx.Client, said: dict[str, Any], field: str) -> None:
    """The documented limits of names, sizes and archives are kept, each refusal naming the field."""
    refused(http.post(f"{SUBMISSIONS}/uploads", json=said), 422, "invalid_input", field=field)
