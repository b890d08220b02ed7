"""What the platform does for one namespace, over the ports: what a container's handles end in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.own_model import OwnModel
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, PlatformReference, ToolResult
from mixpeek_orchestration.core.spending.spending import pay
from mixpeek_orchestration.warehouse.models.models import Models
from mixpeek_orchestration.warehouse.secrets import Secrets

_URL_EXPIRES_S = 7 * 24 * 3600

Generate = Callable[[LLMRequest], LLMAnswer]
RunTool = Callable[[str, Sequence[str], float], ToolResult]


@dataclass(frozen=True)
class Services:
    """What a platform is made of, opened with the first call that needs any of it. `generate` makes the LLM client
    around a way to look up keys by the name of their secret; `keys` are those of the settings."""

    secrets: Secrets
    models: Models
    objects: ObjectStore
    generate: Callable[[Callable[[str], str | None]], Generate]
    keys: Mapping[str, str] = field(default_factory=dict)


class NamespacePlatform:
    """The `Platform` of a namespace. A pickled one opens itself again from its reference."""

    def __init__(
        self,
        namespace_id: str,
        *,
        services: Callable[[], Services],
        tool: RunTool,
        reference: PlatformReference,
    ) -> None:
        self.namespace_id = namespace_id
        self._open_services = services
        self._tool = tool
        self._reference = reference
        self._asked: dict[tuple[str, str], None] = {}
        self._lock = threading.RLock()

    @cached_property
    def _services(self) -> Services:
        with self._lock:
            return self._open_services()

    @cached_property
    def _generate(self) -> Generate:
        with self._lock:
            return self._services.generate(self._key)

    def secret(self, name: str) -> str:
        """The value of a secret; raises `NotFound`, naming how to set it."""
        return self._in_use(name, self._services.secrets.value(name))

    def secret_names(self) -> list[str]:
        """The names of all secrets, sorted."""
        return self._services.secrets.names()

    def secrets_in_use(self) -> tuple[str, ...]:
        """The values that were handed out so far, to steps and to providers of models."""
        with self._lock:
            return tuple(dict.fromkeys(value for _, value in self._asked))

    def generate(self, request: LLMRequest) -> LLMAnswer:
        """The answer of a model, from the response cache where it was asked the same before."""
        answer = self._generate(request)
        pay(answer.cost_usd)
        return answer

    def model_digest(self, name: str, version: str | None = None) -> str:
        """What identifies the weights of the namespace's own model."""
        return self._model(name, version).digest

    def model_files(self, name: str, version: str | None = None) -> Path:
        """A local folder with exactly the files of the namespace's own model."""
        return self._services.models.files(self._model(name, version))

    def upload(
        self,
        path: str | Path,
        *,
        namespace_id: str | None = None,
        internal_id: str | None = None,
        resource_id: str | None = None,
    ) -> str:
        """The URL of the content, which is kept by its hash: the ids of older callers name nothing here."""
        del namespace_id, internal_id, resource_id
        objects = self._services.objects
        return objects.url(objects.put(Path(path).read_bytes()), expires_s=_URL_EXPIRES_S)

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        """How the tool ended."""
        return self._tool(tool, args, timeout)

    def _model(self, name: str, version: str | None) -> OwnModel:
        return self._services.models.get(self.namespace_id, f"{name}@{version}" if version else name)

    def _key(self, name: str) -> str | None:
        value = self._services.secrets.find(name) or self._services.keys.get(name)
        return None if value is None else self._in_use(name, value)

    def _in_use(self, name: str, value: str) -> str:
        with self._lock:
            self._asked[name, value] = None
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (self._reference,)


def _opened(reference: PlatformReference) -> Any:
    return reference.open()
