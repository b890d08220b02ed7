"""Rolling a published extractor on real Serve: nobody who asks it by name meanwhile sees a failure or a mixture."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from assets_tests.ray.test_serving import free_port
from assets_tests.unit.serving.echo_package import write_echo
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.published import DeploymentStatus
from mixpeek_orchestration.engine.ray_cluster import connect
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.archives.archive import pack
from mixpeek_orchestration.serving.deploy import RayEndpointHost
from mixpeek_orchestration.serving.http_encoder import ServeEncoder
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.plugins.specs import PluginUploadSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.ray, pytest.mark.timeout(600)]
NAME = "echo"
TRAFFIC_S = 60.0
PER_SECOND = 20


@dataclass
class Publisher:
    """A warehouse whose endpoints run on the test cluster, and what Dagster would do to them."""

    warehouse: Warehouse
    namespace_id: str
    source: Path

    def push(self, *, factor: float, broken: bool = False) -> str:
        """A new version that multiplies with `factor`; its canonical version."""
        package = write_echo(self.source, NAME)
        realtime = package / "realtime.py"
        text = realtime.read_text().replace('parameters.get("scale", 1.0)', f"{factor}")
        if broken:
            text = text.replace('if parameters.get("broken"):', "if text:")
        realtime.write_text(text)
        announced = self.warehouse.plugins.announce(self.namespace_id, PluginUploadSpec(name=NAME))
        self.warehouse.plugins.receive(announced.upload.upload_id, announced.token, pack(package))
        confirmed = self.warehouse.plugins.confirm(self.namespace_id, announced.upload.upload_id)
        assert confirmed.plugin is not None, confirmed.findings
        return confirmed.plugin.version

    def settle(self) -> None:
        """Every endpoint is as it is wanted: what the sensors ask for, done."""
        endpoints = self.warehouse.endpoints
        for wanted in endpoints.stale():
            endpoints.deploy(wanted.name, wanted.version, owner=wanted.owner)
        for left in endpoints.unwanted():
            endpoints.remove(left.endpoint_id)

    def ask(self) -> float:
        answer = self.warehouse.inference.by_name(self.namespace_id, NAME, {"text": "a"}, {})
        return float(answer.data["embedding"][0])

    @property
    def active(self) -> str:
        return self.warehouse.plugins.active(self.namespace_id, NAME)


@dataclass(frozen=True)
class Answer:
    """What one request got, and when it began and ended."""

    began: float
    ended: float
    value: float


@dataclass
class Traffic:
    """A steady stream of requests, whatever becomes of each."""

    publisher: Publisher
    pending: list[Future[Answer]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Traffic:
        self._pool = ThreadPoolExecutor(max_workers=16)
        self._clock = threading.Thread(target=self._send)
        self._clock.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._clock.join()
        self._pool.shutdown(wait=True)

    def answers(self) -> list[Answer]:
        """Every answer; the first failure is raised."""
        return [future.result() for future in self.pending]

    def _send(self) -> None:
        while not self._stop.wait(1 / PER_SECOND):
            self.pending.append(self._pool.submit(self._one))

    def _one(self) -> Answer:
        began = time.monotonic()
        return Answer(began, value=self.publisher.ask(), ended=time.monotonic())


@pytest.fixture(scope="module")
def host(ray_cluster: LocalCluster) -> Iterator[RayEndpointHost]:
    """A host on the test cluster; what it serves is gone afterwards."""
    yield RayEndpointHost(
        lambda: connect(ray_cluster.address, ray_cluster.environment),
        http_port=free_port(),
        cpus_per_replica=0.0,
    )
    from ray import serve

    serve.shutdown()


@pytest.fixture
def publisher(host: RayEndpointHost, tmp_path: Path) -> Iterator[Publisher]:
    """A home of its own, with endpoints on the shared cluster."""
    settings = Settings(home=tmp_path / "home")
    prepare_home(settings)
    parts = open_warehouse(settings, local=True).parts
    encoder = ServeEncoder(parts.catalog.deployments)
    warehouse = Warehouse(replace(parts, endpoint_host=lambda: host, encoder=encoder))
    yield Publisher(warehouse, warehouse.ensure_namespace("rolling"), tmp_path / "source")
    for deployment in parts.catalog.deployments.all():
        host.remove(deployment.endpoint_id)
    warehouse.close()


def changes_once(answers: list[Answer], *, old: float, new: float, since: float, until: float) -> None:
    """Between two moments there was an instant before which all answers are old, and after which all are new."""
    here = [one for one in answers if since <= one.began < until]
    assert {one.value for one in here} <= {old, new}
    first_new = min((one.ended for one in here if one.value == new), default=float("inf"))
    assert [one for one in here if one.value == old and one.began > first_new] == []


def test_a_version_that_does_not_warm_up_leaves_the_old_one_answering(publisher: Publisher) -> None:
    """The deployment has failed and says why; the version before it is still the active one, and answers."""
    good = publisher.push(factor=1.0)
    publisher.warehouse.plugins.deploy(publisher.namespace_id, NAME)
    publisher.settle()
    bad = publisher.push(factor=2.0, broken=True)
    publisher.warehouse.plugins.deploy(publisher.namespace_id, f"{NAME}@{bad}")
    with pytest.raises(InvalidPackage):
        publisher.settle()

    state = publisher.warehouse.plugins.status(publisher.namespace_id, f"{NAME}@{bad}")
    assert (state.status, state.active) == (DeploymentStatus.FAILED, False)
    assert "the weights are not there" in str(state.error)
    assert publisher.active == good
    assert publisher.ask() == 1.0
    publisher.settle()
    assert publisher.ask() == 1.0


@pytest.mark.slow
def test_rolling_forth_and_back_under_traffic_fails_no_request(publisher: Publisher) -> None:
    """Twenty requests a second for a minute: all answered, at every roll wholly by the old version and then wholly
    by the new one."""
    plugins, namespace_id = publisher.warehouse.plugins, publisher.namespace_id
    versions = {publisher.push(factor=factor): factor for factor in (1.0, 2.0)}
    first, second = versions
    plugins.deploy(namespace_id, f"{NAME}@{first}")
    publisher.settle()
    moves: list[tuple[float, str]] = []
    with Traffic(publisher) as traffic:
        begun = time.monotonic()
        for version in itertools.cycle((second, first)):
            moves.append((time.monotonic(), version))
            if version == second:
                plugins.deploy(namespace_id, f"{NAME}@{version}")
            else:
                plugins.rollback(namespace_id, NAME, version, message="the old one was better")
            publisher.settle()
            assert publisher.active == version
            if time.monotonic() - begun > TRAFFIC_S and version == first:
                break

    answers = traffic.answers()
    assert len(answers) > TRAFFIC_S * PER_SECOND / 2
    ends = [moment for moment, _ in moves[1:]] + [float("inf")]
    before = first
    for (since, version), until in zip(moves, ends, strict=True):
        changes_once(answers, old=versions[before], new=versions[version], since=since, until=until)
        before = version
    log = [one.kind for one in plugins.activations(namespace_id, NAME)]
    assert {"deploy", "rollback"} <= set(log)
