"""Turns what a package calls a step into a callable over batches, whatever its constructor looks like."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.pipeline import StepDefinition

if TYPE_CHECKING:
    import pandas as pd

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def create_processor(definition: StepDefinition) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The processor of a step: a class is instantiated with its config, an instance or a function is used as it is."""
    service: Any = definition.service_class
    if inspect.isclass(service):
        arguments, options = _constructor_call(service, definition.config)
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
    if inspect.isclass(service):
        arguments, options = _constructor_call(service, definition.config)
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


def _constructor_call(service: type, config: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """How `config` goes into the constructor: by name, as the first argument, or not at all."""
    parameters = inspect.signature(service).parameters
    given = {} if config is None else config
    if "config" in parameters and parameters["config"].kind is not inspect.Parameter.POSITIONAL_ONLY:
        return (), {"config": given}
    kinds = [parameter.kind for parameter in parameters.values()]
    if any(kind in _POSITIONAL or kind is inspect.Parameter.VAR_POSITIONAL for kind in kinds):
        return (given,), {}
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return (), {"config": given}
    return (), {}
