"""Documents on the wire: their own fields flat, and under `_internal` where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.lineage import Step


def document_answer(way: Sequence[Step]) -> dict[str, Any]:
    """The last document of a way, which starts at the document that was made of an object."""
    row, collection = way[-1].row, way[-1].collection
    own = {name: value for name, value in row.items() if not document.is_reserved(name)}
    return {
        **own,
        "document_id": row[document.DOCUMENT_ID],
        "collection_id": collection.collection_id,
        "document_blobs": [],
        "_internal": {
            "internal_id": collection.namespace_id,
            "namespace_id": collection.namespace_id,
            "document_id": row[document.DOCUMENT_ID],
            "collection_id": collection.collection_id,
            "created_at": row[document.CREATED_AT],
            "updated_at": row[document.UPDATED_AT],
            "mime_type": row[document.MIME_TYPE] or None,
            "content_hash": row[document.CONTENT_FP],
            "lineage": lineage_answer(way),
            "processing": {
                "batch_id": row[document.BATCH] or None,
                "feature_extractor_id": row[document.EXTRACTOR],
                "position": row[document.POSITION],
                "fingerprints": {
                    "source": row[document.SOURCE_FP],
                    "input": row[document.INPUT_FP],
                    "passthrough": row[document.PASS_FP],
                    "code": row[document.CODE_FP],
                },
            },
        },
    }


def lineage_answer(way: Sequence[Step]) -> dict[str, Any]:
    """Where a document comes from, root object first."""
    row = way[-1].row
    upstream = row[document.SOURCE_COLLECTION]
    root_bucket = row[document.ROOT_BUCKET]
    return {
        "root_object_id": row[document.ROOT_OBJECT],
        "root_bucket_id": root_bucket,
        "source_type": "collection" if upstream else "bucket",
        "source_object_id": None if upstream else row[document.SOURCE_ITEM],
        "source_document_id": row[document.SOURCE_ITEM] if upstream else None,
        "source_collection_id": upstream or None,
        "path": "/".join([root_bucket, *(step.collection.collection_id for step in way)]),
        "chain": [_step_answer(step) for step in way],
    }


def _step_answer(step: Step) -> dict[str, Any]:
    return {
        "collection_id": step.collection.collection_id,
        "feature_extractor_id": step.row[document.EXTRACTOR],
        "document_id": step.row[document.DOCUMENT_ID],
        "timestamp": step.row[document.UPDATED_AT],
    }


def trace_answer(way: Sequence[Step], collections: Sequence[Collection]) -> dict[str, Any]:
    """The lineage of one document on its own. `depth` counts also the steps above one whose source is gone."""
    last, first = way[-1], way[0]
    told = lineage_answer(way)
    chain, _ = told.pop("chain"), told.pop("path")
    above = tier_of(collections).get(first.source[0], 0) + 1 if first.source else 0
    return {
        "document_id": last.document_id,
        "collection_id": last.collection.collection_id,
        "lineage": {**told, "source_row": None, "lineage_chain": chain},
        "depth": len(way) + above,
        "total_steps": len(way),
        "message": None,
    }
