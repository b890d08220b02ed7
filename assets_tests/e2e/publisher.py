"""Publishing packages to a running stack, as somebody does who has only HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from assets_tests.e2e.application import done
from assets_tests.e2e.running_stack import wait_until
from mixpeek_orchestration.extractors.archives.archive import pack

CONFIRM_S = 600.0


def sent(url: str, archive: bytes) -> None:
    """The archive is on the server."""
    answer = httpx.put(url, content=archive, timeout=CONFIRM_S)
    assert answer.is_success, answer.text


@dataclass(frozen=True)
class Publisher:
    """One client, publishing into one namespace."""

    http: httpx.Client
    namespace: str

    @property
    def plugins(self) -> str:
        """Where published extractors are."""
        return f"/namespaces/{self.namespace}/plugins"

    def push(self, name: str, folder: Path, **said: str) -> dict[str, Any]:
        """What the confirmation of a package came to."""
        archive = pack(folder)
        body = {"name": name, "file_size_bytes": len(archive), **said}
        upload = done(self.http.post(f"{self.plugins}/uploads", json=body))
        sent(upload["presigned_url"], archive)
        path = f"{self.plugins}/uploads/{upload['upload_id']}/confirm"
        return done(self.http.post(path, json={}, timeout=CONFIRM_S))

    def published(self, name: str, folder: Path, **said: str) -> str:
        """The id of the version that a package became."""
        made = self.push(name, folder, **said)
        assert made["success"], made
        return str(made["plugin_id"])

    def deploy(self, plugin_id: str) -> dict[str, Any]:
        """The state of a version once it is deployed, or has failed to be."""
        done(self.http.post(f"{self.plugins}/{plugin_id}/deploy"))
        return self.settled(plugin_id)

    def settled(self, plugin_id: str, *ends: str) -> dict[str, Any]:
        """The state of a version once it is in one of `ends` (deployed or failed by default)."""

        def ended() -> dict[str, Any] | None:
            now = self.status(plugin_id)
            return now if now["status"] in (ends or ("deployed", "failed")) else None

        state: dict[str, Any] = wait_until(ended, f"{plugin_id} to be {ends or 'deployed'}")
        return state

    def deployed(self, name: str, folder: Path, **said: str) -> str:
        """The id of the version that a package became, which answers now."""
        plugin_id = self.published(name, folder, **said)
        state = self.deploy(plugin_id)
        assert state["status"] == "deployed", state
        return plugin_id

    def status(self, plugin_id: str) -> dict[str, Any]:
        """The state of a version."""
        return done(self.http.get(f"{self.plugins}/{plugin_id}/status"))

    def infer(self, name: str, text: str) -> httpx.Response:
        """The answer of an extractor to a text."""
        return self.http.post("/inference", json={"inference_name": name, "inputs": {"text": text}})
