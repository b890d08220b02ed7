"""The platform of a test: what a step may ask for, answered on this machine without a catalog or a server."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, PlatformReference, ToolResult

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.llm.client import LLMClient

NAMESPACE: Final = "test"


class RehearsalPlatform:
    """Implements `Platform` for tests: secrets and keys are environment variables of their names, uploads go to the
    store of the test, and models of providers are really asked. A pickled one opens itself again."""

    namespace_id = NAMESPACE

    def __init__(
        self, reference: PlatformReference, objects: ObjectStore, *, llm: Mapping[str, Any], cache: Path
    ) -> None:
        self._reference = reference
        self._objects = objects
        self._llm = dict(llm)
        self._cache = cache
        self._used: dict[str, str] = {}
        self._lock = threading.Lock()

    def secret(self, name: str) -> str:
        """The environment variable `name`; raises `NotFound` when it is not set."""
        value = self._key(name)
        if value is None:
            raise NotFound(
                f"There is no secret {name!r} here.",
                field=name,
                fix=f"In a test, secrets are environment variables: export {name}=…",
            )
        return value

    def secret_names(self) -> list[str]:
        """The secrets that were asked for: an environment does not say which of its variables are secrets."""
        return sorted(self._used)

    def secrets_in_use(self) -> tuple[str, ...]:
        """The values that were handed out so far."""
        return tuple(dict.fromkeys(self._used.values()))

    def generate(self, request: LLMRequest) -> LLMAnswer:
        """The answer of a model, from the cache of this test where it was asked the same before."""
        return self._client.generate(request)

    def model_digest(self, name: str, version: str | None = None) -> str:
        """Nothing: a working copy is described without its namespace."""
        del name, version
        return ""

    def model_files(self, name: str, version: str | None = None) -> Path:
        """No own model is here; raises `NotFound`."""
        raise NotFound(
            f"The own model {name!r} is in a namespace, which a test has none of.",
            field="model",
            value=version,
            fix="Push it with mixpeek model push, and test the package where it is deployed.",
        )

    def upload(
        self,
        path: str | Path,
        *,
        namespace_id: str | None = None,
        internal_id: str | None = None,
        resource_id: str | None = None,
    ) -> str:
        """The URL of the content in the store of the test."""
        del namespace_id, internal_id, resource_id
        return self._objects.url(self._objects.put(Path(path).read_bytes()))

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        """How the tool ended, run by this process."""
        from mixpeek_orchestration.extractors.local_tools import run_locally

        return run_locally(tool, args, timeout)

    @cached_property
    def _client(self) -> LLMClient:
        from mixpeek_orchestration.extractors.llm.cache import ResponseCache
        from mixpeek_orchestration.extractors.llm.client import LLMClient, LLMConfig

        return LLMClient(
            LLMConfig(**self._llm), ResponseCache(self._cache), key=self._key, namespace_id=NAMESPACE
        )

    def _key(self, name: str) -> str | None:
        value = os.environ.get(name)
        if value:
            with self._lock:
                self._used[name] = value
        return value or None

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (self._reference,)


def _opened(reference: PlatformReference) -> Any:
    return reference.open()
