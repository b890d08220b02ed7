"""What `realtime.py` answered, compared with the manifest. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.testing.rules import REALTIME

_FIRST = ("embedding", "vector")


def answered_vectors(answer: Mapping[str, Any], description: ExtractorDescription) -> dict[str, list[float]]:
    """The vectors in an answer, by the column that they belong to. `embedding` is the first vector's."""
    found = {}
    for place, vector in enumerate(description.vectors):
        value = _value(answer, vector, is_first=place == 0)
        if value is not None:
            found[vector.column] = [float(number) for number in value]
    return found


def answer_findings(answer: Mapping[str, Any], description: ExtractorDescription) -> list[Finding]:
    """What is wrong with an answer; an extractor that embeds must answer with a vector as it declares it."""
    if description.inference_type != "embedding":
        return []
    try:
        vectors = answered_vectors(answer, description)
    except (TypeError, ValueError) as error:
        return [_finding(f"The answer has something that is not a vector: {error}.")]
    if not vectors and description.vectors:
        return [_finding(f"The answer has no vector; its keys are {', '.join(sorted(answer)) or 'none'}.")]
    wrong = [
        _wrong(vector, vectors[vector.column]) for vector in description.vectors if vector.column in vectors
    ]
    return [_finding(message) for message in wrong if message]


def _value(answer: Mapping[str, Any], vector: VectorIndex, *, is_first: bool) -> Any:
    names = (vector.column, vector.feature, *(_FIRST if is_first else ()))
    value = next((answer[name] for name in names if name in answer), None)
    many = answer.get("embeddings") if is_first and value is None else None
    return many[0] if many is not None and len(many) else value


def _wrong(vector: VectorIndex, values: list[float]) -> str:
    if len(values) != vector.dimension:
        return f"The answer for {vector.column!r} has {len(values)} dimensions; the manifest declares {vector.dimension}."
    if not all(map(math.isfinite, values)):
        return f"The answer for {vector.column!r} has a number that is not finite."
    return f"The answer for {vector.column!r} is all zeros." if not any(values) else ""


def _finding(message: str) -> Finding:
    return REALTIME.finding(message, file="realtime.py")
