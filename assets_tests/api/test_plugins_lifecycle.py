"""A package over HTTP: uploaded, checked, published, deployed, versioned, rolled back, deleted."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.publishing import announced, confirmed, package, published, sent, zipped
from assets_tests.api.refusals import refused
from mixpeek_orchestration.core.source_files import files_in
from mixpeek_orchestration.extractors.archives.archive import pack

PLUGINS = "/namespaces/testing/plugins"


@pytest.fixture(scope="session")
def words(api: Api) -> dict[str, Any]:
    """An extractor that was published twice, with another vector each time."""
    with api.client() as http:
        first = published(http, "words", zipped(package("words")), message="the first")
        second = published(
            http, "words", zipped(package("words", version="1.1.0", factor=2.0)), message="the second"
        )
    assert first["success"], first
    assert second["success"], second
    return second


def test_a_confirmation_says_what_was_published(words: dict[str, Any]) -> None:
    """The answer has the contract's fields: id, validation, deployment, feature URI."""
    assert words["plugin_id"] == "words_1_1_0"
    assert words["validation_status"] == "passed"
    assert words["validation_errors"] == []
    assert words["deployment_status"] == "not_deployed"
    assert words["feature_uri"] == "mixpeek://words@1.1.0/words_embedding"


def test_a_published_version_is_listed_and_found(http: httpx.Client, words: dict[str, Any]) -> None:
    """A version is in the list, and found by id, NAME@VERSION in every spelling, and NAME (the active one)."""
    listed = http.get(PLUGINS).json()
    assert {"words_1_0_0", "words_1_1_0"} <= {one["plugin_id"] for one in listed["plugins"]}
    assert listed["plugins"] == listed["results"]
    for identifier in ("words_1_1_0", "words@1.1.0", "words@v1.1"):
        found = http.get(f"{PLUGINS}/{identifier}").json()
        assert (found["plugin_id"], found["version"], found["message"]) == (
            words["plugin_id"],
            "1.1.0",
            "the second",
        )


def test_the_namespace_may_be_named_by_id_and_needs_no_header(api: Api) -> None:
    """Routes below a namespace take its id or its name, and no X-Namespace."""
    namespace_id = api.warehouse.namespace_id("testing")
    headers = {"Authorization": f"Bearer {api.key}"}
    with httpx.Client(base_url=f"{api.url}/v1", headers=headers, timeout=60) as bare:
        assert bare.get(f"/namespaces/{namespace_id}/plugins").status_code == 200
        assert bare.get("/namespaces/testing/plugins").status_code == 200
        assert bare.get("/namespaces/testing/extractors").status_code == 200


def test_a_key_of_another_namespace_sees_nothing(api: Api, words: dict[str, Any]) -> None:
    """For a key that is limited to another namespace this one does not exist, whatever the route."""
    with api.client(key=api.other_key) as other:
        for path in (PLUGINS, f"{PLUGINS}/{words['plugin_id']}", "/namespaces/testing/extractors"):
            refused(other.get(path), 404, "not_found", field="namespace_id", value="testing")
        refused(other.post(f"{PLUGINS}/uploads", json={"name": "mine"}), 404, "not_found")
        refused(other.get(f"/namespaces/elsewhere/plugins/{words['plugin_id']}"), 404, "not_found")


@pytest.mark.usefixtures("words")
def test_the_archive_can_be_downloaded_without_a_key(http: httpx.Client) -> None:
    """The presigned URL gives the archive, whose hash the answer has, and nothing else."""
    found = http.get(f"{PLUGINS}/words_1_0_0").json()
    answer = httpx.get(found["presigned_download_url"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == found["archive_sha256"]
    assert files_in(answer.content)["processors/core.py"].decode() == package("words")["processors/core.py"]
    refused(
        httpx.get(found["presigned_download_url"].replace("words_1_0_0", "words_1_1_0")), 403, "forbidden"
    )
    refused(httpx.get(found["presigned_download_url"] + "0"), 403, "forbidden")


@pytest.mark.usefixtures("words")
def test_versions_are_told_like_commits(http: httpx.Client) -> None:
    """The log has every version, newest first, with what it says."""
    answer = http.get(f"{PLUGINS}/words/versions").json()
    assert [one["version"] for one in answer["versions"]][-2:] == ["1.1.0", "1.0.0"]
    assert [one["message"] for one in answer["versions"]][-2:] == ["the second", "the first"]
    assert answer["active_version"] in {"1.0.0", "1.1.0"}


@pytest.mark.usefixtures("words")
def test_two_versions_can_be_compared(http: httpx.Client) -> None:
    """The diff names the files that differ, each with a unified diff."""
    answer = http.get(f"{PLUGINS}/words/diff", params={"from": "1.0.0", "to": "1.1.0"}).json()
    assert [one["path"] for one in answer["files"]] == ["manifest.py", "processors/core.py"]
    assert "-    return [scale * 1.0, scale * len(text), 1.0, 0.0]" in answer["files"][1]["diff"]
    assert "+    return [scale * 2.0, scale * len(text), 1.0, 0.0]" in answer["files"][1]["diff"]
    missing = http.get(f"{PLUGINS}/words/diff", params={"from": "1.0.0", "to": "9.9.9"})
    refused(missing, 404, "not_found")


def test_without_a_version_the_manifest_counts_then_the_next_patch(http: httpx.Client) -> None:
    """The first push takes the manifest's version, the next one the next patch, and the same source is the same
    version."""
    assert published(http, "patched", zipped(package("patched", version="v2")))["version"] == "2.0.0"
    changed = zipped(package("patched", version="v2", factor=3.0))
    assert published(http, "patched", changed)["version"] == "2.0.1"
    assert published(http, "patched", changed)["version"] == "2.0.1"


def test_a_published_version_never_changes(http: httpx.Client, words: dict[str, Any]) -> None:
    """Other content under a published version is a 409 that names what to do."""
    archive = zipped(package("words", version="1.1.0", factor=9.0))
    upload = http.post(f"{PLUGINS}/uploads", json={"name": "words", "version": "1.1.0"})
    if upload.status_code == 200:
        assert sent(upload.json()["presigned_url"], archive).status_code == 200
        upload = http.post(f"{PLUGINS}/uploads/{upload.json()['upload_id']}/confirm", json={})
    refused(upload, 409, "conflict")
    assert http.get(f"{PLUGINS}/{words['plugin_id']}").json()["message"] == "the second"


def test_deploy_for_batches_status_undeploy_delete(http: httpx.Client) -> None:
    """A version that is only for batches is deployed at once; it can be deleted only once nothing uses it."""
    made = published(http, "batched", zipped(package("batched")))
    path = f"{PLUGINS}/{made['plugin_id']}"
    deployed = http.post(f"{path}/deploy", params={"deployment_type": "batch_only"}).json()
    assert (deployed["status"], deployed["deployment_type"], deployed["active"]) == (
        "deployed",
        "batch_only",
        True,
    )
    assert http.get(f"{path}/status").json()["deployment_status"] == "deployed"
    details = refused(http.delete(path), 409, "conflict", field="plugin_id")
    assert "undeploy" in details["fix"]
    assert http.post(f"{path}/undeploy").json()["status"] == "not_deployed"
    assert http.delete(path).json()["success"] is True
    refused(http.get(path), 404, "not_found")


def test_a_deployment_with_an_endpoint_is_asked_for(http: httpx.Client) -> None:
    """Deploying answers before the endpoint is up; the status says so, and the answer of its inference too."""
    made = published(http, "asked", zipped(package("asked")))
    state = http.post(f"{PLUGINS}/{made['plugin_id']}/deploy").json()
    assert state["status"] in {"queued", "pending", "in_progress"}
    assert http.get(f"{PLUGINS}/{made['plugin_id']}/status").json()["status"] == state["status"]


@pytest.mark.usefixtures("words")
def test_rolling_back(http: httpx.Client) -> None:
    """Without a version the one before becomes active again; an unknown one is refused."""
    for plugin in ("words_1_0_0", "words_1_1_0"):
        http.post(f"{PLUGINS}/{plugin}/deploy", params={"deployment_type": "batch_only"})
    assert http.get(f"{PLUGINS}/words").json()["version"] == "1.1.0"
    back = http.post(f"{PLUGINS}/words/rollback", json={"message": "it was better"}).json()
    assert (back["plugin_id"], back["active"]) == ("words_1_0_0", True)
    activation = http.get(f"{PLUGINS}/words/versions").json()["activations"][0]
    assert (activation["version"], activation["previous_version"], activation["message"]) == (
        "1.0.0",
        "1.1.0",
        "it was better",
    )
    refused(http.post(f"{PLUGINS}/words/rollback", json={"version": "7.0.0"}), 404, "not_found")


@pytest.mark.usefixtures("words")
def test_a_version_answers_inputs(http: httpx.Client) -> None:
    """`realtime/test` asks exactly the version that is named."""
    for plugin, factor in (("words_1_0_0", 1.0), ("words_1_1_0", 2.0)):
        answer = http.post(
            f"{PLUGINS}/{plugin}/realtime/test", json={"inputs": {"text": "four"}}, timeout=120
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["embedding"] == [factor, 4 * 1.0, 1.0, 0.0]


def test_new_vectors_delete_nothing(http: httpx.Client) -> None:
    """Reconfiguring is not needed here, and says so instead of deleting points."""
    answer = http.post(f"{PLUGINS}/reconfigure", json={"confirm": True}).json()
    assert (answer["success"], answer["deleted_points"]) == (True, 0)


def test_the_documented_walk_with_curl(http: httpx.Client) -> None:
    """The requests of the documentation, with a folder in the archive and an empty confirmation."""
    archive = zipped(package("documented"), root="documented/")
    upload = announced(http, "documented", version="1.0.0", file_size_bytes=5000)
    assert sent(upload["presigned_url"], archive).status_code == 200
    assert confirmed(http, upload["upload_id"])["plugin_id"] == "documented_1_0_0"
    assert http.post(f"{PLUGINS}/documented_1_0_0/deploy").status_code == 200


def test_a_package_that_asks_services_is_published(http: httpx.Client) -> None:
    """A step that calls an LLM and reads a secret fails in the trial, which has neither: a warning, no error."""
    folder = Path(__file__).parents[1] / "packages" / "styles" / "live_handles"
    made = published(http, "live_handles", pack(folder))
    assert (made["success"], made["validation_errors"]) == (True, [])
    assert {one["severity"] for one in made["findings"]} <= {"warning", "note"}


def test_nothing_of_a_package_runs_in_the_server(http: httpx.Client, tmp_path: Path) -> None:
    """Publishing and discovering a package, the server's process imports nothing of it."""
    mark = "MIXPEEK_TEST_MARK_OF_A_PACKAGE"
    marked = package("marked")
    leave_a_mark = f"import os\n\nos.environ[{mark!r}] = 'ran'\n"
    for path in ("manifest.py", "pipeline.py", "realtime.py", "processors/core.py"):
        marked[path] = leave_a_mark + marked[path]
    made = published(http, "marked", zipped(marked))
    assert made["success"], made
    extractors = http.get("/namespaces/testing/extractors").json()["extractors"]
    assert made["plugin_id"] in {one["plugin_id"] for one in extractors}
    assert http.get("/collections/features").status_code == 200
    assert mark not in os.environ
    assert not [name for name in sys.modules if "marked" in name]
    assert list(tmp_path.iterdir()) == []
