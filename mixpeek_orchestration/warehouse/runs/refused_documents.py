"""Which upstream documents a collection does not read: filtered out, or without what its extractor needs."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping
from typing import Final

import polars as pl
import pyarrow as pa

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.admission import Admission, named
from mixpeek_orchestration.core.plan import FILTERED, MISSING
from mixpeek_orchestration.core.ports.documents import DocumentStore

SCHEMA: Final = {"item": pl.String, FILTERED: pl.Boolean, MISSING: pl.Boolean}
_FEW: Final = 1_000
"""Up to so many root objects their documents are looked up; above, the columns are read whole."""

column_of = named


def refused_documents(
    documents: DocumentStore, table: str, asked: Admission, roots: AnyOf[str] | None
) -> pl.DataFrame:
    """A row per document that is not read: `item`, `filtered`, `missing_input`."""
    present = documents.columns(table)
    if not present:
        return pl.DataFrame(schema=SCHEMA)
    rows = _rows(documents, table, asked, present, roots).to_pylist()
    told = [
        (
            row[document.DOCUMENT_ID],
            not asked.takes(row),
            asked.lacks_required(row) or not asked.has_input(row),
        )
        for row in rows
    ]
    return pl.DataFrame([one for one in told if one[1] or one[2]], schema=SCHEMA, orient="row")


def _rows(
    documents: DocumentStore,
    table: str,
    asked: Admission,
    present: Mapping[str, str],
    roots: AnyOf[str] | None,
) -> pa.Table:
    columns = [document.DOCUMENT_ID, *sorted((asked.fields & present.keys()) - {document.DOCUMENT_ID})]
    if roots is not None and len(roots) <= _FEW:
        return documents.by_ids(table, document.ROOT_OBJECT, list(roots), columns=columns)
    # A filter is decided here; without one the table finds the few that lack something.
    where = None if asked.filter else _lacking(asked, present)
    return documents.read(table, columns=columns, where=where)


def _lacking(asked: Admission, present: Mapping[str, str]) -> str:
    """The condition, in SQL, for documents without any input or without something that is required."""
    no_input = " AND ".join(_without(path, present) for path in asked.inputs)
    return " OR ".join([f"({no_input or 'true'})", *(_without(path, present) for path in asked.required)])


def _without(path: str, present: Mapping[str, str]) -> str:
    column = column_of(path)
    if column not in present:
        return "true"
    blank = f" OR `{column}` = ''" if present[column] in ("string", "large_string") else ""
    return f"(`{column}` IS NULL{blank})"
