"""The envelope: what travels between steps. One row of Arrow per source item, carrying the item's rows.

| column   | what it holds                                                             |
|----------|---------------------------------------------------------------------------|
| `item`   | the source item, each exactly once                                        |
| `rows`   | `list<struct>`: the rows that the item has at this point of the pipeline  |
| `errors` | `list<struct>`: the rows that it lost, as `core.failure.ItemError`        |
| `reason` | why it has no rows, null while it has some or an error                    |

`spread` lays the rows of many items side by side, so that a processor sees full batches; `gather` puts them
back, and every item comes out again, also with no rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from mixpeek_orchestration.core.failure import ItemError

ERRORS = pa.list_(
    pa.struct(
        [
            ("item", pa.string()),
            ("step", pa.string()),
            ("error_class", pa.string()),
            ("message", pa.string()),
            ("traceback", pa.string()),
            ("transient", pa.bool_()),
            ("row", pa.int64()),
        ]
    )
)


@dataclass(frozen=True)
class Rows:
    """The rows of many items. `owner` holds, for every row, the place of its item in the envelope, ascending."""

    table: pa.Table
    owner: np.ndarray[Any, np.dtype[np.int64]]

    def keep(self, mask: np.ndarray[Any, Any]) -> Rows:
        """Only the rows where `mask` is true."""
        return self if mask.all() else Rows(self.table.filter(pa.array(mask)), self.owner[mask])


def enclose(items: Sequence[str], rows: Rows) -> pa.Table:
    """A new envelope of `items` with `rows` and without errors."""
    envelope = pa.table(
        {
            "item": pa.array(items, pa.string()),
            "rows": pa.nulls(len(items), pa.list_(pa.null())),
            "errors": pa.array([[]] * len(items), ERRORS),
            "reason": pa.nulls(len(items), pa.string()),
        }
    )
    return gather(envelope, rows)


def spread(envelope: pa.Table) -> Rows:
    """The rows of all items, side by side in item order."""
    lists = _one_chunk(envelope.column("rows"))
    counts = np.diff(lists.offsets.to_numpy())
    owner = np.repeat(np.arange(len(lists), dtype=np.int64), counts)
    structs = lists.flatten()
    table = pa.Table.from_arrays(structs.flatten(), names=[field.name for field in structs.type])
    return Rows(table, owner)


def gather(envelope: pa.Table, rows: Rows) -> pa.Table:
    """`envelope` with `rows` instead of the rows that it had. An item that owns none of them has none."""
    counts = np.bincount(rows.owner, minlength=envelope.num_rows)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    columns = [_one_chunk(column) for column in rows.table.columns]
    structs = pa.StructArray.from_arrays(columns, fields=list(rows.table.schema))
    lists = pa.ListArray.from_arrays(pa.array(offsets), structs)
    return envelope.set_column(envelope.schema.get_field_index("rows"), "rows", lists)


def row_counts(envelope: pa.Table) -> np.ndarray[Any, Any]:
    """How many rows each item has."""
    return np.diff(_one_chunk(envelope.column("rows")).offsets.to_numpy())


def failed_items(envelope: pa.Table) -> np.ndarray[Any, Any]:
    """Which items have lost rows to errors, as a mask."""
    return np.diff(_one_chunk(envelope.column("errors")).offsets.to_numpy()) > 0


def with_errors(envelope: pa.Table, errors: Iterable[ItemError]) -> pa.Table:
    """`envelope` with `errors` added to those of their items."""
    added: dict[str, list[dict[str, Any]]] = {}
    for error in errors:
        added.setdefault(error.item, []).append(asdict(error))
    if not added:
        return envelope
    names, before = envelope.column("item").to_pylist(), envelope.column("errors").to_pylist()
    merged = [[*old, *added.get(name, ())] for name, old in zip(names, before, strict=True)]
    return envelope.set_column(envelope.schema.get_field_index("errors"), "errors", pa.array(merged, ERRORS))


def with_reasons(envelope: pa.Table, reasons: Mapping[int, str]) -> pa.Table:
    """`envelope` with `reasons` (by place of the item) for the items that have none yet."""
    if not reasons:
        return envelope
    before = envelope.column("reason").to_pylist()
    merged = [old or reasons.get(place) for place, old in enumerate(before)]
    return envelope.set_column(
        envelope.schema.get_field_index("reason"), "reason", pa.array(merged, pa.string())
    )


def errors_of(envelope: pa.Table) -> tuple[ItemError, ...]:
    """Every error of every item, in item order."""
    return tuple(ItemError(**error) for error in _one_chunk(envelope.column("errors")).flatten().to_pylist())


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array that starts at its own beginning."""
    if column.num_chunks == 1:
        array = column.chunk(0)
        return array if array.offset == 0 else pa.concat_arrays([array])
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
