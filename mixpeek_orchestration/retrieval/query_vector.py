"""Reading a query vector out of what an endpoint answered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import EndpointFailed, InvalidInput


def vector_in(answer: Mapping[str, Any], index: VectorIndex, *, endpoint: str) -> list[float]:
    """The vector for `index`; raises `EndpointFailed` when the answer has none that fits.

    A key named after the feature or its column wins over the general `embedding`, for extractors with several
    vectors.
    """
    names = (index.feature, index.column, f"{index.feature}_embedding", "embedding", "embeddings", "vector")
    found = next((name for name in names if answer.get(name) is not None), None)
    if found is None:
        raise EndpointFailed(
            f"The endpoint {endpoint} answered without a vector.",
            field="embedding",
            value=sorted(answer),
            fix="Let realtime.py return {'embedding': [...]}.",
        )
    vector = answer[found]
    if vector and isinstance(vector, Sequence) and isinstance(vector[0], Sequence):
        vector = vector[0]
    problem = fault_in(vector, index)
    if problem:
        raise EndpointFailed(
            f"The endpoint {endpoint} answered with a vector that cannot be searched: {problem}.",
            field=found,
            fix=f"Let realtime.py return the vector that the pipeline writes to {index.column!r}.",
        )
    return [float(x) for x in vector]


def given_vector(value: Sequence[float], index: VectorIndex, *, field: str) -> list[float]:
    """A vector that the caller sent; raises `InvalidInput` naming `field` when it does not fit the index."""
    problem = fault_in(value, index)
    if problem:
        raise InvalidInput(
            f"The query vector cannot be searched: {problem}.",
            field=field,
            value=f"{len(value)} numbers",
            fix=f"Send {index.dimension} finite numbers that are not all zero.",
        )
    return [float(x) for x in value]


def fault_in(vector: object, index: VectorIndex) -> str | None:
    """What is wrong with a query vector for an index, `None` when nothing is."""
    if not isinstance(vector, Sequence) or isinstance(vector, str):
        return "it is not a list of numbers"
    if len(vector) != index.dimension:
        return f"it has {len(vector)} numbers and {index.feature} has {index.dimension}"
    if not all(isinstance(x, int | float) and math.isfinite(x) for x in vector):
        return "it has a value that is not a finite number"
    if index.distance == "cosine" and not any(vector):
        return "it is all zeros, which is no direction"
    return None
