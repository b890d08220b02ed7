"""What an unknown field was probably meant to be."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any

from fastapi import Request
from pydantic import TypeAdapter


def suggestion(request: Request, loc: tuple[Any, ...]) -> str | None:
    """The known field nearest to the unknown one at `loc` in the body of `request`, if any is near."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return nearest(field.field_info.annotation, loc) if field is not None and loc else None


def nearest(shape: Any, loc: tuple[Any, ...]) -> str | None:
    """The field of the model `shape` that is nearest to the unknown one at `loc`, if any is near."""
    known = _fields_at(_schema(shape), loc[:-1])
    near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
    return near[0] if near else None


@cache
def _schema(shape: Any) -> dict[str, Any]:
    return TypeAdapter(shape).json_schema()


def _fields_at(schema: dict[str, Any], loc: tuple[Any, ...]) -> list[str]:
    """The names of the properties of the object at `loc`."""
    nodes = [schema]
    for part in (None, *loc):
        nodes = [branch for node in nodes for branch in _branches(_child(node, part), schema)]
    return [name for node in nodes for name in node.get("properties", {})]


def _child(node: dict[str, Any], part: Any) -> dict[str, Any]:
    if part is None:
        return node
    if isinstance(part, int):
        return node.get("items") or {}
    named = node.get("properties", {}).get(part)
    others = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return named or next((other for other in others if isinstance(other, dict)), {})


def _branches(node: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """A node with references and unions resolved."""
    if "$ref" in node:
        return _branches(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    union = node.get("anyOf") or node.get("oneOf")
    return [branch for option in union for branch in _branches(option, root)] if union else [node]
