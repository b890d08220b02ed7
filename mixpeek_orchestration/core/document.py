"""Documents: rows of a collection. The columns that the warehouse itself writes start with an underscore."""

from __future__ import annotations

from typing import Final

DOCUMENT_ID: Final = "document_id"
SOURCE_ITEM: Final = "_source_item"
POSITION: Final = "_position"
ROOT_OBJECT: Final = "_root_object"
ROOT_BUCKET: Final = "_root_bucket"
SOURCE_COLLECTION: Final = "_source_collection"
BATCH: Final = "_batch"
EXTRACTOR: Final = "_extractor"
SOURCE_FP: Final = "_source_fp"
INPUT_FP: Final = "_input_fp"
PASS_FP: Final = "_pass_fp"
CODE_FP: Final = "_code_fp"
CONTENT_FP: Final = "_content_fp"
MIME_TYPE: Final = "_mime_type"
CREATED_AT: Final = "_created_at"
UPDATED_AT: Final = "_updated_at"

INPUT_DIGESTS: Final = "_input_digests"
"""What each field that was read gave to `INPUT_FP`, as JSON of digests by field: it decides nothing, and tables that
nobody has written to since it was introduced lack it."""

LINEAGE: Final = (
    DOCUMENT_ID,
    SOURCE_ITEM,
    POSITION,
    ROOT_OBJECT,
    ROOT_BUCKET,
    SOURCE_COLLECTION,
    BATCH,
    EXTRACTOR,
    SOURCE_FP,
    INPUT_FP,
    PASS_FP,
    CODE_FP,
    CONTENT_FP,
    MIME_TYPE,
    CREATED_AT,
    UPDATED_AT,
)
"""Every column that all documents have, neither extracted nor passed through. All strings but `_position` (int32)."""


def is_reserved(column: str) -> bool:
    """Whether people and extractors must not use this column name for their own data."""
    return column == DOCUMENT_ID or column.startswith("_")
