"""Outputs in the types that the manifest declares, so that a column has one type in every chunk and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mixpeek_orchestration.core.errors import InvalidOutput
from mixpeek_orchestration.extractors.columns import ARROW_ERRORS, is_pickled, python_values

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


def conformed(
    name: str, column: pa.Array, dtype: pa.DataType | None
) -> tuple[pa.Array, dict[int, InvalidOutput]]:
    """The column in its declared type, null where a value cannot have it, and what is wrong by row.

    What becomes of a value depends on that value alone, never on those that happen to be in the same chunk.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if dtype is None:
        return (column, {}) if not is_pickled(column.type) else _one_by_one(name, column, pa.string())
    try:
        return column if column.type == dtype else column.cast(dtype), {}
    except ARROW_ERRORS:
        return _one_by_one(name, column, dtype)


def _one_by_one(name: str, column: pa.Array, dtype: pa.DataType) -> tuple[pa.Array, dict[int, InvalidOutput]]:
    kept: list[pa.Array] = []
    wrong: dict[int, InvalidOutput] = {}
    for row, value in enumerate(_values(column)):
        try:
            kept.append(pa.array([value]).cast(dtype))
        except ARROW_ERRORS:
            kept.append(pa.nulls(1, dtype))
            wrong[row] = _wrong_type(name, value, dtype)
    return pa.concat_arrays(kept), wrong


def _values(column: pa.Array) -> Sequence[Any]:
    return python_values(column) if is_pickled(column.type) else column.to_pylist()


def _wrong_type(name: str, value: object, dtype: pa.DataType) -> InvalidOutput:
    return InvalidOutput(
        f"The output field {name!r} holds a value of type {type(value).__name__}, which cannot be stored as {dtype}.",
        field=name,
        value=value,
        fix="Return the type that the output schema declares.",
    )
