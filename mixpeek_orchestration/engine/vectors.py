"""Vectors of a batch, checked and laid out: right dimension, finite, and not zero where cosine needs a direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidOutput
from mixpeek_orchestration.extractors.columns import from_vectors, is_pickled, python_values

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def spellings(vector: VectorIndex) -> tuple[str, ...]:
    """The column names under which a pipeline may hand over this vector, the usual one first."""
    return tuple(dict.fromkeys((vector.column, vector.feature, f"{vector.feature}_embedding")))


def check_vectors(
    column: pa.Array | None, vector: VectorIndex, *, required: Mask, columns: Sequence[str]
) -> tuple[pa.Array, dict[int, InvalidOutput]]:
    """The vectors as `fixed_size_list<float32>`, null where one is missing or wrong, and what is wrong by row.

    A row may go without the vector only where it is not `required`.
    """
    if column is None:
        problem = _missing_column(vector, columns)
        return _layout(np.zeros((len(required), vector.dimension), np.float32), ~np.zeros_like(required)), {
            int(row): problem for row in np.flatnonzero(required)
        }
    if not (pa.types.is_list(column.type) and pa.types.is_float32(column.type.value_type)):
        return _check_mixed(column, vector, required)
    return _check_numbers(column, vector, required)


def _check_mixed(
    column: pa.Array, vector: VectorIndex, required: Mask
) -> tuple[pa.Array, dict[int, InvalidOutput]]:
    """A column in which some value is no vector: it costs its own row, and those beside it are checked as ever."""
    values = python_values(column) if is_pickled(column.type) else column.to_pylist()
    alone = [from_vectors(pd.Series([value], dtype=object)) for value in values]
    dtype = pa.list_(pa.float32())
    parts = [pa.nulls(1, dtype) if one is None else one.cast(dtype) for one in alone]
    checked, problems = _check_numbers(pa.concat_arrays([pa.nulls(0, dtype), *parts]), vector, required)
    wrong = {row: _not_numbers(vector, values[row]) for row, one in enumerate(alone) if one is None}
    return checked, {**problems, **wrong}


def _check_numbers(
    column: pa.ListArray, vector: VectorIndex, required: Mask
) -> tuple[pa.Array, dict[int, InvalidOutput]]:
    lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
    fits = lengths == vector.dimension
    matrix = np.zeros((len(column), vector.dimension), np.float32)
    matrix[fits] = column.filter(pa.array(fits)).flatten().to_numpy().reshape(-1, vector.dimension)
    finite = np.isfinite(matrix).all(axis=1)
    pointless = fits & ~matrix.any(axis=1) if vector.distance == "cosine" else np.zeros_like(fits)
    problems: dict[int, InvalidOutput] = {}
    for row in np.flatnonzero(~fits & ((lengths >= 0) | required)):
        problems[int(row)] = (
            _missing(vector) if lengths[row] < 0 else _wrong_dimension(vector, int(lengths[row]))
        )
    for row in np.flatnonzero(~finite):
        problems[int(row)] = _not_finite(vector, matrix[row])
    for row in np.flatnonzero(pointless):
        problems[int(row)] = _zero(vector)
    return _layout(matrix, ~(fits & finite & ~pointless)), problems


def _layout(matrix: np.ndarray[Any, Any], missing: Mask) -> pa.Array:
    values = pa.array(matrix.ravel())
    if not missing.any():
        return pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])
    return pa.FixedSizeListArray.from_arrays(values, matrix.shape[1], mask=pa.array(missing))


def _missing_column(vector: VectorIndex, columns: Sequence[str]) -> InvalidOutput:
    return InvalidOutput(
        f"The pipeline left no column {vector.column!r} for the feature {vector.feature!r}.",
        field=vector.column,
        value=sorted(columns),
        fix=f"Write the vectors to batch[{vector.column!r}], or declare the column that is written as the feature.",
    )


def _missing(vector: VectorIndex) -> InvalidOutput:
    return InvalidOutput(
        f"The column {vector.column!r} has no vector for this row.",
        field=vector.column,
        fix=f"Return {vector.dimension} numbers for every row, or drop the row.",
    )


def _not_numbers(vector: VectorIndex, value: object) -> InvalidOutput:
    return InvalidOutput(
        f"The column {vector.column!r} holds something that is not a list of numbers.",
        field=vector.column,
        value=value,
        fix=f"Return {vector.dimension} numbers for every row.",
    )


def _wrong_dimension(vector: VectorIndex, length: int) -> InvalidOutput:
    return InvalidOutput(
        f"The vector in {vector.column!r} has {length} dimensions; the manifest declares {vector.dimension}.",
        field=vector.column,
        value=length,
        fix="Correct embedding_dim in the manifest, or the model.",
    )


def _not_finite(vector: VectorIndex, values: np.ndarray[Any, Any]) -> InvalidOutput:
    at = int(np.flatnonzero(~np.isfinite(values))[0])
    return InvalidOutput(
        f"The vector in {vector.column!r} has {values[at]} at position {at}.",
        field=vector.column,
        value=str(values[at]),
        fix="Return finite numbers; look for an empty input or a division by zero.",
    )


def _zero(vector: VectorIndex) -> InvalidOutput:
    return InvalidOutput(
        f"The vector in {vector.column!r} is all zeros, which has no direction to compare by cosine.",
        field=vector.column,
        value=0.0,
        fix="Drop rows that have nothing to embed, or declare another distance_metric.",
    )
