"""Pages for people: what a link in the Dagster UI opens is the API's own answer, shown as a page.

Only browsers get pages: who asks for HTML, without a key in a header. They sign in once an hour.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mixpeek_orchestration.api.pages.content import content_of
from mixpeek_orchestration.api.pages.ticket import is_for_a_person

if TYPE_CHECKING:
    from jinja2 import Environment

PROTECTION: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Nothing that a page shows can run, load something, or send something elsewhere; it may hold what people stored."""


class Browser:
    """ASGI middleware that turns answers into pages for browsers, and refusals into a form for the key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not is_for_a_person(request):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(request, receive, send).take)


class _Answer:
    """One answer on its way out: JSON is held back until it is complete, everything else passes."""

    def __init__(self, request: Request, receive: Receive, send: Send) -> None:
        self._request = request
        self._receive = receive
        self._send = send
        self._status: int | None = None
        self._body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("application/json"):
                self._status = message["status"]
                return
            for name, value in PROTECTION.items():
                headers[name] = value
        if self._status is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            page = page_of(self._request, self._status, json.loads(self._body or b"null"))
            await page(self._request.scope, self._receive, self._send)


def page_of(request: Request, status: int, answer: Any) -> HTMLResponse:
    """The page for an answer: the form where a key is missing, else what was answered."""
    address = _address(request)
    if status == 401:
        return sign_in_page(address)
    shown = _problem(answer["error"]) if status >= 400 and "error" in answer else answer
    content = content_of(shown)
    html = _templates().get_template("answer.html.jinja")
    return HTMLResponse(
        html.render(
            title=_title(address, shown),
            path=address,
            facts=content.facts,
            columns=content.columns,
            rows=content.rows,
        ),
        status,
        PROTECTION,
    )


def sign_in_page(to: str, *, problem: str = "", status: int = 401) -> HTMLResponse:
    """The form that asks for a key and then leads to `to`."""
    html = _templates().get_template("sign_in.html.jinja").render(title="Sign in", to=to, problem=problem)
    return HTMLResponse(html, status, PROTECTION)


def _address(request: Request) -> str:
    """What stands in the browser's address bar, in our spelling; the path inside was rewritten on the way here."""
    path = (
        request.scope.get("raw_path", request.url.path.encode()).decode("ascii", "replace").partition("?")[0]
    )
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{'' if path.startswith('/v1/') else '/v1'}{path}{query}"


def _title(address: str, shown: Any) -> str:
    """`samples of passages`: the last parts of an address, as people say it."""
    parts = address.partition("?")[0].strip("/").split("/")
    name = shown.get("collection_name") if isinstance(shown, dict) else None
    return f"{parts[-1]} of {name or parts[-2]}" if len(parts) > 2 else parts[-1]


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    """An error in the order in which people read it: what is wrong, what to do, and the rest."""
    details = error.get("details", {})
    return {"message": error.get("message"), "fix": details.get("fix"), **details, "code": error.get("code")}


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("mixpeek_orchestration.api.pages", "."), autoescape=True)
