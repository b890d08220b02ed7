"""What runs inside a worker: one package, described, processing batches, or answering requests.

Inside, a package is loaded as a trusted one is loaded anywhere; the process around it is what is not trusted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mixpeek_orchestration.core.errors import Broken, InvalidPackage
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.ports.platform import Platform, PlatformReference
from mixpeek_orchestration.extractors.assets import fetch_with
from mixpeek_orchestration.extractors.container import set_default_platform
from mixpeek_orchestration.extractors.jailed.platform import BrokerPlatform
from mixpeek_orchestration.extractors.model_files import fetch_models_with
from mixpeek_orchestration.isolation.asking import Parent, parent

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from mixpeek_orchestration.extractors.realtime import RealtimeService
    from mixpeek_orchestration.extractors.recipe import Step


class PackageInWorker:
    """The package of a worker. `recipe` holds the plain fields of a `Recipe`; an empty `code_fp` is to be described."""

    def __init__(self, recipe: Mapping[str, Any], *, namespace_id: str = "") -> None:
        asked = parent()
        if asked is None:
            raise Broken("The entry of a worker was made outside of one.")
        _fetch_through(asked)
        set_default_platform(BrokerPlatform(asked, namespace_id))
        self._recipe = Recipe(**recipe, platform=PlatformReference(_platform, {"namespace_id": namespace_id}))
        self._steps: list[Step] | None = None
        self._processors: dict[int, Callable[[pd.DataFrame], pd.DataFrame]] = {}
        self._service: RealtimeService | None = None

    def describe(self) -> dict[str, Any]:
        """The description of the package, as plain values."""
        from mixpeek_orchestration.extractors.description import describe_package
        from mixpeek_orchestration.extractors.model_files import use_model_cache
        from mixpeek_orchestration.extractors.package_source import read_package

        use_model_cache(self._recipe.model_cache)
        return describe_package(read_package(Path(self._recipe.path)), self._recipe.parameters).as_dict()

    def steps(self) -> list[dict[str, Any]]:
        """The descriptions of the steps; raises `Conflict` when the package is not the planned one."""
        return [asdict(step.description) for step in self._built()]

    def create(self, step: int) -> None:
        """The processor of the step exists, and what turns batches into tables is loaded."""
        import mixpeek_orchestration.extractors.columns  # noqa: F401 - it takes longer than a small batch may

        self._processor(step)

    def process(self, step: int, table: pa.Table) -> pa.Table:
        """What the step makes of a batch."""
        from mixpeek_orchestration.extractors.jailed.frames import opened, sealed

        result = self._processor(step)(opened(table))
        return sealed(result, table.schema, self._built()[step].description.name)

    async def ready(self) -> None:
        """The realtime half is loaded and set up."""
        await self._realtime().ready()

    async def infer(self, inputs: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        return _plain(await self._realtime().infer(inputs, parameters))

    async def infer_many(self, requests: list[Any]) -> list[dict[str, Any]]:
        """The answers to several requests, in order."""
        answers = await self._realtime().infer_many([(inputs, parameters) for inputs, parameters in requests])
        return [_plain(answer) for answer in answers]

    async def warm_up(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer to one real inference."""
        return _plain(await self._realtime().warm_up(parameters))

    def _built(self) -> list[Step]:
        from mixpeek_orchestration.extractors.recipe import build_steps

        if self._steps is None:
            self._steps = build_steps(self._recipe)
        return self._steps

    def _processor(self, step: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
        if step not in self._processors:
            self._processors[step] = self._built()[step].create()
        return self._processors[step]

    def _realtime(self) -> RealtimeService:
        from mixpeek_orchestration.extractors.realtime import load_realtime

        if self._service is None:
            self._service = load_realtime(self._recipe)
        return self._service


def _platform(config: Mapping[str, Any]) -> Platform:
    asked = parent()
    if asked is None:
        raise Broken("A broker's platform was opened outside of a worker.")
    return BrokerPlatform(asked, str(config["namespace_id"]))


def _fetch_through(asked: Parent) -> None:
    def asset(url: str, suffix: str | None) -> tuple[str, bool]:
        path = unquote(urlsplit(url).path) if urlsplit(url).scheme else url
        if urlsplit(url).scheme in ("", "file") and _is_readable(path):
            return path, False
        return str(asked.ask("download", url=url, suffix=suffix)), True

    def model(model_id: str, revision: str | None, allow_patterns: list[str] | None) -> str:
        arguments = {"model_id": model_id, "revision": revision, "allow_patterns": allow_patterns}
        return str(asked.ask("prefetch_model", **arguments))

    fetch_with(asset)
    fetch_models_with(model)


def _is_readable(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return os.path.isfile(path)


def _plain(value: Any) -> Any:
    """An answer as JSON says it: arrays and scalars of numpy or torch as plain numbers."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    for convert in ("tolist", "item"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InvalidPackage(
        f"realtime.py answered with {type(value).__name__}, which JSON cannot say.",
        field="realtime.py",
        value=type(value).__name__,
        fix="Return numbers, strings, lists and dicts.",
    )
