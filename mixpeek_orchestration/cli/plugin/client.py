"""The extractor lifecycle over HTTP, as the commands use it: one method per request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.cli.client import Credentials
from mixpeek_orchestration.core.errors import MixpeekError, NotReady

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 60.0
_CONFIRM_TIMEOUT_S = 900.0
"""Confirming runs the package in a worker process: it may load a model."""
_CHUNK = 1 << 18


class ServerRefused(MixpeekError):
    """The API answered with an error; it is told as the API told it."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        details = {key: value for key, value in dict(error.get("details") or {}).items() if key != "message"}
        super().__init__(
            str(error.get("message") or f"The API answered {status}."),
            field=details.pop("field", None),
            value=details.pop("value", None),
            fix=details.pop("fix", None),
            **details,
        )
        self.answer_status = status
        self.answer_code = str(error.get("code") or status)


class PluginServer:
    """The API of one server for the extractors of one namespace."""

    def __init__(self, access: Credentials) -> None:
        import httpx

        self.namespace = access.namespace
        self._base = access.base_url
        self._client = httpx.Client(
            base_url=f"{access.base_url}/v1/",
            headers={"Authorization": f"Bearer {access.api_key}"},
            timeout=_TIMEOUT_S,
        )

    def close(self) -> None:
        """Give back the connection."""
        self._client.close()

    def announce(self, upload: Mapping[str, Any]) -> dict[str, Any]:
        """An upload with the URL that takes the archive."""
        return self._asked("POST", "plugins/uploads", json=dict(upload))

    def send(self, url: str, archive: bytes, *, sent: Callable[[int], None]) -> str:
        """The ETag of the archive, which is now on the server; `sent` is told the bytes of each piece."""
        headers = {"Content-Type": "application/gzip", "Content-Length": str(len(archive))}
        answer = self._request("PUT", url, content=_pieces(archive, sent), headers=headers)
        return str(answer.headers.get("etag", "")).strip('"')

    def confirm(self, upload_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What the checks of the server found, and the version that was published when they found no error."""
        path = f"plugins/uploads/{upload_id}/confirm"
        return self._asked("POST", path, json=dict(said), timeout=_CONFIRM_TIMEOUT_S)

    def extractors(self, source: str) -> list[dict[str, Any]]:
        """Every extractor that the namespace can use."""
        found: list[dict[str, Any]] = self._asked("GET", "extractors", params={"source": source})[
            "extractors"
        ]
        return found

    def get(self, identifier: str) -> dict[str, Any]:
        """One published version, with the URL that its archive can be fetched from."""
        return self._asked("GET", f"plugins/{identifier}")

    def versions(self, name: str) -> list[dict[str, Any]]:
        """The published versions of an extractor, newest first."""
        found: list[dict[str, Any]] = self._asked("GET", f"plugins/{name}/versions")["versions"]
        return found

    def status(self, identifier: str) -> dict[str, Any]:
        """Which version is active, and how far its deployment is."""
        return self._asked("GET", f"plugins/{identifier}/status")

    def deploy(self, identifier: str, *, batch_only: bool = False) -> dict[str, Any]:
        """The version is asked to be the active one; its endpoint comes up in the background."""
        kind = {"deployment_type": "batch_only"} if batch_only else {}
        return self._asked("POST", f"plugins/{identifier}/deploy", params=kind)

    def undeploy(self, identifier: str) -> dict[str, Any]:
        """The version serves no more."""
        return self._asked("POST", f"plugins/{identifier}/undeploy")

    def rollback(self, name: str, version: str | None, message: str) -> dict[str, Any]:
        """An earlier version is the active one again."""
        said = {"version": version, "message": message}
        return self._asked("POST", f"plugins/{name}/rollback", json={k: v for k, v in said.items() if v})

    def delete(self, identifier: str) -> dict[str, Any]:
        """The version is gone."""
        return self._asked("DELETE", f"plugins/{identifier}")

    def archive(self, identifier: str) -> tuple[dict[str, Any], bytes]:
        """A published version and the bytes of its archive."""
        found = self.get(identifier)
        return found, self._request("GET", found["presigned_download_url"]).content

    def _asked(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._request(
            method, f"namespaces/{self.namespace}/{path}", **options
        ).json()
        return answer

    def _request(self, method: str, url: str, **options: Any) -> httpx.Response:
        import httpx

        try:
            answer = self._client.request(method, url, **options)
        except httpx.TimeoutException as error:
            raise NotReady(f"The API at {self._base} did not answer in time.", fix="Ask again.") from error
        except httpx.HTTPError as error:
            raise NotReady(
                f"The API at {self._base} cannot be reached: {error}.",
                fix="Start the stack with `mixpeek up`, or set --base-url.",
            ) from error
        if answer.is_success:
            return answer
        raise ServerRefused(answer.status_code, _error_in(answer))


def _error_in(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _pieces(archive: bytes, sent: Callable[[int], None]) -> Iterator[bytes]:
    for start in range(0, len(archive), _CHUNK):
        piece = archive[start : start + _CHUNK]
        yield piece
        sent(len(piece))
