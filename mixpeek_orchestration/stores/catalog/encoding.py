"""Values of the core as JSON text and back.

The text is ASCII: a NUL or a lone surrogate in people's data, which PostgreSQL and SQLite refuse, is escaped.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def encoded(value: object) -> str:
    """A dataclass of the core as JSON text."""
    return written(_adapter(type(value)).dump_python(value, mode="json"))


def decoded(kind: type[T], text: str) -> T:
    """The dataclass that `encoded` wrote."""
    value: T = _adapter(kind).validate_python(json.loads(text))
    return value


def normal(value: T) -> T:
    """The value as it will be read back: in free-form parts tuples become lists, dates become text."""
    return decoded(type(value), encoded(value))


def written(data: object) -> str:
    """Plain data as compact JSON text."""
    return json.dumps(data, separators=(",", ":"))


def read(text: str) -> Any:
    """The plain data that `written` wrote."""
    return json.loads(text)


def storable(text: str) -> str:
    """Text that every database takes and that can be joined: control characters and lone surrogates replaced."""
    return _CONTROL.sub("�", text).encode("utf-8", "replace").decode("utf-8")


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
