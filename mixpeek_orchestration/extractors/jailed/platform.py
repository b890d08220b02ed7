"""The platform of a jailed package: in the worker it asks, in the parent it is asked."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, Platform, ToolResult
from mixpeek_orchestration.extractors.jailed.assets import AssetDoor
from mixpeek_orchestration.isolation.asking import Parent
from mixpeek_orchestration.isolation.confined import confined
from mixpeek_orchestration.isolation.levels import Level
from mixpeek_orchestration.isolation.worker import Worker

_REPOSITORY: Final = re.compile(r"[\w][\w.-]*(/[\w][\w.-]*)?\Z")


class BrokerPlatform:
    """Implements `Platform` in a worker: every service is the parent's."""

    def __init__(self, parent: Parent, namespace_id: str) -> None:
        self.namespace_id = namespace_id
        self._parent = parent
        self._handed_out: dict[str, str] = {}

    def secret(self, name: str) -> str:
        value: str = self._parent.ask("secret", secret=name)
        self._handed_out[name] = value
        return value

    def secret_names(self) -> list[str]:
        return list(self._parent.ask("secret_names"))

    def secrets_in_use(self) -> tuple[str, ...]:
        return tuple(self._handed_out.values())

    def generate(self, request: LLMRequest) -> LLMAnswer:
        return LLMAnswer.from_dict(self._parent.ask("generate", request=request.as_dict()))

    def model_digest(self, name: str, version: str | None = None) -> str:
        return str(self._parent.ask("model_digest", model=name, version=version))

    def model_files(self, name: str, version: str | None = None) -> Path:
        return Path(self._parent.ask("model_files", model=name, version=version))

    def upload(
        self,
        path: str | Path,
        *,
        namespace_id: str | None = None,
        internal_id: str | None = None,
        resource_id: str | None = None,
    ) -> str:
        content, name = Path(path).read_bytes(), Path(path).name
        named = {"namespace_id": namespace_id, "internal_id": internal_id, "resource_id": resource_id}
        return str(self._parent.ask("upload", content, name=name, **named))

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        return ToolResult(
            **self._parent.ask("run_tool", tool=tool, args=[str(one) for one in args], timeout=timeout)
        )


def platform_services(platform: Platform, door: AssetDoor) -> dict[str, Callable[..., Any]]:
    """What the parent does for a package of this platform's namespace, by the names that `BrokerPlatform` asks for."""

    def upload(
        name: str,
        namespace_id: str | None,
        internal_id: str | None,
        resource_id: str | None,
        payload: bytes = b"",
    ) -> str:
        if namespace_id not in (None, platform.namespace_id):
            raise InvalidInput(
                "A package uploads to its own namespace.", field="namespace_id", value=namespace_id
            )
        with tempfile.TemporaryDirectory(prefix="mixpeek-upload-") as folder:
            path = Path(folder) / (Path(str(name)).name or "asset")
            path.write_bytes(payload)
            return platform.upload(path, internal_id=internal_id, resource_id=resource_id)

    def generate(request: dict[str, Any]) -> dict[str, Any]:
        asked = LLMRequest.from_dict(request)
        if not all(isinstance(image, str) and image.startswith("data:") for image in asked.images):
            raise InvalidInput("An image for a model is sent as its content.", field="images")
        return platform.generate(asked).as_dict()

    return {
        "secret": lambda secret: platform.secret(str(secret)),
        "secret_names": platform.secret_names,
        "generate": generate,
        "model_digest": lambda model, version: platform.model_digest(str(model), version),
        "model_files": lambda model, version: door.give_folder(platform.model_files(str(model), version)),
        "upload": upload,
    }


def confined_tools(worker: Worker, package: Path) -> Callable[..., dict[str, Any]]:
    """The service that runs command-line tools for a package: on its own files, each in a jail of its own.

    It does not hold the worker, which would keep the process of a worker that nobody uses any more.
    """
    folder, read, limits = worker.folder, [worker.assets, package], worker.limits
    is_trusted = worker.level is Level.TRUSTED

    def confine(command: list[str]) -> list[str]:
        return command if is_trusted else confined(command, readable=read, writable=[folder], limits=limits)

    def run(tool: str, args: Sequence[str], timeout: float) -> dict[str, Any]:
        from mixpeek_orchestration.extractors.local_tools import run_locally

        given = [str(one) for one in args]
        seconds = min(
            limits.call_s, float(timeout)
        )  # in this order NaN, a time that never ends, is not taken
        return run_locally(str(tool), given, seconds, within=[folder, *read], confine=confine).as_dict()

    return run


def fetched_model(*, online: bool) -> Callable[..., str]:
    """The service that finds a model of the hub for a package: the folder in our cache, which every worker may read."""

    def prefetch(model_id: str, revision: str | None, allow_patterns: Sequence[str] | None) -> str:
        from mixpeek_orchestration.extractors.model_files import prefetch_hf_model

        is_path = revision is not None and ".." in str(revision)  # it becomes a path in the cache
        if is_path or not _REPOSITORY.match(str(model_id)):
            raise InvalidInput(
                "This is not the name of a model on the hub.", field="model_id", value=model_id
            )
        return prefetch_hf_model(model_id, revision, allow_patterns, online=online)

    return prefetch
