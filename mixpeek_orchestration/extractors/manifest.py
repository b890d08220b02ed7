"""Manifests of all three styles, read into one form. What is wrong with one is said by field, value and fix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.extractors.declaration import ExtractorManifest
from mixpeek_orchestration.extractors.features import read_features, vector_indexes
from mixpeek_orchestration.extractors.schemas import json_schema

INFERENCE_TYPES: Final = ("embedding", "rerank", "classify", "generate", "general")
MODALITIES: Final = ("text", "image", "video", "audio", "pdf", "excel", "document", "gif", "json")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_PROFILE_KEYS: Final = ("resource_type", "batch_size", "max_concurrency", "actor_memory_gb", "gpu_memory_gb")
_RESOURCE_TYPES: Final = ("cpu", "gpu", "api")
_FIELDS: Final = tuple(ExtractorManifest.model_fields)


@dataclass(frozen=True)
class ComputeProfile:
    """What a step's worker needs and how many rows it takes at once, unless the step says otherwise."""

    resource_type: str = "cpu"
    batch_size: int = 64
    max_concurrency: int = 2
    actor_memory_gb: float = 0.0
    gpu_memory_gb: float = 0.0


@dataclass(frozen=True)
class Manifest:
    """What a package declares, whatever the style it was written in. `parameter_model` is the pydantic class that
    validates parameters, if the package has one; the schemas are JSON Schema."""

    name: str
    version: str
    description: str
    features: tuple[Mapping[str, Any], ...]
    vectors: tuple[VectorIndex, ...]
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    parameter_schema: Mapping[str, Any]
    parameter_model: type[BaseModel] | None
    supported_input_types: tuple[str, ...]
    inference_type: str | None
    position_fields: tuple[str, ...]
    dependencies: tuple[str, ...]
    profile: ComputeProfile
    example_input: Mapping[str, Any] | None = None
    input_fields: tuple[str, ...] = field(default=())
    output_fields: tuple[str, ...] = field(default=())


def read_manifest(module: ModuleType) -> Manifest:
    """The manifest in `module`: a typed `manifest`, a `metadata` dict, or plain module variables."""
    declared = _declared(module)
    output_schema = json_schema(declared.get("output_schema"), "output_schema")
    input_schema = json_schema(declared.get("input_schema"), "input_schema")
    features = read_features(declared.get("features"))
    parameters = declared.get("parameter_schema")
    output_fields = tuple(output_schema.get("properties", {}))
    input_fields = tuple(input_schema.get("properties", {}))
    return Manifest(
        name=_name(declared),
        version=_version(declared),
        description=str(declared.get("description") or ""),
        features=features,
        vectors=vector_indexes(features, output_fields),
        input_schema=input_schema,
        output_schema=output_schema,
        parameter_schema=json_schema(parameters, "parameter_schema"),
        parameter_model=parameters if isinstance(parameters, type) else None,
        supported_input_types=_input_types(declared, input_fields),
        inference_type=_inference_type(declared),
        position_fields=_strings(declared, "position_fields"),
        dependencies=_strings(declared, "dependencies"),
        profile=compute_profile(declared.get("compute_profile") or {}),
        example_input=declared.get("example_input"),
        input_fields=input_fields,
        output_fields=output_fields,
    )


def compute_profile(raw: Mapping[str, Any]) -> ComputeProfile:
    """The compute profile with defaults; raises `InvalidPackage` naming an unknown key or a bad value."""
    for key, value in raw.items():
        if key not in _PROFILE_KEYS:
            raise InvalidPackage(
                f"compute_profile has no key {key!r}.",
                field=f"compute_profile.{key}",
                value=value,
                fix=f"Its keys are {', '.join(_PROFILE_KEYS)}.",
            )
    resource = str(raw.get("resource_type", "cpu")).lower().rsplit(".", 1)[-1]
    if resource not in _RESOURCE_TYPES:
        raise InvalidPackage(
            f"{raw['resource_type']!r} is not a resource type.",
            field="compute_profile.resource_type",
            value=raw["resource_type"],
            fix="Write cpu, gpu or api.",
        )
    return ComputeProfile(
        resource_type=resource,
        batch_size=_positive(raw, "batch_size", 64),
        max_concurrency=_positive(raw, "max_concurrency", 2),
        actor_memory_gb=float(raw.get("actor_memory_gb") or 0.0),
        gpu_memory_gb=float(raw.get("gpu_memory_gb") or 0.0),
    )


def _declared(module: ModuleType) -> dict[str, Any]:
    """What the module declares, by field: the typed manifest wins over `metadata`, that over module variables."""
    variables = {name: getattr(module, name) for name in _FIELDS if hasattr(module, name)}
    metadata = getattr(module, "metadata", None)
    if metadata is not None and not isinstance(metadata, Mapping):
        raise InvalidPackage(
            "`metadata` is not a dict.", field="metadata", value=metadata, fix="Write metadata = {...}."
        )
    typed = next((v for v in vars(module).values() if isinstance(v, ExtractorManifest)), None)
    said = {name: getattr(typed, name) for name in typed.model_fields_set} if typed else {}
    if "features" in said:
        said["features"] = [feature.as_dict() for feature in said["features"]]
    declared = {**variables, **(metadata or {}), **said}
    if "feature_extractor_name" not in declared and metadata and "name" in metadata:
        declared["feature_extractor_name"] = metadata["name"]
    return declared


def _name(declared: Mapping[str, Any]) -> str:
    name = declared.get("feature_extractor_name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidPackage(
            "The manifest names no extractor." if name is None else f"{name!r} cannot name an extractor.",
            field="feature_extractor_name",
            value=name,
            fix="Give feature_extractor_name: a letter, then letters, digits, `_` or `-`.",
        )
    return name


def _version(declared: Mapping[str, Any]) -> str:
    version = declared.get("version")
    if version is None:
        raise InvalidPackage(
            "The manifest has no version.", field="version", fix='Add version: "v1" or "1.0.0".'
        )
    try:
        canonical_version(str(version))
    except InvalidInput as error:
        raise InvalidPackage(error.message, field="version", value=version, fix=error.fix) from error
    return str(version)


def _input_types(declared: Mapping[str, Any], input_fields: Sequence[str]) -> tuple[str, ...]:
    """The blob types the extractor takes: as declared, else the inputs named like one, else its category, else text."""
    said = declared.get("supported_input_types")
    if said is not None:
        return tuple(str(one).lower() for one in said)
    by_field = tuple(name for name in input_fields if name in MODALITIES)
    category = str(declared.get("category") or "").lower()
    return by_field or ((category,) if category in MODALITIES else ("text",))


def _inference_type(declared: Mapping[str, Any]) -> str | None:
    value = declared.get("inference_type")
    if value is not None and value not in INFERENCE_TYPES:
        raise InvalidPackage(
            f"{value!r} is not an inference type.",
            field="inference_type",
            value=value,
            fix=f"Write one of {', '.join(INFERENCE_TYPES)}, or leave it out.",
        )
    return value


def _strings(declared: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = declared.get(key) or ()
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise InvalidPackage(
            f"`{key}` is not a list of strings.", field=key, value=value, fix=f'Write {key} = ["…"].'
        )
    return tuple(value)


def _positive(raw: Mapping[str, Any], key: str, default: int) -> int:
    value = raw.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidPackage(
            f"compute_profile.{key} is not a positive whole number.",
            field=f"compute_profile.{key}",
            value=value,
            fix=f"Write for example {default}.",
        )
    return value
