"""Reads what a package's `build_steps` returned: steps, the weights they compute with, the features they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import StepDescription
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.compute_profile import ComputeProfile, compute_profile, resources_of
from mixpeek_orchestration.extractors.container import Container
from mixpeek_orchestration.extractors.features import read_features, vector_indexes
from mixpeek_orchestration.extractors.guarded import guarded, guarded_processor
from mixpeek_orchestration.extractors.manifest import Manifest
from mixpeek_orchestration.extractors.missing_weights import naming_missing_weights
from mixpeek_orchestration.extractors.model_files import ModelSpec
from mixpeek_orchestration.extractors.pipelines.conditions import row_condition
from mixpeek_orchestration.extractors.pipelines.entry import called, check_prepare, read_result
from mixpeek_orchestration.extractors.pipelines.pipeline import StepDefinition
from mixpeek_orchestration.extractors.pipelines.step_creation import check_signature, create_processor
from mixpeek_orchestration.extractors.services.service import models_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Step:
    """A step ready to be instantiated: its description, how to make its processor, and what that may ask for."""

    description: StepDescription
    definition: StepDefinition
    platform: Platform | None = None

    def create(self) -> Callable[[pd.DataFrame], pd.DataFrame]:
        """A new processor. One per worker: it may hold a model."""
        with guarded(self.platform):
            processor = create_processor(self.definition, Container(self.platform))
        name = f"Step {self.description.name!r}"
        return guarded_processor(naming_missing_weights(processor, name=name), self.platform, name=name)


@dataclass(frozen=True)
class BuiltPipeline:
    """What `build_steps` returned, read."""

    steps: tuple[Step, ...]
    models: tuple[ModelSpec, ...]
    vectors: tuple[VectorIndex, ...]
    features: tuple[Mapping[str, Any], ...]


def build_pipeline(
    module: ModuleType, manifest: Manifest, parameters: Mapping[str, Any], platform: Platform | None = None
) -> BuiltPipeline:
    """The pipeline of a package for these parameters; raises `InvalidPackage` for what does not keep the contract.

    Without a `platform` (when a package is only described) the container's handles exist and cannot be called.
    """
    result = read_result(called(module, manifest, parameters, platform))
    check_prepare(result.get("prepare"))
    definitions = _definitions(result.get("steps"))
    features = manifest.features if result.get("features") is None else read_features(result["features"])
    return BuiltPipeline(
        steps=_steps(definitions, manifest.profile, platform),
        models=tuple(_models(result.get("models") or (), definitions)),
        vectors=vector_indexes(features, manifest.output_fields),
        features=features,
    )


def _definitions(raw: object) -> list[StepDefinition]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        raise InvalidPackage(
            "build_steps returned no steps.",
            field="build_steps.steps",
            value=raw,
            fix='Return {"steps": build_pipeline_steps(pipeline)}.',
        )
    definitions = [one if isinstance(one, StepDefinition) else StepDefinition(one) for one in raw]
    enabled = [definition for definition in definitions if definition.enabled]
    if not enabled:
        raise InvalidPackage(
            "Every step that build_steps returned is disabled.",
            field="build_steps.steps",
            value=len(definitions),
            fix="Enable at least one step for these parameters.",
        )
    return enabled


def _steps(
    definitions: Sequence[StepDefinition], profile: ComputeProfile, platform: Platform | None
) -> tuple[Step, ...]:
    for definition in definitions:
        check_signature(definition)
    return tuple(
        Step(_described(definition, name, profile), definition, platform)
        for definition, name in zip(definitions, _names(definitions), strict=True)
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
        resources=resources_of(own.resource_type, profile),
        condition=row_condition(definition.condition).value,
        batch_size=definition.batch_size or profile.batch_size,
        concurrency=definition.concurrency or profile.concurrency(own.resource_type),
    )


def _models(raw: Sequence[Any], definitions: Sequence[StepDefinition]) -> list[ModelSpec]:
    """The weights that the package names, and those that the built-in services among its steps compute with."""
    for model in raw:
        if not isinstance(model, ModelSpec):
            raise InvalidPackage(
                "build_steps returned a model that is not a ModelSpec.",
                field="build_steps.models",
                value=model,
                fix="Write ModelSpec(model_id, revision, backend).",
            )
    services = models_of((definition.service_class, definition.config) for definition in definitions)
    return list(dict.fromkeys([*raw, *services]))
