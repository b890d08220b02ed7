"""A package from its author's folder to an endpoint that answers, and through its versions, on a real stack."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from assets_tests.api.publishing import package, written
from assets_tests.e2e.application import Application, account
from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

NAME = "tides"
PERIOD_S = 0.05
MANY = 100


@dataclass
class Traffic:
    """Twenty requests a second by name, each with what it was answered."""

    http: httpx.Client
    answers: list[tuple[int, Any]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """One request; whoever answers is told by the first number of the vector."""
        answer = self.http.post("/inference", json={"inference_name": NAME, "inputs": {"text": "four"}})
        told = answer.json()["data"]["embedding"][0] if answer.status_code == 200 else answer.text
        self.answers.append((answer.status_code, told))

    def run(self) -> None:
        """Ask until told to stop; a slow answer does not hold the next request back."""
        asking: list[threading.Thread] = []
        while not self._stop.wait(PERIOD_S):
            asking.append(threading.Thread(target=self.ask))
            asking[-1].start()
        for one in asking:
            one.join()

    def await_more(self, count: int) -> None:
        """Returns once so many more requests were answered."""
        enough = len(self.answers) + count
        wait_until(lambda: len(self.answers) >= enough, f"{count} more answers")

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Traffic while the block runs."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()


def published(stack: RunningStack, folder: Path, code: int = 0) -> dict[str, Any]:
    """What `plugin publish` tells."""
    done = stack.mixpeek("plugin", "publish", str(folder), "--json")
    assert done.returncode == code, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_from_a_folder_to_a_search_and_back(shared_stack: RunningStack, tmp_path: Path) -> None:
    """Published, it embeds a batch and answers a query; a version that does not warm up leaves it serving; and under
    traffic a rollback is answered wholly by the old version, then wholly by the new one."""
    application = Application(shared_stack.client())
    folder = written(tmp_path / NAME, package(NAME))
    first = published(shared_stack, folder)
    assert (first["plugin_id"], first["deployment"]["status"]) == ("tides_1_0_0", "deployed")

    bucket = application.bucket("tides", ["ebb", "the flood comes in"])
    collection = application.collection("tides", bucket, extractor=NAME)
    assert account(application.processed(bucket))["written"] == 2
    retriever = application.retriever("tides-search", collection, extractor=NAME)
    assert application.search(retriever, "ebb")["documents"]

    broken = package(NAME, factor=3.0)
    broken["realtime.py"] = broken["realtime.py"].replace(
        "return {", "raise RuntimeError('no weights')\n        return {"
    )
    failed = published(shared_stack, written(folder, broken), code=1)
    assert "no weights" in failed["deployment"]["error"]
    traffic = Traffic(shared_stack.client())
    traffic.ask()
    assert traffic.answers.pop() == (200, 1.0)

    written(folder, package(NAME, factor=2.0))
    assert published(shared_stack, folder)["plugin_id"] == "tides_1_0_2"
    with traffic.flowing():
        traffic.await_more(MANY)
        back = shared_stack.mixpeek("plugin", "rollback", NAME, "1.0.0")
        assert back.returncode == 0, back.stderr
        traffic.await_more(MANY)
    assert {status for status, _ in traffic.answers} == {200}, traffic.answers
    told = [factor for _, factor in traffic.answers]
    assert (told[0], told[-1], set(told)) == (2.0, 1.0, {1.0, 2.0})
