"""Parameters of an extractor, validated against its own schema and completed with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.extractors.manifest import Manifest


def validated_parameters(manifest: Manifest, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters a pipeline is built with. Leaving out a default and writing it down give the same result.

    Raises `InvalidInput` for an unknown or ill-typed parameter, naming the field, the value and what there is.
    """
    canonical_json(dict(given))
    if manifest.parameter_model is None:
        return _against_schema(manifest, given)
    values = _against_model(manifest, manifest.parameter_model, given)
    unknown = sorted(set(given) - _accepted(manifest.parameter_model))
    if unknown and manifest.parameter_model.model_config.get("extra") != "allow":
        raise _unknown(manifest, unknown[0], given[unknown[0]], list(manifest.parameter_model.model_fields))
    return values


def _against_model(manifest: Manifest, model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return model.model_validate(dict(given)).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise _unknown(manifest, path, first["input"], list(model.model_fields)) from error
        if first["type"] == "missing" and not given:
            raise _needs(manifest, path) from error
        subject = (
            f"The parameter {path!r} of {manifest.name} is"
            if path
            else f"The parameters of {manifest.name} are"
        )
        raise InvalidInput(
            f"{subject} wrong: {first['msg'].removeprefix('Value error, ')}.",
            field=f"parameters.{path}" if path else "parameters",
            value=first["input"],
            fix=_allowed(manifest, path),
        ) from error


def _needs(manifest: Manifest, path: str) -> InvalidInput:
    return InvalidInput(
        f"{manifest.name} needs the parameter {path!r}.",
        field=f"parameters.{path}",
        fix=_allowed(manifest, path),
    )


def _against_schema(manifest: Manifest, given: Mapping[str, Any]) -> dict[str, Any]:
    properties: Mapping[str, Any] = manifest.parameter_schema.get("properties", {})
    for name, value in given.items():
        if manifest.parameter_schema and name not in properties:
            raise _unknown(manifest, name, value, list(properties))
    defaults = {name: schema["default"] for name, schema in properties.items() if "default" in schema}
    return {**defaults, **given}


def _accepted(model: type[BaseModel]) -> set[str]:
    aliases = {field.alias for field in model.model_fields.values() if field.alias}
    return set(model.model_fields) | aliases


def _unknown(manifest: Manifest, name: str, value: object, known: list[str]) -> InvalidInput:
    there = f"It has: {', '.join(known)}." if known else "It has no parameters."
    return InvalidInput(
        f"{manifest.name} has no parameter {name!r}.", field=f"parameters.{name}", value=value, fix=there
    )


def _allowed(manifest: Manifest, path: str) -> str:
    """What the schema says of a parameter: its description, else its type and limits."""
    name = path.split(".", 1)[0]
    schema = manifest.parameter_schema.get("properties", {}).get(name, {})
    if "description" in schema:
        return f"{name}: {schema['description']}"
    limits = {key: value for key, value in schema.items() if key != "title"}
    return f"{name} takes {canonical_json(limits)}." if limits else "See the extractor's parameter_schema."
