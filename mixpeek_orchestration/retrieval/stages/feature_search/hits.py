"""From rows of a search to documents on the wire."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.document import (
    DOCUMENT_ID,
    ROOT_BUCKET,
    ROOT_OBJECT,
    SOURCE_COLLECTION,
    SOURCE_ITEM,
    is_reserved,
)
from mixpeek_orchestration.retrieval.scope import Target

if TYPE_CHECKING:
    import pyarrow as pa

SCORE_COLUMN = "_score"
OURS = frozenset(
    {
        "document_id",
        "collection_id",
        "score",
        "feature_uri",
        "root_object_id",
        "root_bucket_id",
        "source_object_id",
        "source_collection_id",
        "source_document_id",
    }
)
"""Keys of a document that the search sets."""


def document(row: Mapping[str, Any], target: Target, *, score: float, feature_uri: str) -> dict[str, Any]:
    """One result: the document's own fields flat, and where it comes from. System columns stay out."""
    fields = {name: json_ready(value) for name, value in row.items() if not is_reserved(name)}
    upstream = row.get(SOURCE_COLLECTION)
    return fields | {
        "document_id": row[DOCUMENT_ID],
        "collection_id": target.collection.collection_id,
        "score": score,
        "feature_uri": feature_uri,
        "root_object_id": row.get(ROOT_OBJECT),
        "root_bucket_id": row.get(ROOT_BUCKET),
        "source_object_id": row.get(ROOT_OBJECT) if upstream else row.get(SOURCE_ITEM),
        "source_collection_id": upstream,
        "source_document_id": row.get(SOURCE_ITEM) if upstream else None,
    }


def hidden_fields(columns: Iterable[str]) -> list[str]:
    """Fields of documents that a result cannot show, because the search sets a key of that name."""
    return sorted(OURS.intersection(name for name in columns if not is_reserved(name)))


def scored(table: pa.Table) -> list[tuple[str, float]]:
    """Document id and score of every row."""
    ids, scores = table.column(DOCUMENT_ID).to_pylist(), table.column(SCORE_COLUMN).to_pylist()
    return list(zip(ids, scores, strict=True))


def json_ready(value: Any) -> Any:
    """A value of a row as JSON can say it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {key: json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(part) for part in value]
    return value
