"""Errors on the wire: one envelope for everything that goes wrong, and never a traceback."""

from __future__ import annotations

import http
import logging
import math
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from mixpeek_orchestration.api.answer import Answer
from mixpeek_orchestration.api.misspelling import suggestion
from mixpeek_orchestration.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MixpeekError,
    NotFound,
    NotReady,
    TooLarge,
)
from mixpeek_orchestration.core.validation import from_problems

ADVICE: Final[Mapping[type[MixpeekError], str]] = {
    InvalidInput: "Correct it as the message says.",
    Forbidden: "Use a key that may do this.",
    NotFound: "Check the identifier, and that X-Namespace names the namespace it is in.",
    Conflict: "Look at what exists, then decide.",
    TooLarge: "Send less.",
    NotReady: "Ask again later.",
}
"""What to do when an error does not say so itself, by the branch of the error tree."""

log = logging.getLogger(__name__)


def envelope(status: int, *, message: str, kind: str, code: str, details: dict[str, Any]) -> dict[str, Any]:
    """The body of every answer that is not a success."""
    error = {"message": message, "type": kind, "code": code, "details": details}
    return {"success": False, "status": status, "error": error}


def error_answer(error: MixpeekError) -> Answer:
    """The answer for an error of ours; one that is worth waiting for says how long."""
    details, headers = {"fix": _advice(error)} | error.details(), {}
    if isinstance(error, NotReady):
        wait_s = math.ceil(error.retry_after_s)
        details |= {"retryable": True, "retry_after_seconds": wait_s}
        headers = {"Retry-After": str(wait_s)}
    body = envelope(
        error.status, message=error.message, kind=type(error).__name__, code=error.code, details=details
    )
    return Answer(body, error.status, headers)


def _advice(error: MixpeekError) -> str:
    branch = next((cls for cls in type(error).__mro__ if cls in ADVICE), None)
    return ADVICE[branch] if branch else "Ask whoever runs this server to look at its log."


def broken_answer(request_id: str) -> Answer:
    """The answer for an error that nobody expected: a number to find it by in the log, and nothing else."""
    message = f"Something went wrong on our side; the log has it under {request_id}."
    return Answer(
        envelope(
            500,
            message=message,
            kind="InternalError",
            code="internal_error",
            details={"request_id": request_id},
        ),
        500,
    )


def validation_error(error: RequestValidationError, request: Request) -> MixpeekError:
    """The error of ours for a request that does not fit its model."""
    problems = [{**problem, "loc": _without_place(problem["loc"])} for problem in error.errors()]
    ours = from_problems(problems)
    if problems[0]["type"] == "extra_forbidden" and (known := suggestion(request, problems[0]["loc"])):
        ours.fix = f"Did you mean {known!r}? Otherwise remove it."
    return ours


def _without_place(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """The location inside the body, or the name of the parameter."""
    return loc[1:] if loc and loc[0] in ("body", "query", "path", "header") and len(loc) > 1 else loc


def handle_errors(app: FastAPI) -> None:
    """From now on every error of `app` is answered with the envelope."""

    @app.exception_handler(MixpeekError)
    async def _(request: Request, error: MixpeekError) -> Answer:
        if error.status >= 500 and not error.retryable:
            log.error("request %s failed", request.scope["request_id"], exc_info=error)
        return error_answer(error)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Answer:
        return error_answer(validation_error(error, request))

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Answer:
        phrase = http.HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_").replace("-", "_")
        message = f"{request.method} {request.url.path}: {phrase.lower()}."
        body = envelope(
            error.status_code, message=message, kind=phrase.title().replace(" ", ""), code=code, details={}
        )
        return Answer(body, error.status_code, dict(error.headers or {}))
