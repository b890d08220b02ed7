"""The Arrow types that an extractor declares for its outputs, so that a column has one type in every chunk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

_SCALARS = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}


def declared_types(schema: Mapping[str, Any]) -> dict[str, pa.DataType]:
    """Column types from the JSON schema of the outputs; a property whose type is open is left out."""
    definitions = schema.get("$defs", {})
    found = {name: _type(prop, definitions, ()) for name, prop in schema.get("properties", {}).items()}
    return {name: dtype for name, dtype in found.items() if dtype is not None}


def _type(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], seen: tuple[str, ...]
) -> pa.DataType | None:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return (
            None
            if name in seen or name not in definitions
            else _type(definitions[name], definitions, (*seen, name))
        )
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        return _type(options[0], definitions, seen) if len(options) == 1 else None
    kind = schema.get("type")
    if kind == "array" and isinstance(schema.get("items"), Mapping):
        inner = _type(schema["items"], definitions, seen)
        return None if inner is None else pa.list_(inner)
    if kind == "object" and schema.get("properties"):
        fields = {name: _type(prop, definitions, seen) for name, prop in schema["properties"].items()}
        return None if None in fields.values() else pa.struct(list(fields.items()))
    return _SCALARS.get(kind) if isinstance(kind, str) and "format" not in schema else None
