"""Which document of its source item a row is: by its place, or by the values that an extractor names positions with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import pyarrow as pa

from mixpeek_orchestration.core.fingerprint import canonical_json, plain


def position_keys(
    items: Sequence[str], places: Sequence[int], rows: pa.Table, fields: Sequence[str]
) -> list[str]:
    """What tells the rows of an item apart, one text per row.

    With `fields` it is their values, so that rows that come back in another order keep their documents; rows of one
    item with equal values are told apart by their order among themselves. Without, it is the place.
    """
    if not fields:
        return [str(place) for place in places]
    columns = [
        rows.column(name).to_pylist() if name in rows.column_names else repeat(None, len(items))
        for name in fields
    ]
    seen: dict[tuple[str, str], int] = {}
    keys = []
    for item, *values in zip(items, *columns, strict=True):
        key = canonical_json([plain(value) for value in values])
        seen[item, key] = seen.get((item, key), -1) + 1
        keys.append(f"{key}#{seen[item, key]}" if seen[item, key] else key)
    return keys
