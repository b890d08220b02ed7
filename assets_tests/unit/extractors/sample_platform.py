"""A platform whose LLM repeats what it is told, importable in workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.errors import ItemFailure, NotFound
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, PlatformReference, ToolResult

SECRET = "very-secret"


class EchoPlatform:
    """Implements `Platform`: one secret, and an LLM that answers with the text of the request."""

    namespace_id = "ns_test"

    def __init__(self) -> None:
        self._used: list[str] = []

    def secret(self, name: str) -> str:
        if name != "SALT":
            raise NotFound(f"There is no secret {name!r}.")
        self._used.append(SECRET)
        return SECRET

    def secret_names(self) -> list[str]:
        return ["SALT"]

    def secrets_in_use(self) -> tuple[str, ...]:
        return tuple(self._used)

    def generate(self, request: LLMRequest) -> LLMAnswer:
        return LLMAnswer(request.text or "", request.text or "", request.provider, request.model)

    def model_digest(self, name: str, version: str | None = None) -> str:
        raise NotFound(f"There is no model {name!r} {version}.")

    def model_files(self, name: str, version: str | None = None) -> Path:
        raise NotFound(f"There is no model {name!r} {version}.")

    def upload(self, path: str | Path, **_options: Any) -> str:
        return Path(path).as_uri()

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        raise ItemFailure(f"{tool} is not installed.")


def open_platform(config: Mapping[str, Any]) -> EchoPlatform:
    """The platform that a reference to here opens."""
    del config
    return EchoPlatform()


REFERENCE = PlatformReference(open_platform)
