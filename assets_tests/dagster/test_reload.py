"""Asking Dagster for a reload: told what came of it, whatever the webserver does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mixpeek_orchestration.warehouse.reload import LOCATION, Reload, reload_definitions

LOADED = {"__typename": "WorkspaceLocationEntry", "locationOrLoadError": {"__typename": "RepositoryLocation"}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": {"reloadRepositoryLocation": LOADED}}, Reload("reloaded")),
        (
            {"data": {"reloadRepositoryLocation": {"__typename": "ReloadNotSupported", "message": "no"}}},
            Reload("refused", "no"),
        ),
        (
            {
                "data": {
                    "reloadRepositoryLocation": {
                        "__typename": "WorkspaceLocationEntry",
                        "locationOrLoadError": {"__typename": "PythonError", "message": "boom"},
                    }
                }
            },
            Reload("refused", "boom"),
        ),
        ({"errors": [{"message": "unknown field"}]}, Reload("refused", "[{'message': 'unknown field'}]")),
    ],
)
def test_the_outcome_of_a_reload_is_told(answer: dict[str, Any], expected: Reload) -> None:
    """A reload that worked, one that Dagster refuses and one whose location does not load are told apart."""
    with _webserver(answer) as (address, asked):
        assert reload_definitions(address) == expected
    assert asked[0]["variables"] == {"location": LOCATION}


def test_a_webserver_that_is_down_is_no_error() -> None:
    """Nobody listening is an outcome: the webserver reads the newest snapshot when it starts."""
    with _webserver({}) as (address, _):
        pass
    assert reload_definitions(address, timeout_s=2).outcome == "away"


@contextmanager
def _webserver(answer: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: tests print their own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
