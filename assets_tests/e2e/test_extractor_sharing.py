"""The end of an extractor's life, and how one comes to be everybody's, on a running stack."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.e2e.application import Application, done
from assets_tests.e2e.measuring_packages import write_measuring
from assets_tests.e2e.publisher import CONFIRM_S, Publisher, sent
from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def publisher(shared_stack: RunningStack) -> Iterator[Publisher]:
    """Somebody who publishes into the namespace of the shared stack."""
    with shared_stack.client() as client:
        yield Publisher(client, client.headers["X-Namespace"])


def test_what_is_used_stays_and_what_is_not_can_go(
    publisher: Publisher, application: Application, tmp_path: Path
) -> None:
    """Deleting a version that a collection uses is refused by the collection's name; without the collection, undeploying
    ends its endpoint and deleting it leaves nothing."""
    plugin_id = publisher.deployed("leaving", write_measuring(tmp_path, "leaving"))
    bucket = application.bucket("leaving")
    extractor = {"feature_extractor_name": "leaving", "version": "1.0.0"}
    body = {
        "collection_name": "staying",
        "source": {"type": "bucket", "bucket_ids": [bucket]},
        "feature_extractor": extractor,
    }
    collection = done(application.http.post("/collections", json=body))["collection_id"]
    path = f"{publisher.plugins}/{plugin_id}"
    refused = application.http.delete(path)
    assert refused.status_code == 409
    assert "staying" in refused.text
    assert application.http.post(f"{path}/undeploy").status_code == 409

    done(application.http.delete(f"/collections/{collection}"))
    assert done(application.http.post(f"{path}/undeploy"))["status"] == "not_deployed"
    wait_until(lambda: publisher.infer("leaving", "four").status_code != 200, "the end of the endpoint")
    wait_until(lambda: not publisher.status(plugin_id)["endpoint_id"], "the end of its application")
    done(application.http.delete(path))
    assert application.http.get(path).status_code == 404


def test_a_reviewed_submission_is_everybodys(
    publisher: Publisher, shared_stack: RunningStack, tmp_path: Path
) -> None:
    """Submitted from one namespace, scanned, and approved by an administrator: another namespace lists it as
    community-made and makes documents with it, without publishing anything."""
    http = publisher.http
    archive = _zipped(write_measuring(tmp_path, "shared_measure"))
    body = {"name": "shared_measure", "version": "1.0.0", "file_size_bytes": len(archive)}
    announced = done(http.post("/extractors/submissions/uploads", json=body))
    sent(announced["presigned_url"], archive)
    submission = announced["submission_id"]
    path = f"/extractors/submissions/uploads/{submission}/confirm"
    scanned = done(http.post(path, json={}, timeout=CONFIRM_S))
    assert scanned["status"] == "pending_review", scanned
    waiting = done(http.get("/extractors/submissions/review", params={"status": "pending_review"}))
    assert submission in {one["submission_id"] for one in waiting["submissions"]}
    review = {"decision": "approve", "note": "it measures"}
    reviewed = done(http.post(f"/extractors/submissions/{submission}/review", json=review))
    assert reviewed["submission"]["status"] == "approved"

    with shared_stack.client() as client:
        name = f"elsewhere-{uuid.uuid4().hex[:8]}"
        done(client.post("/namespaces", json={"namespace_name": name}))
        client.headers["X-Namespace"] = name
        listed = done(client.get(f"/namespaces/{name}/extractors", params={"source": "community"}))
        assert "shared_measure" in {one["feature_extractor_name"] for one in listed["extractors"]}
        application = Application(client)
        bucket = application.bucket("measured", ["one text", "another text"])
        made = application.collection("measured", bucket, extractor="shared_measure")
        assert application.processed(bucket)["status"] == "COMPLETED"
        assert len(application.documents(made)) == 2


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.glob("*.py")):
            archive.write(file, file.name)
    return buffer.getvalue()
