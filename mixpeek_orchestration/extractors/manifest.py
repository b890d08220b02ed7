"""Manifests of all three styles, read into one form. What is wrong with one is said by field, value and fix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage
from mixpeek_orchestration.core.feature_uri import canonical_version, parse_feature_uri
from mixpeek_orchestration.extractors.compute_profile import ComputeProfile, compute_profile, serve_config
from mixpeek_orchestration.extractors.declaration import ExtractorManifest
from mixpeek_orchestration.extractors.features import read_features, vector_indexes
from mixpeek_orchestration.extractors.schemas import json_schema

INFERENCE_TYPES: Final = ("embedding", "rerank", "classify", "generate", "general")
MODALITIES: Final = ("text", "image", "video", "audio", "pdf", "excel", "document", "gif", "json")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_IMAGE: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?::\d+)?(?:/[A-Za-z0-9._-]+)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
_FIELDS: Final = (*ExtractorManifest.model_fields, "feature_uri")


@dataclass(frozen=True)
class Manifest:
    """What a package declares, whatever the style it was written in. `parameter_model` is the pydantic class that
    validates parameters, if the package has one; the schemas are JSON Schema."""

    name: str
    version: str
    description: str
    category: str | None
    author: str | None
    features: tuple[Mapping[str, Any], ...]
    vectors: tuple[VectorIndex, ...]
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    parameter_schema: Mapping[str, Any]
    parameter_model: type[BaseModel] | None
    input_fields: tuple[str, ...]
    output_fields: tuple[str, ...]
    supported_input_types: tuple[str, ...]
    inference_type: str | None
    feature_uri: str | None
    position_fields: tuple[str, ...]
    input_mappings: Mapping[str, Any]
    dependencies: tuple[str, ...]
    system_packages: tuple[str, ...]
    container_image: str
    profile: ComputeProfile
    serve_config: Mapping[str, Any]
    example_input: Mapping[str, Any] | None
    example_output: Mapping[str, Any] | None


def read_manifest(module: ModuleType) -> Manifest:
    """The manifest in `module`: a typed `manifest`, a `metadata` dict, or plain module variables."""
    declared = _declared(module)
    output_schema = json_schema(declared.get("output_schema"), "output_schema")
    input_schema = json_schema(declared.get("input_schema"), "input_schema")
    parameters = declared.get("parameter_schema")
    features = read_features(declared.get("features"))
    output_fields = tuple(output_schema.get("properties", {}))
    input_fields = tuple(input_schema.get("properties", {}))
    name, version = _name(declared), _version(declared)
    return Manifest(
        name=name,
        version=version,
        description=_text(declared, "description") or "",
        category=_text(declared, "category"),
        author=_text(declared, "author"),
        features=features,
        vectors=vector_indexes(features, output_fields),
        input_schema=input_schema,
        output_schema=output_schema,
        parameter_schema=json_schema(parameters, "parameter_schema"),
        parameter_model=parameters if isinstance(parameters, type) else None,
        input_fields=input_fields,
        output_fields=output_fields,
        supported_input_types=_input_types(declared, input_fields),
        inference_type=_inference_type(declared),
        feature_uri=_feature_uri(declared, name, version),
        position_fields=_position_fields(declared, output_fields),
        input_mappings=_input_mappings(declared),
        dependencies=_strings(declared, "dependencies"),
        system_packages=_strings(declared, "system_packages"),
        container_image=_image(declared),
        profile=compute_profile(declared.get("compute_profile") or {}),
        serve_config=serve_config(declared.get("serve_config") or {}),
        example_input=_mapping(declared, "example_input"),
        example_output=_mapping(declared, "example_output"),
    )


def _declared(module: ModuleType) -> dict[str, Any]:
    """What the module declares, by field: the typed manifest wins over `metadata`, that over module variables."""
    variables = {name: getattr(module, name) for name in _FIELDS if _is_declared(module, name)}
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


def _is_declared(module: ModuleType, name: str) -> bool:
    """Whether the module has the name, and not only as a module of the package that was imported under it."""
    return hasattr(module, name) and not isinstance(getattr(module, name), ModuleType)


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


def _position_fields(declared: Mapping[str, Any], output_fields: Sequence[str]) -> tuple[str, ...]:
    """The outputs that name a document within its source; each must be one, where the outputs are declared."""
    fields = _strings(declared, "position_fields")
    unknown = next((name for name in fields if output_fields and name not in output_fields), None)
    if unknown is not None:
        raise InvalidPackage(
            f"The position field {unknown!r} is not an output.",
            field="position_fields",
            value=unknown,
            fix=f"Name outputs: {', '.join(output_fields)}.",
        )
    return fields


def _feature_uri(declared: Mapping[str, Any], name: str, version: str) -> str | None:
    """The URI of the package's own feature as declared; a URI of another extractor would search nothing."""
    value = declared.get("feature_uri")
    if value is None:
        return None
    try:
        is_own = parse_feature_uri(str(value)).same_extractor(name, version)
    except InvalidInput as error:
        raise InvalidPackage(error.message, field="feature_uri", value=value, fix=error.fix) from error
    if not is_own:
        raise InvalidPackage(
            f"`feature_uri` names another extractor than {name}@{version}.",
            field="feature_uri",
            value=value,
            fix=f"Write mixpeek://{name}@{version}/<feature_name>, or leave it out.",
        )
    return str(value)


def _input_mappings(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Input to source field, or to several; the list form with `input_key` and `path` is read too."""
    raw = declared.get("input_mappings") or {}
    if isinstance(raw, Sequence) and not isinstance(raw, str) and all(isinstance(m, Mapping) for m in raw):
        raw = {one.get("input_key"): one.get("path") for one in raw}
    if not isinstance(raw, Mapping) or not all(isinstance(key, str) and key for key in raw):
        raise InvalidPackage(
            "`input_mappings` does not map inputs to fields.",
            field="input_mappings",
            value=declared["input_mappings"],
            fix='Write input_mappings = {"text": "title"}.',
        )
    return dict(raw)


def _text(declared: Mapping[str, Any], key: str) -> str | None:
    value = declared.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidPackage(f"`{key}` is not text.", field=key, value=value, fix=f'Write {key} = "…".')
    return value


def _image(declared: Mapping[str, Any]) -> str:
    """The image reference; anything else in it could reach a command line."""
    image = _text(declared, "container_image") or ""
    if image and not _IMAGE.fullmatch(image):
        raise InvalidPackage(
            f"{image!r} is not the reference of a container image.",
            field="container_image",
            value=image,
            fix="Write for example registry.example.com/team/image:1.0.0.",
        )
    return image


def _mapping(declared: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = declared.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise InvalidPackage(f"`{key}` is not a dict.", field=key, value=value, fix=f"Write {key} = {{...}}.")
    return value


def _strings(declared: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = declared.get(key) or ()
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise InvalidPackage(
            f"`{key}` is not a list of strings.", field=key, value=value, fix=f'Write {key} = ["…"].'
        )
    return tuple(value)
