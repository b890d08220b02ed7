"""The realtime half of a package: whatever its `realtime.py` defines, behind one interface."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Self

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.answers import read_answer
from mixpeek_orchestration.extractors.archives.cache import on_this_machine
from mixpeek_orchestration.extractors.calling import bound
from mixpeek_orchestration.extractors.container import Container
from mixpeek_orchestration.extractors.description import load_manifest
from mixpeek_orchestration.extractors.guarded import guarded, guarded_answer
from mixpeek_orchestration.extractors.loader import load_module
from mixpeek_orchestration.extractors.manifest import Manifest
from mixpeek_orchestration.extractors.package_source import REALTIME
from mixpeek_orchestration.extractors.processing import BaseInferenceService, InferenceService
from mixpeek_orchestration.extractors.recipe import built_from, runs_apart

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.jailed.realtime import JailedRealtime

_METHODS: Final = ("infer", "run_inference", "_process_single", "__call__", "predict")
_CLASS_ENDINGS: Final = ("InferenceService", "RealtimeService", "RealtimeHandler")
_WARM_UP: Final[Mapping[str | None, Mapping[str, Any]]] = {
    "rerank": {"pairs": [["warm up", "warm up"]]},
    "generate": {"prompt": "warm up"},
}


def load_realtime(recipe: Recipe) -> RealtimeService | JailedRealtime:
    """The realtime service of the recipe's package, not set up yet.

    Raises `InvalidPackage` when the package has none, `Conflict` when it is not the planned one; for a package that runs
    in a process of its own, its first request does.
    """
    recipe = on_this_machine(recipe)
    if runs_apart(recipe):
        from mixpeek_orchestration.extractors.jailed.realtime import load_jailed_realtime

        return load_jailed_realtime(recipe)
    source, built, platform = built_from(recipe)
    if REALTIME not in source.modules:
        raise InvalidPackage(
            f"{recipe.name} {recipe.version} has no realtime.py, so it answers no queries.",
            field=REALTIME,
            fix="Add realtime.py with a class that derives from InferenceService.",
        )
    contract = Contract.of(load_manifest(source), built.vectors)
    with guarded(platform):
        service = _instance(load_module(source, "realtime"), Container(platform))
    return RealtimeService(service, contract, platform)


@dataclass(frozen=True)
class Contract:
    """What a realtime service promises: its kind of answer, the vectors in it, and a question that it can answer, which
    is a guess unless the manifest gives one."""

    inference_type: str | None
    vectors: tuple[VectorIndex, ...]
    example: Mapping[str, Any]
    is_guess: bool = False

    @classmethod
    def of(cls, manifest: Manifest, vectors: tuple[VectorIndex, ...]) -> Self:
        example = manifest.example_input or _WARM_UP.get(manifest.inference_type, {"text": "warm up"})
        return cls(manifest.inference_type, vectors, dict(example), not manifest.example_input)


class RealtimeService:
    """One live service. `setup` of the package runs once, before its first inference."""

    def __init__(self, service: Any, contract: Contract, platform: Platform | None = None) -> None:
        self._service = service
        self._contract = contract
        self._platform = platform
        self._answer = _answering(service)
        self._many = getattr(service, "infer_many", None)
        self._set_up: asyncio.Task[None] | None = None

    async def infer(self, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request, as a dict of plain values that keeps the inference type's contract."""
        with guarded(self._platform):
            await self._ready()
            answer = await _run(self._answer, dict(inputs), dict(parameters))
        return self._checked(answer, inputs)

    async def infer_many(
        self, requests: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    ) -> list[dict[str, Any]]:
        """The answers to several requests, in order; in one pass where the package knows how."""
        if self._many is None:
            return [await self.infer(inputs, parameters) for inputs, parameters in requests]
        asked = [(dict(inputs), dict(parameters)) for inputs, parameters in requests]
        with guarded(self._platform):
            await self._ready()
            answers = await _run(self._many, asked)
        if len(answers) != len(requests):
            raise InvalidPackage(
                f"infer_many answered {len(answers)} of {len(requests)} requests.",
                field="infer_many",
                value=len(answers),
                fix="Return one answer per request, in order.",
            )
        return [self._checked(answer, inputs) for answer, (inputs, _) in zip(answers, asked, strict=True)]

    async def ready(self) -> None:
        """The package's `setup` has run."""
        with guarded(self._platform):
            await self._ready()

    async def warm_up(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one real inference, after which everything it needs is loaded."""
        example = self._contract.example
        try:
            return await self.infer(example, parameters)
        except (InvalidInput, LookupError, TypeError, ValueError) as error:
            if isinstance(error, InvalidPackage) or not self._contract.is_guess:
                raise
            raise InvalidPackage(
                f"The warm-up with {dict(example)} failed: {type(error).__name__}: {error}",
                field="example_input",
                value=dict(example),
                fix="Give example_input in the manifest: inputs that the service can answer.",
            ) from error

    def _checked(self, answer: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        read = read_answer(answer, inputs, self._contract.inference_type, self._contract.vectors)
        return dict(guarded_answer(read, self._platform, name=REALTIME))

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


def _instance(module: ModuleType, container: Container) -> Any:
    """The service: what the factory makes, else the class that the module defines or imports for it."""
    make: Callable[..., Any] | None = getattr(module, "get_inference_service", None)
    service = make if callable(make) else _service_class(module)
    arguments, named = bound(service, [], {"container": container, "secrets": container.secrets})
    return service(*arguments, **named)


def _service_class(module: ModuleType) -> type:
    classes = [one for one in vars(module).values() if inspect.isclass(one)]
    found = [one for one in classes if _is_service(one)]
    own = [one for one in found if one.__module__ == module.__name__] or found
    named = [one for one in own if one.__name__.endswith(_CLASS_ENDINGS)] or own
    if not named:
        raise InvalidPackage(
            "realtime.py defines no inference service.",
            field=REALTIME,
            value=[one.__name__ for one in classes if one.__module__ == module.__name__],
            fix="Define class InferenceService with async infer(self, inputs, parameters).",
        )
    return named[-1]


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
        return _of_request(method) if name == "predict" else _of_both(method)
    raise InvalidPackage(
        f"{type(service).__name__} in realtime.py answers nothing.",
        field=REALTIME,
        value=type(service).__name__,
        fix="Define async infer(self, inputs, parameters).",
    )


def _of_both(method: Callable[..., Any]) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    """With inputs and parameters, or with the inputs alone where the method takes no more."""
    taken = inspect.signature(method).parameters.values()
    is_open = any(one.kind is one.VAR_POSITIONAL for one in taken)
    positional = [one for one in taken if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if is_open or len(positional) > 1:
        return method
    return _alike(method, lambda inputs, _: method(inputs))


def _of_request(method: Callable[..., Any]) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    """With one request that has both; the inputs are also at its top, where older services look for them."""
    return _alike(
        method,
        lambda inputs, parameters: method({**inputs, "inputs": inputs, "parameters": parameters}),
    )


def _alike(
    method: Callable[..., Any], call: Callable[[dict[str, Any], dict[str, Any]], Any]
) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    """`call`, asynchronous exactly if `method` is: a synchronous one runs in a thread."""
    if not inspect.iscoroutinefunction(method):
        return call

    async def awaited(inputs: dict[str, Any], parameters: dict[str, Any]) -> Any:
        return await call(inputs, parameters)

    return awaited
