"""The outermost layer: one address for every spelling of it, a number for every request, no traceback outside."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mixpeek_orchestration.api.errors import broken_answer, error_answer
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import random_id

log = logging.getLogger(__name__)

_UNVERSIONED = ("/docs", "/redoc", "/openapi.json")
_NESTED = re.compile(
    r"^/v1/namespaces/(?P<namespace>[^/]+)/(?P<rest>(buckets|collections|retrievers|batches|documents)(/.*)?)$"
)


def address(path: str) -> tuple[str, str | None]:
    """The path that a route has, and the namespace when the path names one.

    Without `/v1`, with a slash at the end, or nested in a namespace as older documents write it, it is the same path.
    """
    path = path.rstrip("/") or "/"
    if not path.startswith(("/v1/", *_UNVERSIONED)) and path != "/v1":
        path = f"/v1{path}"
    nested = _NESTED.match(path)
    return (f"/v1/{nested['rest']}", nested["namespace"]) if nested else (path, None)


class Door:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = random_id("req")
        scope = {**_readdressed(scope), "request_id": request_id}
        started = False

        async def numbered(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:
                await error_answer(_nul_in_address())(scope, receive, numbered)
            else:
                await self._app(scope, receive, numbered)
        except Exception:
            log.exception("request %s (%s %s) failed", request_id, scope["method"], scope["path"])
            if started:
                raise
            await broken_answer(request_id)(scope, receive, numbered)


def _readdressed(scope: Scope) -> Scope:
    path, namespace = address(scope["path"])
    headers = scope["headers"]
    if namespace is not None:
        headers = [(name, value) for name, value in headers if name != b"x-namespace"]
        headers.append((b"x-namespace", namespace.encode()))
    return {**scope, "path": path, "headers": headers}


def _nul_in_address() -> InvalidInput:
    return InvalidInput("The address contains a NUL character.", field="url", value="%00", fix="Remove it.")
