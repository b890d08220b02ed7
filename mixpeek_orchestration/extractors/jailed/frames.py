"""Frames on their way into a jailed worker and back.

Values that Arrow has no type for (a decoded image between two steps) are pickled by the worker that made them. Outside
they travel sealed: a column of bytes that only a worker of the same pipeline opens again, and that is never stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_PICKLED, _SEALED = "__pickled__", "__sealed__"
_NOT_A_FRAME: Final = "Return the batch, with columns or rows added."


def to_worker(frame: pd.DataFrame) -> pa.Table:
    """The batch as a table that crosses the pipe; what is sealed stays so."""
    import pyarrow as pa

    from mixpeek_orchestration.extractors.columns import from_series

    return pa.table({str(name): from_series(frame[name]) for name in frame.columns})


def opened(table: pa.Table) -> pd.DataFrame:
    """The batch as a processor gets it. Only in the worker: this unpickles what is sealed."""
    from mixpeek_orchestration.extractors.columns import to_frame

    return to_frame(_renamed(table, _SEALED, _PICKLED))


def sealed(result: Any, before: pa.Schema, step: str) -> pa.Table:
    """What a processor returned, as a table without pickled values. `before` tells the types of what it was given."""
    import pandas as pd
    import pyarrow as pa

    if not isinstance(result, pd.DataFrame):
        raise InvalidPackage(
            f"Step {step!r} returned {type(result).__name__} instead of a pandas DataFrame.",
            field=step,
            value=type(result).__name__,
            fix=_NOT_A_FRAME,
        )
    if not result.columns.is_unique:
        raise InvalidPackage(
            f"Step {step!r} returned two columns of one name.",
            field=step,
            value=[str(name) for name in result.columns[result.columns.duplicated()]],
            fix="Give every column its own name.",
        )
    columns = {str(name): _column(result[name], str(name), before) for name in result.columns}
    return _renamed(pa.table(columns), _PICKLED, _SEALED)


def from_worker(table: pa.Table, *, last: bool) -> pd.DataFrame:
    """The batch as the engine gets it; after the last step nothing sealed is left."""
    from mixpeek_orchestration.extractors.columns import to_frame

    if last:
        table = table.drop_columns([field.name for field in table.schema if _holds(field.type, _SEALED)])
    return to_frame(table)


def _column(series: pd.Series, name: str, before: pa.Schema) -> pa.Array:
    from mixpeek_orchestration.extractors.columns import from_series, from_vectors, is_pickled

    known = before.field(name).type if name in before.names else None
    column = from_series(series, None if known is None or _holds(known, _SEALED) else known)
    vectors = from_vectors(series) if is_pickled(column.type) else None
    return column if vectors is None else vectors


def _holds(kind: pa.DataType, name: str) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and kind.num_fields == 1 and kind.field(0).name == name


def _renamed(table: pa.Table, old: str, new: str) -> pa.Table:
    """The table with columns that are structs of `old` as structs of `new`."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if _holds(field.type, old):
            column = table.column(place).combine_chunks()
            column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
            values = pa.StructArray.from_arrays([column.field(0)], names=[new], mask=column.is_null())
            table = table.set_column(place, field.name, values)
    return table
