"""Talking to the running API from a command, as an application would."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import InvalidInput, NotReady

if TYPE_CHECKING:
    from mixpeek_orchestration.settings import Settings

_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Credentials:
    """What a request needs: the key, the namespace, and the address of the API without `/v1`."""

    api_key: str
    namespace: str
    base_url: str


def credentials(settings: Settings, environment: Mapping[str, str] = os.environ) -> Credentials:
    """The credentials that `mixpeek up` wrote, with what the environment overrides."""
    stored: dict[str, str] = {}
    if settings.credentials.exists():
        stored = json.loads(settings.credentials.read_text())
    api_key = environment.get("MIXPEEK_API_KEY") or stored.get("api_key")
    if not api_key:
        raise InvalidInput(
            f"There is no API key: no {settings.credentials}.",
            field="MIXPEEK_API_KEY",
            fix="Run `mixpeek up`, or set MIXPEEK_API_KEY.",
        )
    base_url = (
        environment.get("MIXPEEK_BASE_URL") or environment.get("MIXPEEK_API_URL") or stored.get("base_url")
    )
    return Credentials(
        api_key,
        environment.get("MIXPEEK_NAMESPACE") or stored.get("namespace", "default"),
        (base_url or f"http://{settings.host}:{settings.api_port}").rstrip("/").removesuffix("/v1"),
    )


def execute_retriever(settings: Settings, retriever: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a retriever over HTTP, once its endpoint is up; raises `NotReady` or `InvalidInput`."""
    import time

    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        status, body = _post(
            credentials(settings), f"/v1/retrievers/{retriever}/execute", {"inputs": dict(inputs)}
        )
        if status == 200:
            return body
        message = str(body.get("error", {}).get("message", body))
        if status != 503:
            raise InvalidInput(f"The API answered {status}: {message}")
        if time.monotonic() > deadline:
            raise NotReady(message)
        time.sleep(1.0)


def _post(access: Credentials, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    import httpx

    headers = {"Authorization": f"Bearer {access.api_key}", "X-Namespace": access.namespace}
    try:
        answer = httpx.post(f"{access.base_url}{path}", json=dict(body), headers=headers, timeout=60.0)
    except httpx.HTTPError as error:
        raise NotReady(f"The API at {access.base_url} does not answer.", fix="Run `mixpeek up`.") from error
    return answer.status_code, answer.json()
