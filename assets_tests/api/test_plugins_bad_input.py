"""Uploads and packages that are not good: a clear answer, nothing kept, and others go on."""

from __future__ import annotations

import hashlib
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from assets_tests.api.publishing import announced, confirmed, package, published, sent, zipped
from assets_tests.api.refusals import refused

PLUGINS = "/namespaces/testing/plugins"


def not_published(http: httpx.Client, name: str) -> bool:
    """Whether nothing of this name was kept."""
    return http.get(f"{PLUGINS}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "no good"}, "name"),
        ({"name": ""}, "name"),
        ({"version": "1.0.0"}, "name"),
        ({"name": "good", "version": "latest"}, "version"),
        ({"name": "good", "version": "1.0.0.0"}, "version"),
        ({"name": "good", "file_size_bytes": 0}, "file_size_bytes"),
        ({"name": "good", "file_size_bytes": -1}, "file_size_bytes"),
        ({"name": "good", "file_hash": "abc"}, "file_hash"),
        ({"name": "good_1_0_0"}, "name"),
    ],
)
def test_announcements_that_cannot_be(http: httpx.Client, said: dict[str, Any], field: str) -> None:
    """A name or version that is none, and sizes that cannot be, are refused with the field."""
    refused(http.post(f"{PLUGINS}/uploads", json=said), 422, "invalid_input", field=field)


def test_an_unknown_field_of_an_announcement(http: httpx.Client) -> None:
    """A misspelt field is not ignored."""
    answer = http.post(f"{PLUGINS}/uploads", json={"name": "good", "verson": "1.0.0"})
    assert "version" in refused(answer, 422, "extra_forbidden", field="verson")["fix"]


def test_more_than_may_ever_arrive(http: httpx.Client) -> None:
    """More than 500 MB is refused before anything is sent."""
    answer = http.post(f"{PLUGINS}/uploads", json={"name": "huge", "file_size_bytes": 600_000_000})
    refused(answer, 413, "too_large", field="file_size_bytes")


def test_the_name_of_a_built_in_extractor(http: httpx.Client) -> None:
    """A version of a working copy cannot be published over it."""
    answer = http.post(f"{PLUGINS}/uploads", json={"name": "word_vectors", "version": "v1"})
    refused(answer, 409, "name_conflict", field="name")


def test_an_upload_larger_than_declared(http: httpx.Client) -> None:
    """More bytes than announced are a 413, and what arrived is no archive."""
    archive = zipped(package("larger"))
    upload = announced(http, "larger", file_size_bytes=len(archive) - 1)
    refused(sent(upload["presigned_url"], archive), 413, "too_large", field="file_size_bytes")
    refused(http.post(f"{PLUGINS}/uploads/{upload['upload_id']}/confirm", json={}), 409, "conflict")
    assert not_published(http, "larger")


def test_an_upload_with_another_hash(http: httpx.Client) -> None:
    """Other bytes than announced are refused; the right ones then pass."""
    archive = zipped(package("hashed"))
    upload = announced(http, "hashed", file_hash=hashlib.sha256(archive).hexdigest())
    refused(
        sent(upload["presigned_url"], zipped(package("hashed", factor=5.0))),
        422,
        "invalid_input",
        field="file_hash",
    )
    assert sent(upload["presigned_url"], archive).status_code == 200
    assert confirmed(http, upload["upload_id"])["success"]


def test_a_confirmation_of_other_bytes(http: httpx.Client) -> None:
    """An ETag or size that the sender did not send is refused, and the upload can still be confirmed."""
    archive = zipped(package("seen"))
    upload = announced(http, "seen")
    sent(upload["presigned_url"], archive)
    path = f"{PLUGINS}/uploads/{upload['upload_id']}/confirm"
    refused(http.post(path, json={"etag": "0" * 64}), 422, "invalid_input", field="etag")
    refused(http.post(path, json={"file_size_bytes": 1}), 422, "invalid_input", field="file_size_bytes")
    assert confirmed(http, upload["upload_id"], file_size_bytes=len(archive))["success"]


def test_a_confirmation_before_the_bytes(http: httpx.Client) -> None:
    """Nothing has arrived: a 409 that says what to do."""
    upload = announced(http, "early")
    answer = http.post(f"{PLUGINS}/uploads/{upload['upload_id']}/confirm", json={})
    assert "PUT" in refused(answer, 409, "conflict", field="upload_id")["fix"]


def test_confirmed_twice(http: httpx.Client) -> None:
    """The second confirmation answers as the first, and the bytes cannot change any more."""
    archive = zipped(package("twice"))
    upload = announced(http, "twice")
    sent(upload["presigned_url"], archive)
    first, second = confirmed(http, upload["upload_id"]), confirmed(http, upload["upload_id"])
    assert first == second
    assert first["success"]
    refused(sent(upload["presigned_url"], archive), 409, "conflict", field="upload_id")
    assert http.get(f"{PLUGINS}/twice/versions").json()["total"] == 1


def test_an_unknown_upload(http: httpx.Client) -> None:
    """An upload that nobody announced, and one of another namespace, is a 404."""
    refused(http.post(f"{PLUGINS}/uploads/upl_none/confirm", json={}), 404, "not_found", field="upload_id")
    upload = announced(http, "ours")
    elsewhere = f"/namespaces/elsewhere/plugins/uploads/{upload['upload_id']}/confirm"
    refused(http.post(elsewhere, json={}), 404, "not_found", field="upload_id")


def test_a_wrong_token(http: httpx.Client) -> None:
    """The URL that takes the bytes is the permission; without its token nothing gets in."""
    upload = announced(http, "guarded")
    url = upload["presigned_url"].split("?")[0]
    refused(sent(f"{url}?token=guessed", b"PK"), 403, "forbidden")
    assert httpx.head(f"{url}?token=guessed").status_code == 403


def test_an_upload_that_is_cut_off_goes_on(http: httpx.Client) -> None:
    """After a sender went away in the middle, HEAD says how much has arrived, and the rest completes it."""
    archive = zipped(package("resumed"))
    half = len(archive) // 2
    upload = announced(http, "resumed", file_size_bytes=len(archive))
    _send_half_and_go(upload["presigned_url"], archive[:half], len(archive))
    refused(http.post(f"{PLUGINS}/uploads/{upload['upload_id']}/confirm", json={}), 409, "conflict")

    url = upload["presigned_url"]
    first = sent(url, archive[:half], **{"Content-Range": f"bytes 0-{half - 1}/{len(archive)}"})
    assert first.status_code == 202
    assert httpx.head(url).headers["upload-offset"] == str(half)
    beside = sent(
        url, archive[half + 1 :], **{"Content-Range": f"bytes {half + 1}-{len(archive) - 1}/{len(archive)}"}
    )
    assert str(half) in refused(beside, 409, "conflict", field="offset")["fix"]
    rest = sent(url, archive[half:], **{"Content-Range": f"bytes {half}-{len(archive) - 1}/{len(archive)}"})
    assert rest.headers["etag"] == f'"{hashlib.sha256(archive).hexdigest()}"'
    assert confirmed(http, upload["upload_id"])["success"]


def _send_half_and_go(url: str, half: bytes, total: int) -> None:
    """A PUT that announces `total` bytes, sends some, and hangs up."""
    parts = urlsplit(url)
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {total}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30) as line:
        line.sendall(head.encode() + half)


def test_a_range_that_is_none(http: httpx.Client) -> None:
    """A Content-Range that is not understood, or that the body does not keep, is refused."""
    upload = announced(http, "ranged")
    for said in ("bytes */4", "bytes 0-9/10"):
        answer = sent(upload["presigned_url"], b"PK", **{"Content-Range": said})
        refused(answer, 422, "invalid_input", field="Content-Range")


def test_every_error_of_a_package_is_told_at_once(http: httpx.Client) -> None:
    """A package with several mistakes gets all of them in one answer, with rule, file, line and fix; nothing is
    kept."""
    bad = package("mistaken")
    bad["processors/core.py"] = "import subprocess\n" + bad["processors/core.py"] + "\n\neval('1')\n"
    answer = published(http, "mistaken", zipped(bad))
    assert (answer["success"], answer["plugin_id"], answer["validation_status"]) == (False, None, "failed")
    errors = answer["validation_errors"]
    assert {one["line"] for one in errors if one["file"] == "processors/core.py"} >= {1}
    assert len(errors) >= 2
    assert all(one["rule"] and one["message"] for one in errors)
    assert not_published(http, "mistaken")


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        (b"this is no archive", "garbage"),
        (zipped({"README.md": "nothing here"}), "empty_package"),
        (zipped({"../manifest.py": "escaped = 1"}), "escaping"),
    ],
)
def test_what_is_no_package(http: httpx.Client, archive: bytes, name: str) -> None:
    """Bytes that are no archive, archives that hold no package, and paths that lead out of it have findings."""
    answer = published(http, name, archive)
    assert answer["success"] is False
    assert answer["validation_errors"]
    assert not_published(http, name)


def test_a_manifest_that_raises(http: httpx.Client) -> None:
    """A package that cannot even be imported is told why, and the server stays up."""
    bad = package("raising")
    bad["manifest.py"] += "\nraise RuntimeError('out of order')\n"
    answer = published(http, "raising", zipped(bad))
    assert answer["success"] is False
    assert any("out of order" in one["message"] for one in answer["validation_errors"])
    assert http.get("/health").status_code == 200


def test_another_name_than_announced(http: httpx.Client) -> None:
    """The manifest's name counts; an upload that was announced as another is refused."""
    answer = published(http, "announced_so", zipped(package("named_so")))
    assert answer["success"] is False
    assert any("named_so" in one["message"] for one in answer["validation_errors"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nobody_1_0_0"),
        ("DELETE", "nobody_1_0_0"),
        ("POST", "nobody_1_0_0/deploy"),
        ("GET", "nobody/status"),
        ("POST", "nobody@1.0.0/undeploy"),
        ("GET", "nobody/versions"),
        ("POST", "nobody/rollback"),
    ],
)
def test_what_was_never_published(http: httpx.Client, method: str, path: str) -> None:
    """Nothing can be done with a version that does not exist."""
    refused(http.request(method, f"{PLUGINS}/{path}"), 404, "not_found")


def test_deploying_a_version_that_does_not_exist(http: httpx.Client) -> None:
    """A missing version of a published name lists the versions that there are; what is active stays."""
    published(http, "present", zipped(package("present")))
    details = refused(http.post(f"{PLUGINS}/present@3.0.0/deploy"), 404, "not_found")
    assert "1.0.0" in details["fix"]
    assert http.get(f"{PLUGINS}/present/status").json()["status"] == "not_deployed"


def test_an_unknown_deployment_type(http: httpx.Client) -> None:
    """A misspelt query value is refused, not read as the default."""
    answer = http.post(f"{PLUGINS}/nobody_1_0_0/deploy", params={"deployment_type": "batch"})
    refused(answer, 422, "invalid_input", field="deployment_type")
