"""Batches through the whole stack: submitted over HTTP, run by Dagster, served by Ray, also when processes are killed."""

from __future__ import annotations

import httpx
import psutil
import pytest

from assets_tests.e2e.running_stack import RunningStack, wait_until
from assets_tests.e2e.test_stack import is_loopback

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

TEXTS = [
    f"note number {number} about {topic}" for number in range(20) for topic in ("rain", "bread", "ships")
]
URI = "mixpeek://word_vectors@v1/word_vectors_embedding"


def declare(client: httpx.Client, name: str) -> tuple[str, str]:
    """A bucket with texts and a collection over it."""
    schema = {"properties": {"text": {"type": "text"}}}
    bucket = created(client.post("/buckets", json={"bucket_name": name, "bucket_schema": schema}))[
        "bucket_id"
    ]
    for text in TEXTS:
        created(
            client.post(
                f"/buckets/{bucket}/objects",
                json={"blobs": [{"property": "text", "type": "text", "data": text}]},
            )
        )
    extractor = {
        "feature_extractor_name": "word_vectors",
        "version": "v1",
        "input_mappings": {"text": "text"},
    }
    body = {
        "collection_name": name,
        "source": {"type": "bucket", "bucket_ids": [bucket]},
        "feature_extractor": extractor,
    }
    return bucket, created(client.post("/collections", json=body))["collection_id"]


def submit(client: httpx.Client, bucket: str, collection: str) -> str:
    """A submitted batch of everything in the bucket."""
    listed = client.get(f"/buckets/{bucket}/objects", params={"limit": 100}).json()["results"]
    body = {"object_ids": [one["object_id"] for one in listed], "collection_ids": [collection]}
    batch = created(client.post(f"/buckets/{bucket}/batches", json=body))["batch_id"]
    created(client.post(f"/buckets/{bucket}/batches/{batch}/submit", json={}))
    return str(batch)


def created(answer: httpx.Response) -> dict[str, str]:
    """The body of an answer that is no error."""
    assert answer.is_success, answer.text
    body: dict[str, str] = answer.json()
    return body


def status_of(client: httpx.Client, bucket: str, batch: str) -> str:
    """The status of a batch; nothing while the API is away."""
    try:
        return str(client.get(f"/buckets/{bucket}/batches/{batch}").json()["status"])
    except httpx.TransportError:
        return ""


def documents(client: httpx.Client, collection: str) -> int:
    """How many documents a collection has."""
    answer = created(client.post(f"/collections/{collection}/documents/list", json={"limit": 1}))
    return int(answer["pagination"]["total"])  # type: ignore[index]


def test_a_batch_completes_after_its_run_worker_code_server_and_daemon_are_killed(
    stack: RunningStack,
) -> None:
    """`kill -9` of all three together, then `up`: the batch is run again and every item has its one document."""
    with stack.client() as client:
        bucket, collection = declare(client, "killed")
        batch = submit(client, bucket, collection)
        wait_until(stack.run_workers, "a run worker")
        for process in [*stack.processes("code-server"), *stack.processes("daemon")]:
            process.kill()

        stack.up()

        done = wait_until(lambda: _ended(status_of(client, bucket, batch)), f"batch {batch}\n{stack.logs()}")
        assert done == "COMPLETED"
        assert documents(client, collection) == len(TEXTS)


def _ended(status: str) -> str | None:
    return status if status.startswith(("COMPLETED", "FAILED", "CANCEL")) else None


def test_with_an_endpoint_only_serve_replicas_listen_on_other_interfaces(stack: RunningStack) -> None:
    """Ray cannot be told where a replica's own port listens; its token guards that one. All others are loopback."""
    with stack.client() as client:
        body = {"feature_uri": URI, "inputs": {"text": "rain"}}
        wait_until(lambda: client.post("/inference", json=body).is_success, f"the endpoint\n{stack.logs()}")
    reachable = {
        process.name()
        for process in stack.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and not is_loopback(connection.laddr.ip)
    }
    assert all(name.startswith("ray::ServeRepl") for name in reachable), reachable
