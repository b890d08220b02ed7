"""Addresses that answers give: absolute, as the caller reached us."""

from __future__ import annotations

from fastapi import Request


def url_of(request: Request, path: str) -> str:
    """The absolute URL of a path of ours."""
    return f"{str(request.base_url).rstrip('/')}{path}"


def upload_url(request: Request, upload_id: str, token: str) -> str:
    """Where the bytes of an upload go; whoever knows it may send them."""
    return url_of(request, f"/v1/uploads/{upload_id}?token={token}")
