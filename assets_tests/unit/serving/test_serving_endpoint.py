"""What endpoints do without Ray: answering in batches, telling errors apart, and being asked over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from assets_tests.unit.serving.echo_package import echo_recipe, registry_of, write_echo
from mixpeek_orchestration.core.errors import (
    BudgetExceeded,
    Conflict,
    EndpointFailed,
    InvalidInput,
    InvalidPackage,
    MixpeekError,
    NotReady,
)
from mixpeek_orchestration.core.fingerprint import fields_fp
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.serving.endpoint import Endpoint
from mixpeek_orchestration.serving.http_encoder import ServeEncoder, is_answering
from mixpeek_orchestration.serving.local_encoder import LocalEncoder
from mixpeek_orchestration.serving.start_failure import StartFailed, reason_in
from mixpeek_orchestration.serving.wire import answer_body, as_ours, error_body, error_in, read_request

Answer = tuple[int, bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_echo(tmp_path)
    return tmp_path


def started(*recipes) -> Endpoint:
    return asyncio.run(Endpoint.started(recipes))


def test_an_endpoint_answers_in_one_pass(folder):
    """Several requests go through the package's `infer_many` together, in order."""
    endpoint = started(echo_recipe(folder))
    outcomes = asyncio.run(endpoint.answers([({"text": "ab"}, {}), ({"text": "abc"}, {"scale": 2.0})]))
    assert outcomes == [
        {"embedding": [2.0, 1.0], "together": 2},
        {"embedding": [6.0, 1.0], "together": 2},
    ]


def test_a_failing_request_does_not_fail_those_beside_it(folder):
    """When a batch fails each request is asked alone, and only the bad ones are errors."""
    endpoint = started(echo_recipe(folder))
    texts = ["ab", "refuse", "raise", "abc"]
    good, refused, raised, also_good = asyncio.run(endpoint.answers([({"text": t}, {}) for t in texts]))
    assert good == {"embedding": [2.0, 1.0], "together": 1}
    assert also_good == {"embedding": [3.0, 1.0], "together": 1}
    assert isinstance(refused, InvalidInput)
    assert isinstance(raised, EndpointFailed)
    assert "ValueError: cannot measure" in str(raised)


def test_every_parameter_set_is_warmed_up(folder):
    """An endpoint does not start when one of its parameter sets cannot infer."""
    good, bad = echo_recipe(folder), echo_recipe(folder, broken=True)
    assert started(good).code_fps == {fields_fp(dict(good.parameters)): good.code_fp}
    with pytest.raises(RuntimeError):
        started(good, bad)


def test_an_edited_package_is_not_the_planned_one(folder):
    """A replica refuses a package whose code is not what was planned with."""
    recipe = echo_recipe(folder)
    pipeline = folder / "echo" / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace("len(text)", "len(text) + 1"))
    with pytest.raises(Conflict):
        started(recipe)


def test_the_reason_survives_serves_message():
    """The deployer finds the package's reason in Serve's status text, and no traceback."""
    message = f"""The deployment failed to start 1 times in a row. Error:
    ray::ServeReplica:ep_1--ab:endpoint.initialize_and_get_metadata() (pid=1)
      File "/somewhere/replica.py", line 30, in __init__
        raise StartFailed.of(error) from None
    StartFailed: {StartFailed.of(InvalidPackage("No weights {at all}.", fix="Fetch them."))}
    """
    reason = reason_in(message, endpoint="echo v1")
    assert str(reason) == "The endpoint of echo v1 did not start: No weights {at all}. Fetch them."
    assert "line 30" not in str(reason)


def test_a_foreign_reason_is_its_last_line():
    """What is not raised by a replica of ours (killed for memory, say) is told by its last line."""
    assert "killed by the OOM killer" in str(
        reason_in("First.\n\nkilled by the OOM killer\n", endpoint="echo v1")
    )


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput("Too long.", field="text", value="abc", fix="Send less."),
        NotReady("Loading.", retry_after_s=3.0),
        EndpointFailed("It raised.", field="embedding"),
    ],
)
def test_errors_cross_http_unchanged(error: MixpeekError):
    """Class, field, value, fix and retry time of an error are the same on the other side."""
    status, body = error_body(error)
    across = error_in(status, body, endpoint="echo@v1")
    assert type(across) is type(error)
    assert (across.field, across.value, across.fix) == (error.field, error.value, error.fix)
    assert error.message in across.message
    if isinstance(error, NotReady):
        assert across.retry_after_s == 3.0


def test_a_broken_package_is_never_the_callers_fault():
    """A package that does not keep its contract at query time is an endpoint failure, not a 422."""
    assert isinstance(as_ours(InvalidPackage("No class.")), EndpointFailed)


def test_answers_may_hold_arrays_but_no_nan():
    """numpy becomes plain numbers; what JSON cannot say is an error of the package."""
    answer = {"embedding": np.array([1.5, 2.0], np.float32), "n": np.int64(3)}
    assert json.loads(answer_body(answer)) == {"embedding": [1.5, 2.0], "n": 3}
    for bad in ({"embedding": [float("nan")]}, {"embedding": np.array([np.inf])}, {"x": object()}):
        with pytest.raises(EndpointFailed):
            answer_body(bad)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"inputs": 1}', b'{"inputs": {}, "parameters": 3}'])
def test_questions_that_are_none_are_refused(body):
    """An endpoint answers 422 to a body without inputs."""
    with pytest.raises(InvalidInput):
        read_request(body)


class Deployments:
    """A catalog of deployments with one entry."""

    def __init__(self, deployment: Deployment | None) -> None:
        self.deployment = deployment

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment | None:
        return self.deployment


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[bytes], Answer]], str]]:
    """Starts an HTTP server that answers as told, and gives its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[bytes], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                status, body = answer(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: tests are quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/endpoints/ep_1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def encoder_for(url: str, **changes: object) -> ServeEncoder:
    values = {"status": "RUNNING", "url": url, **changes}
    return ServeEncoder(Deployments(Deployment("ep_1", "echo", "v1", **values)))


def encode(encoder: ServeEncoder, timeout_s: float = 5.0) -> dict:
    return encoder.encode("echo", "v1", {"text": "ab"}, {"scale": 2}, timeout_s=timeout_s)


def test_the_encoder_asks_the_endpoint_of_the_catalog(serving, monkeypatch):
    """Inputs and parameters are posted to the deployment's URL, past any proxy of the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    asked: list[dict] = []

    def answer(body: bytes) -> Answer:
        asked.append(json.loads(body))
        return 200, b'{"embedding": [4.0, 1.0]}'

    assert encode(encoder_for(serving(answer))) == {"embedding": [4.0, 1.0]}
    assert asked == [{"inputs": {"text": "ab"}, "parameters": {"scale": 2}}]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (error_body(InvalidInput("Not this.", field="text")), InvalidInput),
        (error_body(NotReady("Loading.")), NotReady),
        ((404, b"Path not found"), NotReady),
        ((503, b"unavailable"), NotReady),
        ((500, b"Internal Server Error"), EndpointFailed),
        ((200, b"[1, 2]"), EndpointFailed),
        ((200, b"<html>"), EndpointFailed),
    ],
)
def test_what_an_endpoint_answers_becomes_the_right_error(serving, answer, error):
    """Refusals, starting up and failing are told apart, whatever the body looks like."""
    with pytest.raises(error) as caught:
        encode(encoder_for(serving(lambda _: answer)))
    assert type(caught.value) is error


class Replaced(Deployments):
    """A catalog that names a successor as soon as an endpoint was looked up."""

    def __init__(self, *urls: str) -> None:
        super().__init__(None)
        self.urls = list(urls)

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment | None:
        url = self.urls.pop(0) if len(self.urls) > 1 else self.urls[0]
        return Deployment("ep_1", name, version, status="RUNNING", url=url)


@pytest.mark.parametrize("old", [(404, b"Path not found"), (500, b"Internal Server Error")])
def test_an_endpoint_that_was_replaced_while_it_was_asked_is_no_failure(serving, old):
    """Its successor answers; only when that fails too is it told."""
    successor = serving(lambda _: (200, b'{"embedding": [1.0]}'))
    assert encode(ServeEncoder(Replaced(serving(lambda _: old), successor))) == {"embedding": [1.0]}
    assert encode(ServeEncoder(Replaced("http://127.0.0.1:1/gone", successor))) == {"embedding": [1.0]}
    broken = serving(lambda _: (500, b"no"))
    with pytest.raises(EndpointFailed):
        encode(ServeEncoder(Replaced(serving(lambda _: old), broken)))


def test_no_endpoint_is_not_ready_and_a_failed_one_has_failed():
    """Without a deployment waiting helps; with one that did not start it does not."""
    with pytest.raises(NotReady) as caught:
        encode(ServeEncoder(Deployments(None)))
    assert caught.value.retry_after_s > 0
    with pytest.raises(EndpointFailed, match="no weights"):
        encode(encoder_for("", status="FAILED", error="no weights"))


def test_nobody_at_the_url_is_not_ready():
    """A refused connection is worth asking again."""
    with pytest.raises(NotReady):
        encode(encoder_for("http://127.0.0.1:1/endpoints/ep_1"))
    assert not is_answering(Deployment("ep_1", "echo", "v1", url="http://127.0.0.1:1/endpoints/ep_1"))


def test_a_slow_endpoint_exceeds_the_budget(serving):
    """The caller's time is the time-out, and none left asks nobody."""
    gate = threading.Event()

    def answer(_: bytes) -> Answer:
        gate.wait(30)
        return 200, b"{}"

    encoder = encoder_for(serving(answer))
    try:
        for timeout_s in (0.1, 0.0):
            with pytest.raises(BudgetExceeded):
                encode(encoder, timeout_s)
    finally:
        gate.set()


def test_the_local_encoder_answers_like_the_package(folder):
    """Without a stack the same `realtime.py` answers, with validated parameters, from several threads."""
    encoder = LocalEncoder(registry_of(folder))
    answers: list[dict] = []

    def ask() -> None:
        answers.append(encoder.encode("echo", "1.0.0", {"text": "ab"}, {"scale": 3.0}, timeout_s=30))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"embedding": [6.0, 1.0]}] * 4
    with pytest.raises(InvalidInput):
        encoder.encode("echo", "v1", {"text": "refuse"}, {}, timeout_s=30)
    with pytest.raises(EndpointFailed):
        encoder.encode("echo", "v1", {"text": "raise"}, {}, timeout_s=30)
    encoder.close()


def test_asking_endpoints_imports_no_ray():
    """The API asks endpoints with a module that pulls in neither Ray nor the extractors."""
    check = (
        "import sys, mixpeek_orchestration.serving.http_encoder, mixpeek_orchestration.retrieval.executor;"
        "print([m for m in ('ray', 'pandas', 'pyarrow', 'lancedb', 'sqlalchemy', 'torch') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
