"""Calls a package's `build_steps` and reads what comes back, in every form that packages return it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError
from mixpeek_orchestration.core.extractor import Resources, StepDescription
from mixpeek_orchestration.extractors.conditions import row_condition
from mixpeek_orchestration.extractors.features import read_features, vector_indexes
from mixpeek_orchestration.extractors.manifest import ComputeProfile, Manifest, compute_profile
from mixpeek_orchestration.extractors.model_files import ModelSpec
from mixpeek_orchestration.extractors.pipeline import ExtractorConfig, ExtractorRequest, StepDefinition
from mixpeek_orchestration.extractors.services.service import models_of
from mixpeek_orchestration.extractors.step_creation import check_signature, create_processor

if TYPE_CHECKING:
    import pandas as pd

_GIB: Final = 1 << 30
_API_CPUS: Final = 0.25
_KEYS: Final = ("steps", "prepare", "models", "features")


@dataclass(frozen=True)
class Step:
    """A step ready to be instantiated: its description, and how to make its processor."""

    description: StepDescription
    definition: StepDefinition

    def create(self) -> Callable[[pd.DataFrame], pd.DataFrame]:
        """A new processor. One per worker: it may hold a model."""
        return create_processor(self.definition)


@dataclass(frozen=True)
class BuiltPipeline:
    """What `build_steps` returned, read."""

    steps: tuple[Step, ...]
    models: tuple[ModelSpec, ...]
    vectors: tuple[VectorIndex, ...]


class AbsentServices:
    """The platform services that `build_steps(container=…)` gets. Asking for one says that it is not here yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _AbsentService(
            f"The platform service container.{name} is not available in this version yet.",
            field=f"container.{name}",
            fix="Build the pipeline without it.",
        )


class _AbsentService(InvalidPackage, AttributeError):
    """Also an AttributeError, so that `hasattr` and `getattr` with a default see an absent attribute."""


def build_pipeline(module: ModuleType, manifest: Manifest, parameters: Mapping[str, Any]) -> BuiltPipeline:
    """The pipeline of a package for these parameters; raises `InvalidPackage` for what does not keep the contract."""
    result = _called(module, manifest, parameters)
    if not isinstance(result, Mapping):
        result = {"steps": getattr(result, "steps", result), "prepare": getattr(result, "prepare", None)}
    unknown = sorted(set(map(str, result)) - set(_KEYS))
    if unknown:
        raise InvalidPackage(
            f"build_steps returned the unknown key {unknown[0]!r}.",
            field=f"build_steps.{unknown[0]}",
            value=result[unknown[0]],
            fix=f"Its result has the keys {', '.join(_KEYS)}.",
        )
    _check_prepare(result.get("prepare"))
    steps = _steps(result.get("steps"), manifest.profile)
    features = result.get("features")
    vectors = (
        manifest.vectors
        if features is None
        else vector_indexes(read_features(features), manifest.output_fields)
    )
    services = models_of((step.definition.service_class, step.definition.config) for step in steps)
    models = dict.fromkeys((*_models(result.get("models") or ()), *services))
    return BuiltPipeline(steps, tuple(models), vectors)


def _called(module: ModuleType, manifest: Manifest, parameters: Mapping[str, Any]) -> Any:
    build = getattr(module, "build_steps", None)
    if not callable(build):
        raise InvalidPackage(
            "pipeline.py has no function build_steps.",
            field="pipeline.build_steps",
            fix="Add def build_steps(extractor_request, container=None, **kwargs).",
        )
    request = ExtractorRequest(ExtractorConfig(dict(parameters)))
    try:
        return build(request, **_wanted(build, {"container": AbsentServices()}))
    except MixpeekError:
        raise
    except Exception as error:
        raise InvalidPackage(
            f"build_steps of {manifest.name} failed: {type(error).__name__}: {error}",
            field="pipeline.build_steps",
            value=type(error).__name__,
            fix="Call it with the parameters of the collection to see the traceback.",
        ) from error


def _wanted(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return {name: value for name, value in options.items() if takes_any or name in parameters}


def _steps(raw: object, profile: ComputeProfile) -> tuple[Step, ...]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        raise InvalidPackage(
            "build_steps returned no steps.",
            field="build_steps.steps",
            value=raw,
            fix='Return {"steps": build_pipeline_steps(pipeline)}.',
        )
    definitions = [one if isinstance(one, StepDefinition) else StepDefinition(one) for one in raw]
    enabled = [definition for definition in definitions if definition.enabled]
    names = _names(enabled)
    for definition in enabled:
        check_signature(definition)
    return tuple(
        Step(_described(definition, name, profile), definition)
        for definition, name in zip(enabled, names, strict=True)
    )


def _names(definitions: Sequence[StepDefinition]) -> list[str]:
    """The name of each step's class or function; a repeated one gets its number."""
    plain = [_name(definition.service_class) for definition in definitions]
    return [
        name if plain.count(name) == 1 else f"{name}_{plain[: index + 1].count(name)}"
        for index, name in enumerate(plain)
    ]


def _name(service: Any) -> str:
    return getattr(service, "__name__", None) or type(service).__name__


def _described(definition: StepDefinition, name: str, profile: ComputeProfile) -> StepDescription:
    raw: dict[str, Any] = {"resource_type": definition.resource_type}
    if definition.batch_size is not None:
        raw["batch_size"] = definition.batch_size
    if definition.concurrency is not None:
        raw["max_concurrency"] = definition.concurrency
    own = compute_profile(raw)
    return StepDescription(
        name=name,
        resource_type=own.resource_type,
        resources=_resources(own.resource_type, profile),
        condition=row_condition(definition.condition).value,
        batch_size=definition.batch_size or profile.batch_size,
        concurrency=definition.concurrency or profile.max_concurrency,
    )


def _resources(resource_type: str, profile: ComputeProfile) -> Resources:
    memory = int(profile.actor_memory_gb * _GIB)
    cpus = _API_CPUS if resource_type == "api" else 1.0
    return Resources(cpus=cpus, gpus=1.0 if resource_type == "gpu" else 0.0, memory_bytes=memory)


def _models(raw: Sequence[Any]) -> list[ModelSpec]:
    for model in raw:
        if not isinstance(model, ModelSpec):
            raise InvalidPackage(
                "build_steps returned a model that is not a ModelSpec.",
                field="build_steps.models",
                value=model,
                fix="Write ModelSpec(model_id, revision, backend).",
            )
    return list(raw)


def _check_prepare(prepare: Any) -> None:
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
            "A `prepare` that changes the dataset is not available in this version.",
            field="build_steps.prepare",
            value=prepare,
            fix="Do the work in a step and return only the steps.",
        )
