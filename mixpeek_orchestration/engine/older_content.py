"""Content under the names that older packages read it by, for the rows of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.extractors.older_columns import BYTES, is_for

_READERS = 8
Row = Mapping[str, Any]


def older_content(
    rows: Sequence[Row], names: Sequence[str], read: Callable[[str], bytes]
) -> tuple[dict[str, pa.Array], dict[int, Exception]]:
    """The columns `names`, null for rows of another kind, and by place what could not be read.

    A row has `data`, `_content` (the address of its content, if it is stored), `blob_type` and `mime_type`.
    """
    columns: dict[str, pa.Array] = {}
    failed: dict[int, Exception] = {}
    for name in names:
        places = [n for n, row in enumerate(rows) if is_for(name, row["blob_type"], row["mime_type"])]
        found: Mapping[int, Any] = {n: rows[n]["data"] for n in places}
        if name in BYTES:
            found = _read({n: rows[n]["_content"] for n in places if rows[n]["_content"] is not None}, read)
            failed |= {n: one for n, one in found.items() if isinstance(one, Exception)}
        values = [None if n in failed else found.get(n) for n in range(len(rows))]
        columns[name] = pa.array(values, pa.binary() if name in BYTES else pa.string())
    return columns, failed


def _read(addresses: Mapping[int, str], read: Callable[[str], bytes]) -> dict[int, bytes | Exception]:
    def attempt(address: str) -> bytes | Exception:
        try:
            return read(address)
        except Broken:
            raise
        except Exception as error:  # noqa: BLE001 - recorded as the error of this row
            return error

    with ThreadPoolExecutor(_READERS) as threads:
        return dict(zip(addresses, threads.map(attempt, addresses.values()), strict=True))
