"""Rows of two runs compared: equal where values are exact, close where they are floating-point numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

VECTOR_TOLERANCE: Final = 1e-3
"""How far two vectors may lie apart, as a part of the longer one: another batch gives other rounding, not more."""
NUMBER_TOLERANCE: Final = 1e-3

Rows = Sequence[Mapping[str, Any]]
Place = tuple[str, str]
"""An item and a column: where two runs differ."""


def differences(
    left: Mapping[str, Rows], right: Mapping[str, Rows], *, ignoring: frozenset[Place] = frozenset()
) -> dict[Place, str]:
    """Where the rows of the items that both runs know differ, and how."""
    found: dict[Place, str] = {}
    for item in left.keys() & right.keys():
        for column, how in _of_item(left[item], right[item]):
            if (item, column) not in ignoring:
                found.setdefault((item, column), how)
    return dict(sorted(found.items()))


def _of_item(left: Rows, right: Rows) -> Iterator[tuple[str, str]]:
    if len(left) != len(right):
        yield "", f"{len(left)} rows and then {len(right)}"
        return
    for one, other in zip(left, right, strict=True):
        for column in sorted({*one, *other}):
            how = _difference(one.get(column), other.get(column))
            if how:
                yield column, how


def _difference(one: Any, other: Any) -> str:
    """How two values differ; empty when they do not."""
    if is_vector(one) and is_vector(other):
        return _vector_difference(one, other)
    return "" if close(one, other) else f"{_shown(one)} and then {_shown(other)}"


def close(one: Any, other: Any) -> bool:
    """Whether two values are equal, numbers within rounding, at any depth."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=NUMBER_TOLERANCE, abs_tol=1e-6) or (
            one != one and other != other
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    return bool(one == other)


def is_vector(value: Any) -> bool:
    """Whether a value is a list of floating-point numbers."""
    return isinstance(value, list) and bool(value) and all(isinstance(number, float) for number in value)


def _vector_difference(one: list[float], other: list[float]) -> str:
    if len(one) != len(other):
        return f"{len(one)} and then {len(other)} dimensions"
    left, right = np.asarray(one), np.asarray(other)
    apart = float(np.linalg.norm(left - right))
    allowed = VECTOR_TOLERANCE * max(float(np.linalg.norm(left)), float(np.linalg.norm(right)))
    return "" if apart <= allowed else f"vectors with a cosine of {cosine(one, other):.4f}"


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine between two vectors; 0 when one of them is zero or they have different lengths."""
    left, right = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if left.shape != right.shape:
        return 0.0
    product = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / product if product else 0.0


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
