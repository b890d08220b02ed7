"""Encoding queries with endpoints, over loopback HTTP. Knows nothing of Ray."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx

from mixpeek_orchestration.core.errors import BudgetExceeded, EndpointFailed, NotReady
from mixpeek_orchestration.core.ports.deployments import Deployment, DeploymentCatalog
from mixpeek_orchestration.serving.direct import HEADER
from mixpeek_orchestration.serving.wire import error_in, request_body

_CONNECTIONS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=30)
_HEADERS: Final = {"content-type": "application/json"}


class ServeEncoder:
    """Implements `QueryEncoder`: asks the catalog where an endpoint is, and the endpoint. For several threads."""

    def __init__(self, deployments: DeploymentCatalog) -> None:
        self._deployments = deployments
        # Proxies of the environment are for the world outside; endpoints are on this machine.
        self._client = httpx.Client(limits=_CONNECTIONS, trust_env=False)
        self._direct: dict[str, httpx.URL] = {}

    def encode(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        timeout_s: float,
        namespace_id: str = "",
    ) -> dict[str, Any]:
        """The answer of the extractor's `realtime.py` for a namespace.

        An endpoint that was replaced while it was asked may have failed because of that: its successor is asked.
        Raises `NotReady` while no endpoint is up, `BudgetExceeded` past the time, `InvalidInput` when the package
        refuses the input, `EndpointFailed` when it fails.
        """
        endpoint, deadline = f"{name}@{version}", time.monotonic() + timeout_s
        body = request_body(inputs, parameters)
        url = _url(self._deployments.get(name, version, namespace_id=namespace_id), endpoint)
        try:
            return self._ask(url, body, endpoint, timeout_s)
        except (NotReady, EndpointFailed):
            successor = _url(self._deployments.get(name, version, namespace_id=namespace_id), endpoint)
            if successor == url:
                raise
            return self._ask(successor, body, endpoint, deadline - time.monotonic())

    def _ask(self, url: str, body: bytes, endpoint: str, timeout_s: float) -> dict[str, Any]:
        """The answer of the replica itself once it has said where it listens, else through Serve's proxy."""
        deadline = time.monotonic() + timeout_s
        if direct := self._direct.get(url):
            try:
                return _answer(self._post(direct, body, endpoint, timeout_s), endpoint)
            except BudgetExceeded:
                raise
            except NotReady:  # it has moved, or is leaving
                self._direct.pop(url, None)
        response = self._post(url, body, endpoint, deadline - time.monotonic())
        if port := response.headers.get(HEADER):
            self._direct[url] = httpx.URL(url).copy_with(port=int(port))
        return _answer(response, endpoint)

    def _post(self, url: str | httpx.URL, body: bytes, endpoint: str, timeout_s: float) -> httpx.Response:
        if timeout_s <= 0:
            raise _late(endpoint, timeout_s)
        try:
            return self._client.post(url, content=body, headers=_HEADERS, timeout=timeout_s)
        except httpx.TimeoutException:
            raise _late(endpoint, timeout_s) from None
        except httpx.TransportError as error:
            raise NotReady(
                f"The endpoint {endpoint} does not answer: {type(error).__name__}.",
                field="feature_uri",
                value=endpoint,
                fix="Ask again; if it stays away, see `mixpeek status`.",
                retry_after_s=1.0,
            ) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def is_answering(deployment: Deployment) -> bool:
    """Whether an endpoint answers at the URL that the catalog has."""
    return bool(deployment.url) and answers_at(deployment.url)


def answers_at(url: str, *, timeout_s: float = 2.0) -> bool:
    """Whether an endpoint answers there, now."""
    try:
        return httpx.get(url, timeout=timeout_s, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _url(deployment: Deployment | None, endpoint: str) -> str:
    """Where the endpoint answers, also while its successor is starting or has failed to."""
    if deployment is not None and deployment.url:
        return deployment.url
    if deployment is not None and deployment.status == "FAILED":
        raise EndpointFailed(
            f"The endpoint {endpoint} did not start: {deployment.error or 'no reason was kept'}",
            value=endpoint,
            fix="Mend the extractor's realtime.py and deploy it again.",
        )
    raise NotReady(
        f"The endpoint {endpoint} is not deployed yet.",
        field="feature_uri",
        value=endpoint,
        fix="It is deployed when a collection uses it, or with `mixpeek plugin deploy`; ask again.",
        retry_after_s=5.0,
    )


def _late(endpoint: str, timeout_s: float) -> BudgetExceeded:
    return BudgetExceeded(
        f"The endpoint {endpoint} did not answer within {timeout_s * 1000:.0f} ms.",
        field="max_time_ms",
        value=endpoint,
        fix="Ask again, or allow more time in budget_limits.max_time_ms.",
    )


def _answer(response: httpx.Response, endpoint: str) -> dict[str, Any]:
    if response.status_code != httpx.codes.OK:
        raise error_in(response.status_code, response.content, endpoint=endpoint)
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise EndpointFailed(f"The endpoint {endpoint} answered with something that is not a JSON object.")
    return answer
