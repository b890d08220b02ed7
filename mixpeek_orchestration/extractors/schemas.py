"""Schemas in a manifest: pydantic classes, JSON Schema, or a plain dict of fields, all as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError

from mixpeek_orchestration.core.errors import InvalidPackage

_TYPE_NAMES: Final = {
    "str": "string",
    "string": "string",
    "text": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "list": "array",
    "array": "array",
    "dict": "object",
    "object": "object",
}


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
    return {"type": "object", "properties": {str(name): _of_type(one) for name, one in declared.items()}}


def _of_type(declared: object) -> dict[str, Any]:
    """The schema of one field: a schema, a Python type, or the name of a type; open where it is none of these."""
    if isinstance(declared, Mapping):
        return dict(declared)
    if not isinstance(declared, str):
        return _of_python_type(declared)
    name, _, item = declared.strip().lower().rstrip("]").partition("[")
    kind = _TYPE_NAMES.get(name)
    if kind == "array":
        inner = _of_type(item.split(",")[0]) if item else {}
        return {"type": "array", "items": inner} if inner else {"type": "array"}
    return {"type": kind} if kind else {}


def _of_python_type(declared: Any) -> dict[str, Any]:
    try:
        return TypeAdapter(declared).json_schema()
    except PydanticUserError:
        return {}
