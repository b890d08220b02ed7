"""What lets a browser open pages for an hour: a cookie, signed with the key that was typed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection

from mixpeek_orchestration.core.errors import Forbidden, Unauthenticated
from mixpeek_orchestration.core.ports.resources import ApiKey
from mixpeek_orchestration.warehouse.downloads import LIFETIME_S, Downloads

COOKIE: Final = "mixpeek_pages"
PAGES: Final = "pages"
"""What is signed. No archive is named so: their names have a slash."""


def is_for_a_person(request: HTTPConnection) -> bool:
    """Whether a browser asks for something to look at: nothing that changes anything, and without a key."""
    wants_page = "text/html" in request.headers.get("accept", "")
    return (
        request.scope["method"] in ("GET", "HEAD") and wants_page and "authorization" not in request.headers
    )


def issue(downloads: Downloads, key: ApiKey) -> str:
    """The value of the cookie for a key."""
    return downloads.query(key, PAGES)


def cookie_header(value: str, *, secure: bool) -> str:
    """The cookie, for this server's pages only: no script can read it, and no other site's form sends it."""
    parts = [f"{COOKIE}={value}", "Path=/v1", f"Max-Age={LIFETIME_S}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if secure else parts)


def key_of_ticket(downloads: Downloads, cookies: Mapping[str, str]) -> ApiKey:
    """The key behind the cookie; raises `Unauthenticated` without one that holds."""
    parts = parse_qs(cookies.get(COOKIE, ""))
    try:
        expires, key_id, signature = (parts[name][0] for name in ("expires", "key", "signature"))
        return downloads.admit(PAGES, expires=int(expires), key_id=key_id, signature=signature)
    except (KeyError, ValueError, Forbidden) as error:
        raise Unauthenticated(
            "No API key was sent.", field="Authorization", fix="Sign in with an API key."
        ) from error
