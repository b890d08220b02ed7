"""Columns between pandas and Arrow: what a processor gets, and what is made of what it returns.

A processor gets plain writable columns: Python objects for text, `None` for what is missing. What it returns may be
anything; a column that Arrow has no type for (a decoded image on its way to the next step) travels pickled
and is never stored. Text that many rows share (the document that all its chunks come from) is kept once.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_PICKLED = pa.struct([("__pickled__", pa.binary())])
ARROW_ERRORS: Final = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    TypeError,
    ValueError,
    OverflowError,
)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A pandas copy that a processor may change in any way."""
    return pd.DataFrame(
        {
            name: _to_series(column.combine_chunks())
            for name, column in zip(table.column_names, table.columns, strict=True)
        },
        index=pd.RangeIndex(table.num_rows),
    )


def _to_series(column: pa.Array) -> pd.Series:
    if is_pickled(column.type):
        return pd.Series(python_values(column), dtype=object)
    if pa.types.is_dictionary(column.type):
        return pd.Series(_shared_objects(column), dtype=object)
    if pa.types.is_list(column.type) and pa.types.is_float32(column.type.value_type):
        return pd.Series(_float_lists(column), dtype=object)
    if pa.types.is_string(column.type) or pa.types.is_nested(column.type) or pa.types.is_null(column.type):
        return pd.Series(column.to_pylist(), dtype=object)
    return column.to_pandas().copy()


def _unpickled(value: dict[str, bytes] | None) -> Any:
    return None if value is None else pickle.loads(value["__pickled__"])


def _shared_objects(column: pa.DictionaryArray) -> list[Any]:
    """One Python object per distinct value that occurs, however many rows have it."""
    indices = column.indices.to_pylist()
    objects = {index: column.dictionary[index].as_py() for index in set(indices) if index is not None}
    return [None if index is None else objects[index] for index in indices]


def _float_lists(column: pa.ListArray) -> list[Any]:
    """One writable float32 array per row."""
    values = column.flatten().to_numpy(zero_copy_only=False).copy()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    parts = np.split(values, np.cumsum(lengths)[:-1]) if len(column) else []
    missing = column.is_null().to_numpy(zero_copy_only=False)
    return [None if gone else part for part, gone in zip(parts, missing, strict=True)]


def from_series(series: pd.Series, before: pa.DataType | None = None) -> pa.Array:
    """The column that a processor returned. It keeps the type that it had `before` where its values allow."""
    shared = _shared_text(series) if series.dtype == object else None
    if shared is not None:
        return shared
    hint = None if before is None or is_pickled(before) or pa.types.is_dictionary(before) else before
    for dtype in dict.fromkeys((hint, None)):
        try:
            return _plain(pa.array(series, type=dtype, from_pandas=True))
        except ARROW_ERRORS:
            continue
    return from_values(series.tolist())


def _shared_text(series: pd.Series) -> pa.Array | None:
    """The text column with each object once, when on average two rows or more share one; else `None`."""
    places: dict[int, int] = {}
    texts: list[str] = []
    indices: list[int | None] = []
    for value in series:
        if value is None:
            indices.append(None)
            continue
        if not isinstance(value, str):
            return None
        place = places.setdefault(id(value), len(texts))
        if place == len(texts):
            texts.append(value)
        indices.append(place)
    if not texts or 2 * len(texts) > len(indices):
        return None
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(texts, pa.string()))


def from_values(values: Sequence[Any]) -> pa.Array:
    """Arrow of Python values: typed when they share a type, else pickled one by one."""
    try:
        return _plain(pa.array([_nested(value) for value in values], from_pandas=True))
    except ARROW_ERRORS:
        return pa.array(
            [None if value is None else {"__pickled__": pickle.dumps(value)} for value in values], _PICKLED
        )


def _plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _nested(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def python_values(column: pa.Array) -> list[Any]:
    """The Python objects in a pickled column."""
    return [_unpickled(value) for value in column.to_pylist()]


def is_pickled(dtype: pa.DataType) -> bool:
    """Whether a column of this type holds Python objects that only travel between steps."""
    return bool(dtype == _PICKLED)


def from_vectors(series: pd.Series) -> pa.Array | None:
    """Vectors as `list<float32>`, whatever they were made of; `None` when some value is no vector at all."""
    values = series.tolist()
    with np.errstate(over="ignore"):
        matrix = _matrix(values)
        if matrix is not None:
            offsets = np.arange(len(matrix) + 1, dtype=np.int64) * matrix.shape[1]
            return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(matrix.ravel()))
        rows = [None if _is_missing(value) else _matrix([value]) for value in values]
    if any(row is None and not _is_missing(value) for row, value in zip(rows, values, strict=True)):
        return None
    return pa.array([None if row is None else row[0] for row in rows], pa.list_(pa.float32()))


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _matrix(values: list[Any]) -> np.ndarray[Any, Any] | None:
    """The values as rows of float32, when they all have one length. A vector may be nested in a list of one."""
    try:
        matrix = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        return None
    if matrix.ndim == 3 and matrix.shape[1] == 1:
        matrix = matrix[:, 0, :]
    return matrix if matrix.ndim == 2 else None


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """The tables below each other. A column that one of them lacks is null there; values of types that have nothing
    in common travel pickled."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        names = list(dict.fromkeys(name for table in tables for name in table.column_names))
        return pa.table({name: _concat_column(name, tables) for name in names})


def _concat_column(name: str, tables: Sequence[pa.Table]) -> pa.Array:
    parts = [table.select([name]) if name in table.column_names else _nulls(name, table) for table in tables]
    if any(pa.types.is_dictionary(part.field(0).type) for part in parts):
        parts = [_encoded(name, part) for part in parts]
    try:
        return pa.concat_tables(parts, promote_options="permissive").column(0).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return from_values([value for part in parts for value in to_frame(part)[name].tolist()])


def _encoded(name: str, part: pa.Table) -> pa.Table:
    column = part.column(0)
    return pa.table({name: column.dictionary_encode()}) if pa.types.is_string(column.type) else part


def _nulls(name: str, table: pa.Table) -> pa.Table:
    return pa.table({name: pa.nulls(table.num_rows)})
