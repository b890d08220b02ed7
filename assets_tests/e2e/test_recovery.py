"""A batch on Ray goes to its end whatever is killed, with the right table and few extractions too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from assets_tests.e2e.application import Application
from assets_tests.e2e.running_stack import RunningStack, wait_until
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.engine.chunks import MIN_ITEMS, SHARED_CHUNK_S

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

OBJECTS = 2_000
SECONDS = 0.005
CHUNKS_IN_FLIGHT = 4
"""Two finished ones that wait for a commit, and two with the one worker that the package wants."""
CHUNK = max(MIN_ITEMS, int(SHARED_CHUNK_S / SECONDS))
"""Once an earlier batch has told how long an item takes."""
MOST_REPEATED = CommitGroup().max_items + CHUNKS_IN_FLIGHT * CHUNK


@pytest.fixture(scope="module")
def application(ray_stack: RunningStack) -> Iterator[Application]:
    """An application that talks to the stack on which things are killed."""
    with ray_stack.client() as client:
        yield Application(client)


@pytest.fixture(scope="module")
def bucket(application: Application) -> str:
    """Many distinct texts, each of which takes its time."""
    return application.bucket("texts", [f"text {number}" for number in range(OBJECTS)])


def raylet(stack: RunningStack) -> list[psutil.Process]:
    """The process that holds Ray's workers."""
    return [process for process in stack.processes("ray") if process.name() == "raylet"]


def ray_worker(stack: RunningStack) -> list[psutil.Process]:
    """One of the processes that extract."""
    return [process for process in stack.processes("ray") if "MapWorker" in " ".join(process.cmdline())][:1]


def service(name: str) -> Callable[[RunningStack], list[psutil.Process]]:
    """The process of one service of the stack."""
    return lambda stack: [psutil.Process(stack.status()[name]["pid"])]


def worker_server_and_daemon(stack: RunningStack) -> list[psutil.Process]:
    """What notices each other's death, all at once."""
    return [*service("code-server")(stack), *service("daemon")(stack), *stack.run_workers()]


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(RunningStack.run_workers, id="run-worker"),
        pytest.param(ray_worker, id="ray-worker"),
        pytest.param(raylet, id="raylet"),
        pytest.param(service("code-server"), id="code-server"),
        pytest.param(service("api"), id="api"),
        pytest.param(service("daemon"), id="daemon"),
        pytest.param(worker_server_and_daemon, id="run-worker-code-server-daemon"),
        pytest.param(RunningStack.processes, id="everything"),
    ],
)
def test_a_batch_completes_after_kill_minus_nine(
    ray_stack: RunningStack,
    application: Application,
    bucket: str,
    victims: Callable[[RunningStack], list[psutil.Process]],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """Killed in the middle of the work, then `up`: every text has its one document, and what was extracted twice is
    at most what was in flight plus one commit group."""
    log = tmp_path / "extractions.log"
    log.touch()
    collection = application.collection(
        request.node.callspec.id, bucket, extractor="sleepy", parameters={"seconds": SECONDS, "log": str(log)}
    )
    batch = application.submitted(bucket, collections=[collection])
    wait_until(lambda: len(log.read_text().splitlines()) >= OBJECTS // 2, "half of the work")

    chosen = victims(ray_stack)
    assert chosen
    for process in chosen:
        process.kill()
    ray_stack.up()

    ended = application.ended(batch)
    assert ended["status"] == "COMPLETED", (ended["error"], ray_stack.logs())
    texts = Counter(document["text"] for document in application.documents(collection))
    assert texts == Counter(f"text {number}" for number in range(OBJECTS))
    extracted = Counter(log.read_text().splitlines())
    assert len(extracted) == OBJECTS
    assert extracted.total() - OBJECTS <= MOST_REPEATED
