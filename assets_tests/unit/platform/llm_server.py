"""A local server that speaks the wire protocols of OpenAI, Anthropic and Gemini, as far as one call of each goes."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One scripted reply: a model's text (or structured `data`), or an error status."""

    text: str = ""
    data: Any = None
    status: int = 200
    cut_off: bool = False


@dataclass
class LLMServer:
    """What the server was asked, and what it says next. Without a script it echoes the prompt."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    script: deque[Reply] = field(default_factory=deque)

    def says(self, *replies: Reply) -> None:
        self.script.extend(replies)

    @property
    def last(self) -> dict[str, Any]:
        return self.calls[-1][1]


@contextmanager
def llm_server() -> Iterator[LLMServer]:
    """A running server on a free port of the loopback interface."""
    state = LLMServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.calls.append((self.path, body, headers))
            reply = state.script.popleft() if state.script else Reply(_prompt(body))
            self._send(reply.status, _answer(self.path, body, reply))

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            if status == 429:
                self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Tests read `calls`, not stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _prompt(body: dict[str, Any]) -> str:
    """The text parts of a request of any of the three."""
    if "contents" in body:
        return "".join(part.get("text", "") for content in body["contents"] for part in content["parts"])
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _answer(path: str, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    if path.endswith("/chat/completions"):
        return _openai(body, reply)
    return _anthropic(body, reply) if path.endswith("/messages") else _gemini(reply)


def _openai(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"message": f"refused with {reply.status}", "type": "error", "code": None}}
    text = reply.text if reply.data is None else json.dumps(reply.data)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "length" if reply.cut_off else "stop",
            }
        ],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }


def _anthropic(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {"type": "error", "error": {"type": "error", "message": f"refused with {reply.status}"}}
    content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}]
    if reply.data is not None:
        content = [{"type": "tool_use", "id": "toolu_1", "name": "answer", "input": reply.data}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "max_tokens" if reply.cut_off else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 100},
    }


def _gemini(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"code": reply.status, "message": f"refused with {reply.status}", "status": "ERROR"}}
    text = reply.text if reply.data is None else json.dumps(reply.data)
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": text}]},
                "finishReason": "MAX_TOKENS" if reply.cut_off else "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100},
        "modelVersion": "gemini",
    }
