"""Rolling a published extractor back over HTTP while applications ask it by name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from assets_tests.e2e.application import done
from assets_tests.e2e.measuring_packages import write_measuring
from assets_tests.e2e.publisher import Publisher
from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

TRAFFIC_S = 60.0
PER_SECOND = 20


@dataclass(frozen=True)
class Answer:
    """What one request got, and when it began and ended."""

    began: float
    ended: float
    status: int
    body: str
    factor: float | None


@dataclass
class Traffic:
    """Twenty requests a second, whatever becomes of each."""

    ask: Callable[[], httpx.Response]
    pending: list[Future[Answer]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Traffic:
        self._pool = ThreadPoolExecutor(max_workers=32)
        self._clock = threading.Thread(target=self._send)
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._clock.join()
        self._pool.shutdown(wait=True)

    def answers(self) -> list[Answer]:
        """Every answer."""
        return [future.result() for future in self.pending]

    def _send(self) -> None:
        while not self._stop.wait(1 / PER_SECOND):
            self.pending.append(self._pool.submit(self._one))

    def _one(self) -> Answer:
        began = time.monotonic()
        answer = self.ask()
        factor = answer.json()["data"]["embedding"][0] if answer.is_success else None
        return Answer(began, time.monotonic(), answer.status_code, answer.text, factor)


def test_rolling_back_under_traffic_fails_no_request(shared_stack: RunningStack, tmp_path: Path) -> None:
    """Twenty requests a second for a minute, with a rollback in the midst: every answer is a 200, and there is one moment
    before which all are of the newer version and after which all are of the older one."""
    with shared_stack.client() as client:
        publisher = Publisher(client, client.headers["X-Namespace"])
        old = publisher.deployed("rolled", write_measuring(tmp_path, "rolled", factor=1.0))
        new = publisher.deployed("rolled", write_measuring(tmp_path, "rolled", factor=2.0))
        assert (old, new) == ("rolled_1_0_0", "rolled_1_0_1")
        with Traffic(lambda: publisher.infer("rolled", "four")) as traffic:
            begun = time.monotonic()
            wait_until(lambda: len(traffic.pending) >= 5 * PER_SECOND, "traffic before the rollback")
            done(client.post(f"{publisher.plugins}/rolled/rollback", json={"message": "it was better"}))
            wait_until(lambda: publisher.status(old)["active"], "the rollback")
            active = len(traffic.pending)
            wait_until(lambda: len(traffic.pending) >= active + 5 * PER_SECOND, "traffic after the rollback")
            wait_until(lambda: time.monotonic() - begun >= TRAFFIC_S, "a minute of traffic")
        answers = traffic.answers()

    assert {one.status for one in answers} == {200}, [one.body for one in answers if one.status != 200][:3]
    assert len(answers) > TRAFFIC_S * PER_SECOND / 2
    assert {one.factor for one in answers} == {1.0, 2.0}
    first_of_old = min(one.ended for one in answers if one.factor == 1.0)
    assert [one for one in answers if one.factor == 2.0 and one.began > first_of_old] == []
