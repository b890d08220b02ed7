"""Turns what a package calls a step into a callable over batches, whatever its constructor looks like."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.calling import bound
from mixpeek_orchestration.extractors.container import Container
from mixpeek_orchestration.extractors.pipelines.pipeline import StepDefinition

if TYPE_CHECKING:
    import pandas as pd


def create_processor(
    definition: StepDefinition, container: Container
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The processor of a step: a class is instantiated with its config, an instance or a function is used as it is.

    A constructor that asks for `secrets` or `container` gets the platform's."""
    service: Any = definition.service_class
    if inspect.isclass(service):
        arguments, options = _constructor_call(service, definition.config, container)
        service = service(*arguments, **options)
    processor: Callable[[pd.DataFrame], pd.DataFrame] = service
    return processor


def check_signature(definition: StepDefinition) -> None:
    """Raises `InvalidPackage` when the step could not be created or called, without creating it."""
    service = definition.service_class
    name = getattr(service, "__name__", type(service).__name__)
    if not callable(service) or (inspect.isclass(service) and not _is_callable_class(service)):
        raise InvalidPackage(
            f"The step {name} cannot be called with a batch.",
            field=f"steps.{name}",
            value=service,
            fix="Define __call__(self, batch), or derive from BatchProcessor and define process(self, batch).",
        )
    if _is_async(service):
        raise InvalidPackage(
            f"The step {name} is asynchronous, and batches are processed synchronously.",
            field=f"steps.{name}",
            value=name,
            fix="Define def __call__(self, batch), and make asynchronous calls with concurrent_api_calls.",
        )
    if inspect.isclass(service):
        _check_constructor(service, definition.config, name)


def _check_constructor(service: type, config: Any, name: str) -> None:
    arguments, options = _constructor_call(service, config, Container())
    try:
        inspect.signature(service).bind(*arguments, **options)
    except TypeError as error:
        raise InvalidPackage(
            f"The constructor of the step {name} needs more than its config: {error}.",
            field=f"steps.{name}",
            value=str(inspect.signature(service)),
            fix="Write def __init__(self, config, **kwargs).",
        ) from error


def _is_callable_class(service: type) -> bool:
    return any("__call__" in vars(base) for base in service.__mro__)


def _is_async(service: Any) -> bool:
    called = [service] if inspect.isfunction(service) else [getattr(service, "__call__", None)]  # noqa: B004
    called += [getattr(service, name, None) for name in ("process", "_process_batch")]
    return any(inspect.iscoroutinefunction(one) for one in called)


def _constructor_call(service: type, config: Any, container: Container) -> tuple[list[Any], dict[str, Any]]:
    """How `config` goes into the constructor: by name, as the first argument, or not at all."""
    parameters = inspect.signature(service).parameters
    known: dict[str, Any] = {"secrets": container.secrets, "container": container, "llm": container.llm}
    given = {} if config is None else config
    options = {name: value for name, value in known.items() if name in parameters}
    if "config" in parameters or not _takes_position(parameters):
        return bound(service, [], {**options, "config": given})
    return bound(service, [] if config is None and _all_optional(parameters) else [given], options)


def _all_optional(parameters: Mapping[str, inspect.Parameter]) -> bool:
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(one.default is not one.empty or one.kind in variadic for one in parameters.values())


def _takes_position(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(
        one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.VAR_POSITIONAL)
        for one in parameters.values()
    )
