"""Asking a running Dagster to build its definitions again, over its GraphQL API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

LOCATION: Final = "mixpeek_orchestration"
_MUTATION: Final = """
mutation Reload($location: String!) {
  reloadRepositoryLocation(repositoryLocationName: $location) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } }
    ... on ReloadNotSupported { message }
    ... on RepositoryLocationNotFound { message }
    ... on UnauthorizedError { message }
  }
}
"""


@dataclass(frozen=True)
class Reload:
    """What came of asking: `reloaded`, `refused` with Dagster's reason, or `away` when nobody answered."""

    outcome: Literal["reloaded", "refused", "away"]
    reason: str = ""


def reload_definitions(webserver: str, *, location: str = LOCATION, timeout_s: float = 60.0) -> Reload:
    """Ask the webserver at `webserver` (`http://host:port`) for one reload.

    A webserver that is down is no error: it reads the newest snapshot when it starts.
    """
    import httpx

    body = {"query": _MUTATION, "variables": {"location": location}}
    try:
        answer = httpx.post(f"{webserver.rstrip('/')}/graphql", json=body, timeout=timeout_s)
    except httpx.HTTPError as error:
        return Reload("away", f"{webserver} does not answer: {error}")
    if answer.status_code != httpx.codes.OK:
        return Reload("refused", f"{webserver} answered {answer.status_code}.")
    return _outcome(answer.json())


def _outcome(answer: dict[str, object]) -> Reload:
    data = answer.get("data")
    result = data.get("reloadRepositoryLocation") if isinstance(data, dict) else None
    if not isinstance(result, dict):
        return Reload("refused", str(answer.get("errors") or answer)[:500])
    loaded = result.get("locationOrLoadError")
    if isinstance(loaded, dict) and loaded.get("__typename") == "PythonError":
        return Reload("refused", str(loaded.get("message"))[:500])
    if result.get("__typename") != "WorkspaceLocationEntry":
        return Reload("refused", str(result.get("message") or result.get("__typename")))
    return Reload("reloaded")
