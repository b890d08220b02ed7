"""Extractors that fail on a running stack: what they cost, and what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from assets_tests.e2e.application import Application, done
from assets_tests.e2e.measuring_packages import NO_WEIGHTS, write_measuring
from assets_tests.e2e.publisher import Publisher
from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

NAME = "measured"


@pytest.fixture(scope="module")
def publisher(shared_stack: RunningStack) -> Iterator[Publisher]:
    """Somebody who publishes into the namespace of the shared stack."""
    with shared_stack.client() as client:
        yield Publisher(client, client.headers["X-Namespace"])


@pytest.fixture(scope="module")
def source(publisher: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package whose first version is deployed."""
    folder = tmp_path_factory.mktemp("source")
    assert publisher.deployed(NAME, write_measuring(folder, NAME)) == f"{NAME}_1_0_0"
    return folder


def factor(publisher: Publisher) -> float:
    """Which version answers."""
    return float(done(publisher.infer(NAME, "four"))["data"]["embedding"][0])


def test_rows_that_crash_their_process_cost_themselves(
    publisher: Publisher, source: Path, application: Application
) -> None:
    """In one batch a row that crashes the process and one that raises: both are told as failures with their reason, all others
    are written, and every service of the stack is as it was."""
    assert source.exists()
    texts = ["first", "crash", "second", "raise", "third"]
    bucket = application.bucket("costly", texts)
    extractor = {"feature_extractor_name": NAME, "version": "1.0.0"}
    body = {
        "collection_name": "costly",
        "source": {"type": "bucket", "bucket_ids": [bucket]},
        "feature_extractor": extractor,
    }
    collection = done(application.http.post("/collections", json=body))["collection_id"]
    batch = application.processed(bucket)
    assert batch["status"] == "COMPLETED_WITH_ERRORS", batch
    assert batch["tier_tasks"][0]["audit"]["failed"] == 2
    assert batch["tier_tasks"][0]["audit"]["balanced"] is True
    assert len(application.documents(collection)) == 3
    assert factor(publisher) == 1.0


def test_a_killed_worker_of_an_endpoint_is_replaced(
    shared_stack: RunningStack, publisher: Publisher, source: Path
) -> None:
    """`kill -9` of the process that the package runs in behind its endpoint: what is asked afterwards is answered again."""
    assert source.exists()
    assert factor(publisher) == 1.0
    workers = jailed(shared_stack, publisher)
    assert workers
    for worker in workers:
        worker.kill()

    wait_until(lambda: publisher.infer(NAME, "four").is_success, "an answer after the kill", within_s=120)
    assert factor(publisher) == 1.0


def test_a_version_that_does_not_warm_up_leaves_the_old_one_answering(
    publisher: Publisher, source: Path
) -> None:
    """The deployment fails and says what `setup` raised; the version before it is still active, and answers."""
    broken = write_measuring(source, NAME, factor=2.0, setup=NO_WEIGHTS)
    plugin_id = publisher.published(NAME, broken)
    state = publisher.deploy(plugin_id)
    assert (state["status"], state["active"]) == ("failed", False)
    assert "the weights are not there" in str(state["error"])
    assert publisher.status(f"{NAME}_1_0_0")["active"] is True
    assert factor(publisher) == 1.0


def jailed(stack: RunningStack, publisher: Publisher) -> list[psutil.Process]:
    """The processes that the package runs in behind its endpoint."""
    endpoint = publisher.status(f"{NAME}_1_0_0")["endpoint_id"]
    replicas = [one for one in stack.processes() if f"ServeReplica:{endpoint}" in one.cmdline()[0]]
    return [worker for replica in replicas for worker in replica.children()]
