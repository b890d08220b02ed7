"""Schemas in a manifest: pydantic classes, JSON Schema, or a plain dict of fields, all as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from mixpeek_orchestration.core.errors import InvalidPackage


def json_schema(declared: object, field: str) -> Mapping[str, Any]:
    """The JSON Schema of what the manifest has under `field`; empty when it has nothing."""
    if declared is None:
        return {}
    if isinstance(declared, type) and issubclass(declared, BaseModel):
        return _of_model(declared, field)
    if isinstance(declared, Mapping):
        return _of_mapping(declared)
    raise InvalidPackage(
        f"`{field}` is neither a pydantic model nor a dict.",
        field=field,
        value=declared,
        fix="Declare a class that derives from pydantic.BaseModel.",
    )


def _of_model(model: type[BaseModel], field: str) -> Mapping[str, Any]:
    try:
        return model.model_json_schema()
    except PydanticUserError as error:
        raise InvalidPackage(
            f"`{field}` has no JSON schema: {error.message}",
            field=field,
            value=model.__name__,
            fix="Use types that JSON can say: str, int, float, bool, list, dict, another model.",
        ) from error


def _of_mapping(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(declared.get("properties"), Mapping):
        return dict(declared)
    properties = {name: dict(one) if isinstance(one, Mapping) else {} for name, one in declared.items()}
    return {"type": "object", "properties": properties}
