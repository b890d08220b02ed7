"""The realtime half of a package: whatever its `realtime.py` defines, behind one interface."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.extractors.description import load_manifest
from mixpeek_orchestration.extractors.loader import load_module
from mixpeek_orchestration.extractors.package_source import REALTIME
from mixpeek_orchestration.extractors.processing import BaseInferenceService, InferenceService
from mixpeek_orchestration.extractors.recipe import built_from

_METHODS: Final = ("infer", "run_inference", "_process_single", "__call__", "predict")
_CLASS_ENDINGS: Final = ("InferenceService", "RealtimeService", "RealtimeHandler")
_WARM_UP: Final[Mapping[str | None, Mapping[str, Any]]] = {
    "rerank": {"pairs": [["warm up", "warm up"]]},
    "generate": {"prompt": "warm up"},
}


def load_realtime(recipe: Recipe) -> RealtimeService:
    """The realtime service of the recipe's package, not set up yet.

    Raises `InvalidPackage` when the package has none, `Conflict` when it is not the planned one.
    """
    source, _ = built_from(recipe)
    if REALTIME not in source.modules:
        raise InvalidPackage(
            f"{recipe.name} {recipe.version} has no realtime.py, so it answers no queries.",
            field=REALTIME,
            fix="Add realtime.py with a class that derives from InferenceService.",
        )
    manifest = load_manifest(source)
    example = manifest.example_input or _WARM_UP.get(manifest.inference_type, {"text": "warm up"})
    return RealtimeService(_instance(load_module(source, "realtime")), dict(example))


class RealtimeService:
    """One live service. `setup` of the package runs once, before its first inference."""

    def __init__(self, service: Any, example: Mapping[str, Any]) -> None:
        self._service = service
        self._example = dict(example)
        self._answer = _answering(service)
        self._many = getattr(service, "infer_many", None)
        self._set_up: asyncio.Task[None] | None = None

    async def infer(self, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request, as a dict."""
        await self._ready()
        return _checked(await _run(self._answer, dict(inputs), dict(parameters)))

    async def infer_many(
        self, requests: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    ) -> list[dict[str, Any]]:
        """The answers to several requests, in order; in one pass where the package knows how."""
        if self._many is None:
            return [await self.infer(inputs, parameters) for inputs, parameters in requests]
        await self._ready()
        answers = await _run(
            self._many, [(dict(inputs), dict(parameters)) for inputs, parameters in requests]
        )
        if len(answers) != len(requests):
            raise InvalidPackage(
                f"infer_many answered {len(answers)} of {len(requests)} requests.",
                field="infer_many",
                value=len(answers),
                fix="Return one answer per request, in order.",
            )
        return [_checked(answer) for answer in answers]

    async def warm_up(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one real inference, after which everything it needs is loaded."""
        return await self.infer(self._example, parameters)

    async def _ready(self) -> None:
        if self._set_up is None:
            self._set_up = asyncio.ensure_future(self._setup())
        try:
            await asyncio.shield(self._set_up)
        except Exception:
            self._set_up = None  # the next request tries again
            raise

    async def _setup(self) -> None:
        setup = getattr(self._service, "setup", None)
        if setup is not None:
            await _run(setup)


async def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a plain or async function; a plain one runs in a thread, because it may compute for long."""
    if inspect.iscoroutinefunction(function):
        return await function(*arguments)
    result = await asyncio.to_thread(function, *arguments)
    return await result if inspect.isawaitable(result) else result


def _instance(module: ModuleType) -> Any:
    make = getattr(module, "get_inference_service", None)
    if callable(make):
        return make()
    found = [one for one in vars(module).values() if inspect.isclass(one) and _is_service(one)]
    own = [one for one in found if one.__module__ == module.__name__] or found
    if not own:
        raise InvalidPackage(
            "realtime.py defines no inference service.",
            field=REALTIME,
            fix="Define class InferenceService with async infer(self, inputs, parameters).",
        )
    return own[-1]()


def _is_service(candidate: type) -> bool:
    if candidate in (BaseInferenceService, InferenceService):
        return False
    return issubclass(candidate, BaseInferenceService) or candidate.__name__.endswith(_CLASS_ENDINGS)


def _answering(service: Any) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    """The method that answers: the first documented one that the package itself defines."""
    for name in _METHODS:
        method: Callable[..., Any] | None = getattr(service, name, None)
        if method is None or getattr(type(service), name, None) is getattr(InferenceService, name, None):
            continue
        if name == "predict":
            return lambda inputs, parameters: method({"inputs": inputs, "parameters": parameters})
        return method
    raise InvalidPackage(
        f"{type(service).__name__} in realtime.py answers nothing.",
        field=REALTIME,
        value=type(service).__name__,
        fix="Define async infer(self, inputs, parameters).",
    )


def _checked(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise InvalidPackage(
            f"realtime.py answered with {type(answer).__name__}.",
            field=REALTIME,
            value=type(answer).__name__,
            fix='Return a dict, for example {"embedding": [...]}.',
        )
    return dict(answer)
