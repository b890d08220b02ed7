"""The inputs of an execution: what was sent, checked against the retriever's schema, with its defaults filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.retriever import InputField


@dataclass(frozen=True)
class Inputs:
    """`values` is what templates see; the rest says how it came about."""

    values: Mapping[str, Any]
    provided: tuple[str, ...]
    inferred: Mapping[str, Any]
    absent: frozenset[str] = frozenset()
    """Optional inputs that were neither sent nor have a default."""

    def interpretation(self, used: set[str]) -> dict[str, Any]:
        """What was understood from the request, given the inputs that the stages use."""
        return {
            "provided_input_keys": list(self.provided),
            "inferred_inputs": dict(self.inferred),
            "ignored_input_keys": [name for name in self.provided if name not in used],
            "relaxations": [],
        }


def bound_inputs(schema: Mapping[str, InputField], sent: Mapping[str, Any]) -> Inputs:
    """The inputs to run with; raises `InvalidInput` naming the one that is missing or of another type."""
    inferred: dict[str, Any] = {}
    for name, field in schema.items():
        if sent.get(name) is not None:
            _check(name, field, sent[name])
        elif field.default is not None:
            inferred[name] = field.default
        elif field.required:
            raise InvalidInput(
                f"The input {name!r} is required.",
                field=f"inputs.{name}",
                fix=f"Send {name!r} ({field.type}) in `inputs`.",
            )
    values = {name: value for name, value in sent.items() if value is not None} | inferred
    return Inputs(values, tuple(sent), inferred, frozenset(schema) - set(values))


def _check(name: str, field: InputField, value: object) -> None:
    if not _TYPE_CHECKS.get(field.type, _is_text)(value):
        raise InvalidInput(
            f"The input {name!r} should be of type {field.type}.",
            field=f"inputs.{name}",
            value=value,
            fix=f"Send a value of type {field.type}.",
        )
    if field.enum and value not in field.enum:
        raise InvalidInput(
            f"The input {name!r} has a value that is not allowed.",
            field=f"inputs.{name}",
            value=value,
            fix=f"Send one of: {', '.join(map(str, field.enum))}.",
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return isinstance(value, str)


_TYPE_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "number": _is_number,
    "float": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list | tuple),
    "date": _is_moment,
    "datetime": _is_moment,
    "document_reference": lambda value: isinstance(value, str | Mapping),
}
"""How a value of each type is recognised; every other type (text, string, media) is text or an address."""
INPUT_TYPES = frozenset({*_TYPE_CHECKS, "string", "text", "image", "audio", "video", "pdf", "excel"})
