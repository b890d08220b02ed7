"""What every refusal must look like."""

from __future__ import annotations

from typing import Any

import httpx


def refused(
    answer: httpx.Response, status: int, code: str, *, field: str | None = None, value: object = None
) -> dict[str, Any]:
    """The details of a refusal with this status and code, about this field and value, saying what to do."""
    body = answer.json()
    assert answer.status_code == status, body
    assert (body["success"], body["status"]) == (False, status)
    error = body["error"]
    assert error["code"] == code, error
    assert error["message"]
    assert error["type"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    details: dict[str, Any] = error["details"]
    assert details["fix"], details
    if field is not None:
        assert details["field"] == field, details
    if value is not None:
        assert details["value"] == value, details
    return details
