"""Asking an endpoint: through Serve's proxy first, then past it, and through it again when nobody answers there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mixpeek_orchestration.core.errors import BudgetExceeded, NotReady
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.serving.direct import HEADER
from mixpeek_orchestration.serving.http_encoder import ServeEncoder

ROUTE = "/endpoints/ep/1"


class Server:
    """Answers what its name says, and counts how often it was asked."""

    def __init__(self, name: str, *, status: int = 200, direct: int | None = None) -> None:
        self.status = status
        self.direct = direct
        self.asked = 0
        self.answer = json.dumps({"by": name}).encode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.asked += 1
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(server.status if self.path == ROUTE else 404)
            if server.direct:
                self.send_header(HEADER, str(server.direct))
            self.send_header("content-length", str(len(server.answer)))
            self.end_headers()
            self.wfile.write(server.answer)

        def log_message(self, *_: object) -> None: ...

    return Handler


class Deployments:
    """A catalog that knows where one endpoint is."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment:
        return Deployment("ep", name, version, status="RUNNING", url=f"http://127.0.0.1:{self.port}{ROUTE}")


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    """Makes servers that are gone afterwards."""
    with ExitStack() as running:

        def make(name: str, **options: int) -> Server:
            made = Server(name, **options)
            running.callback(made.close)
            return made

        yield make


def ask(encoder: ServeEncoder) -> str:
    return encoder.encode("any", "v1", {"text": "x"}, {}, timeout_s=30)["by"]


def test_the_replica_is_asked_once_it_has_said_where_it_is(server):
    """The first question goes through the proxy, all others to the replica."""
    replica = server("replica")
    proxy = server("proxy", direct=replica.port)
    encoder = ServeEncoder(Deployments(proxy.port))
    assert [ask(encoder) for _ in range(3)] == ["proxy", "replica", "replica"]
    assert (proxy.asked, replica.asked) == (1, 2)


def test_a_replica_that_says_nothing_is_asked_through_the_proxy(server):
    """A cluster without direct ports, and an endpoint of several replicas, are always asked through the proxy."""
    proxy = server("proxy")
    encoder = ServeEncoder(Deployments(proxy.port))
    assert [ask(encoder) for _ in range(2)] == ["proxy", "proxy"]


@pytest.mark.parametrize("status", [404, 503])
def test_a_replica_that_left_is_found_again_through_the_proxy(server, status):
    """One whose port another application has now, or that is leaving: the proxy is asked, and says where it is now."""
    left, now = server("left", status=status), server("now")
    proxy = server("proxy", direct=left.port)
    encoder = ServeEncoder(Deployments(proxy.port))
    ask(encoder)
    proxy.direct = now.port
    assert [ask(encoder) for _ in range(2)] == ["proxy", "now"]


def test_a_replica_that_died_is_found_again_through_the_proxy(server):
    """Nobody listens there any more: no question fails for that."""
    dead = Server("dead")
    proxy = server("proxy", direct=dead.port)
    encoder = ServeEncoder(Deployments(proxy.port))
    ask(encoder)
    dead.close()
    assert ask(encoder) == "proxy"


def test_an_endpoint_that_is_gone_is_not_ready(server):
    """Neither the replica nor the proxy know it: that is an endpoint to wait for, not an answer."""
    replica = server("replica")
    proxy = server("proxy", direct=replica.port)
    encoder = ServeEncoder(Deployments(proxy.port))
    ask(encoder)
    replica.status = proxy.status = 404
    with pytest.raises(NotReady):
        ask(encoder)


def test_a_question_past_its_time_is_not_asked_again(server):
    """Without time left nobody is asked, and what is raised says so."""
    proxy = server("proxy")
    with pytest.raises(BudgetExceeded):
        ServeEncoder(Deployments(proxy.port)).encode("any", "v1", {"text": "x"}, {}, timeout_s=0)
    assert proxy.asked == 0
