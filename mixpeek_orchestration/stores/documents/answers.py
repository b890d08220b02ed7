"""The shape of a search's answer, and what is refused before a search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from mixpeek_orchestration.core.collection import Distance, VectorIndex
from mixpeek_orchestration.core.document import (
    DOCUMENT_ID,
    ROOT_BUCKET,
    ROOT_OBJECT,
    SOURCE_COLLECTION,
    SOURCE_ITEM,
    is_reserved,
)
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.stores.documents.rows import is_vector
from mixpeek_orchestration.stores.documents.scores import SCORE, scores

_ORIGIN: Final = (DOCUMENT_ID, SOURCE_ITEM, ROOT_OBJECT, ROOT_BUCKET, SOURCE_COLLECTION)


def answered(schema: pa.Schema) -> list[pa.Field]:
    """What a search reads of a row: its own fields and where it comes from. Neither vectors nor our bookkeeping, of
    which every column would be some more reads of single values."""
    return [
        field
        for field in schema
        if not is_vector(field) and (field.name in _ORIGIN or not is_reserved(field.name))
    ]


def check_query(schema: pa.Schema, vector: VectorIndex, query: Sequence[float]) -> None:
    """Raises `InvalidInput` for a column that holds no vectors and for a query of another dimension."""
    field = schema.field(vector.column) if vector.column in schema.names else None
    if field is None or not is_vector(field):
        columns = [f.name for f in schema if is_vector(f)]
        raise InvalidInput(
            f"{vector.column} is not a vector column; there are: {', '.join(columns) or 'none'}.",
            field="feature_uri",
            value=vector.column,
        )
    if len(query) != field.type.list_size:
        raise InvalidInput(
            f"The query has {len(query)} dimensions, {vector.column} has {field.type.list_size}.",
            field="query",
            value=len(query),
            fix="Encode the query with the extractor that made the documents.",
        )


def empty_answer(schema: pa.Schema) -> pa.Table:
    """No rows, with the columns that an answer has."""
    return pa.schema([*answered(schema), pa.field(SCORE, pa.float32())]).empty_table()


def with_scores(found: pa.Table, distance: Distance) -> pa.Table:
    """The rows with `_score` in place of `_distance`, in the same order."""
    score = scores(found["_distance"], distance)
    return found.drop_columns(["_distance"]).append_column(pa.field(SCORE, pa.float32()), score)
