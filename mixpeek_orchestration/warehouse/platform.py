"""What the platform does for one namespace, over the ports: what a container's handles end in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.own_model import OwnModel
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, PlatformReference, ToolResult
from mixpeek_orchestration.warehouse.models import Models
from mixpeek_orchestration.warehouse.secrets import Secrets

_URL_EXPIRES_S = 7 * 24 * 3600

Generate = Callable[[LLMRequest], LLMAnswer]
RunTool = Callable[[str, Sequence[str], float], ToolResult]


@dataclass
class NamespacePlatform:
    """The `Platform` of a namespace. A pickled one opens itself again from its reference.

    `generate` is given a way to look up keys, so that a provider's key counts as a secret in use.
    """

    namespace_id: str
    secrets: Secrets
    models: Models
    objects: ObjectStore
    reference: PlatformReference
    make_generate: Callable[[Callable[[str], str | None]], Generate]
    tool: RunTool
    _asked: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _generate: Generate | None = None

    def secret(self, name: str) -> str:
        """The value of a secret; raises `NotFound`, naming how to set it."""
        return self._in_use(name, self.secrets.value(name))

    def secret_names(self) -> list[str]:
        """The names of all secrets, sorted."""
        return self.secrets.names()

    def secrets_in_use(self) -> tuple[str, ...]:
        """The values that were handed out so far, to steps and to providers of models."""
        with self._lock:
            return tuple(dict.fromkeys(self._asked.values()))

    def generate(self, request: LLMRequest) -> LLMAnswer:
        """The answer of a model, from the response cache where it was asked the same before."""
        with self._lock:
            self._generate = self._generate or self.make_generate(self._key)
        return self._generate(request)

    def model_digest(self, name: str, version: str | None = None) -> str:
        """What identifies the weights of the namespace's own model."""
        return self._model(name, version).digest

    def model_files(self, name: str, version: str | None = None) -> Path:
        """A local folder with exactly the files of the namespace's own model."""
        return self.models.files(self._model(name, version))

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
        return self.objects.url(self.objects.put(Path(path).read_bytes()), expires_s=_URL_EXPIRES_S)

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        """How the tool ended."""
        return self.tool(tool, args, timeout)

    def _model(self, name: str, version: str | None) -> OwnModel:
        return self.models.get(self.namespace_id, f"{name}@{version}" if version else name)

    def _key(self, name: str) -> str | None:
        value = self.secrets.find(name)
        return None if value is None else self._in_use(name, value)

    def _in_use(self, name: str, value: str) -> str:
        with self._lock:
            self._asked[f"{name}\0{value}"] = value
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (self.reference,)


def _opened(reference: PlatformReference) -> Any:
    return reference.open()
