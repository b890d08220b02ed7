"""Finds what a package builds its pipeline with, and calls it, in every form that the documentation has had."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.calling import bound
from mixpeek_orchestration.extractors.container import Container
from mixpeek_orchestration.extractors.documented.builder import BaseExtractorBuilder
from mixpeek_orchestration.extractors.guarded import guarded
from mixpeek_orchestration.extractors.manifest import Manifest
from mixpeek_orchestration.extractors.pipelines.pipeline import (
    ExtractorConfig,
    ExtractorRequest,
    StepDefinition,
)
from mixpeek_orchestration.extractors.processing import BaseBatchInferenceService, BatchProcessor

_KEYS: Final = ("steps", "prepare", "models", "features")
_FUNCTIONS: Final = ("build_steps", "extract")


def called(
    module: ModuleType, manifest: Manifest, parameters: Mapping[str, Any], platform: Platform | None
) -> Any:
    """What the package builds for these parameters; whatever it raises comes back as `InvalidPackage`."""
    build = _entry(module)
    request = ExtractorRequest(ExtractorConfig(dict(parameters), dict(manifest.input_mappings)))
    options = {
        "container": Container(platform),
        "base_steps": [],
        "dataset_size": None,
        "content_flags": None,
    }
    try:
        arguments, named = bound(build, [request], options)
        with guarded(platform):
            return build(*arguments, **named)
    except MixpeekError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidPackage(
            f"{_name(build)} of {manifest.name} failed: {type(error).__name__}: {error}",
            field=f"pipeline.{_name(build)}",
            value=type(error).__name__,
            fix="Call it with the parameters of the collection to see the traceback.",
        ) from error


def read_result(returned: Any) -> Mapping[str, Any]:
    """What was built as a mapping with `steps`: a dict, an object with `.steps` and `.prepare`, or a list of steps."""
    result: Mapping[str, Any] = (
        returned
        if isinstance(returned, Mapping)
        else {"steps": getattr(returned, "steps", returned), "prepare": getattr(returned, "prepare", None)}
    )
    unknown = sorted(set(map(str, result)) - set(_KEYS))
    if unknown:
        raise InvalidPackage(
            f"build_steps returned the unknown key {unknown[0]!r}.",
            field=f"build_steps.{unknown[0]}",
            value=result[unknown[0]],
            fix=f"Its result has the keys {', '.join(_KEYS)}.",
        )
    return result


def check_prepare(prepare: Any) -> None:
    """`prepare` is documented to map a Ray dataset; only the one that hands it back unchanged runs everywhere."""
    if prepare is None:
        return
    probe = object()
    try:
        unchanged = prepare(probe) is probe
    except Exception:  # noqa: BLE001 - it wanted a dataset, which is the answer
        unchanged = False
    if not unchanged:
        raise InvalidPackage(
            "A `prepare` that changes the dataset does not run in every runner.",
            field="build_steps.prepare",
            value=prepare,
            fix="Do the work in a step and return only the steps.",
        )


def _entry(module: ModuleType) -> Callable[..., Any]:
    """The function `build_steps` or `extract`, else a builder class, else the one processor that says enough."""
    for name in _FUNCTIONS:
        function: Callable[..., Any] | None = getattr(module, name, None)
        if callable(function):
            return function
    builders = _classes(module, (BaseExtractorBuilder,))
    if len(builders) == 1:
        return _from_builder(builders[0])
    processors = _classes(module, (BatchProcessor, BaseBatchInferenceService))
    if len(processors) == 1:
        return _from_processor(processors[0])
    if processors:
        raise InvalidPackage(
            f"pipeline.py has {len(processors)} processors and no function build_steps that orders them.",
            field="pipeline.build_steps",
            value=[one.__name__ for one in processors],
            fix="Add def build_steps(extractor_request, container=None, **kwargs) that returns the steps in order.",
        )
    raise InvalidPackage(
        "pipeline.py has no function build_steps.",
        field="pipeline.build_steps",
        fix="Add def build_steps(extractor_request, container=None, **kwargs), or one class that derives from "
        "BatchProcessor.",
    )


def _classes(module: ModuleType, bases: tuple[type, ...]) -> list[type]:
    """The classes of the package among the names of the module: those that it defines, else those it imports."""
    package = module.__name__.split(".", 1)[0]
    found = {one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, bases)}
    own = [one for one in found if one.__module__.split(".", 1)[0] == package]
    here = [one for one in own if one.__module__ == module.__name__]
    return sorted(here or own, key=lambda one: one.__name__)


def _from_builder(builder: type) -> Callable[..., Any]:
    def build_steps(extractor_request: ExtractorRequest, container: Container) -> Any:
        arguments, named = bound(builder, [extractor_request], {"container": container})
        return builder(*arguments, **named).build()

    return build_steps


def _from_processor(processor: type) -> Callable[..., Any]:
    def build_steps(extractor_request: ExtractorRequest) -> Any:
        return [StepDefinition(processor, config=dict(extractor_request.parameters))]

    return build_steps


def _name(build: Callable[..., Any]) -> str:
    return getattr(build, "__name__", "build_steps")
