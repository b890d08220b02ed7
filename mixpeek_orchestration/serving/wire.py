"""The HTTP contract of an endpoint, for both of its ends.

`POST` of `{"inputs": …, "parameters": …}` answers what `realtime.py` answers, or `{"error": {code, message, details}}`
with the status of the error. `GET` answers which code is running.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mixpeek_orchestration.core.errors import (
    EndpointFailed,
    InvalidInput,
    InvalidPackage,
    MixpeekError,
    NotReady,
)

NOT_FOUND: Final = 404


def request_body(inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bytes:
    """The body of a question; raises `InvalidInput` for inputs that JSON cannot say."""
    try:
        return json.dumps({"inputs": dict(inputs), "parameters": dict(parameters)}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The inputs cannot be sent as JSON: {error}.", field="inputs") from None


def read_request(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and parameters of a question; raises `InvalidInput` naming what is wrong with it."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise InvalidInput(f"The body is not JSON: {error}.", fix='Send {"inputs": {…}}.') from None
    if not isinstance(data, dict) or not isinstance(data.get("inputs"), dict):
        raise InvalidInput("The body has no inputs.", field="inputs", fix='Send {"inputs": {…}}.')
    parameters = data.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise InvalidInput("The parameters are not an object.", field="parameters", value=parameters)
    return data["inputs"], parameters


def answer_body(answer: Mapping[str, Any]) -> bytes:
    """An answer as JSON, arrays included; raises `EndpointFailed` for what JSON cannot say, NaN among it."""
    try:
        return json.dumps(answer, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise EndpointFailed(
            f"The answer of realtime.py cannot be sent as JSON: {error}.",
            fix="Return numbers, strings, lists and dicts; numbers must be finite.",
        ) from None


def _plain(value: Any) -> Any:
    """An array or a scalar of numpy or torch as plain numbers."""
    for convert in ("tolist", "item"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    raise TypeError(f"{type(value).__name__} is not JSON")


def as_ours(error: Exception) -> MixpeekError:
    """An error of a package as one of ours. What the package refuses is the caller's; the rest is the package's."""
    if isinstance(error, NotReady):
        return error
    if isinstance(error, InvalidInput) and not isinstance(error, InvalidPackage):
        return error
    if isinstance(error, MixpeekError):
        return EndpointFailed(error.message, field=error.field, value=error.value, fix=error.fix)
    return EndpointFailed(f"realtime.py raised {type(error).__name__}: {str(error)[:500]}.")


def error_body(error: MixpeekError) -> tuple[int, bytes]:
    """Status and body for an error; never a traceback."""
    content = {"code": error.code, "message": error.message, "details": error.details()}
    return error.status, json.dumps({"error": content}, default=str).encode()


def error_in(status: int, body: bytes, *, endpoint: str) -> MixpeekError:
    """The error that an endpoint answered with, as the caller should see it."""
    try:
        content = json.loads(body)["error"]
        message, details = str(content["message"]), dict(content.get("details") or {})
    except (ValueError, KeyError, TypeError):
        message, details = body.decode(errors="replace").strip()[:200] or "no body", {}
    named = {key: details.get(key) for key in ("field", "value", "fix")}
    if status == InvalidInput.status:
        return InvalidInput(message, **named)
    if status in (NOT_FOUND, NotReady.status):
        return NotReady(
            f"The endpoint {endpoint} is not ready: {message}.",
            retry_after_s=float(details.get("retry_after_s", 1.0)),
        )
    return EndpointFailed(f"The endpoint {endpoint} failed: {message}", **named)
