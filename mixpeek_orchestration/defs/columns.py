"""The columns of a collection's documents, and the source fields they are made of, as the UI shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.collection import ExtractorChoice, VectorIndex
from mixpeek_orchestration.core.collection_profile import column_sources

MEANINGS: Final[Mapping[str, str]] = {
    document.DOCUMENT_ID: "Names the document; the same in every run.",
    document.SOURCE_ITEM: "The object or document that this one was made of.",
    document.POSITION: "The place among the documents of one source item.",
    document.ROOT_OBJECT: "The object at the beginning of the lineage.",
    document.ROOT_BUCKET: "The bucket of that object.",
    document.SOURCE_COLLECTION: "The collection that was read; empty for a bucket.",
    document.BATCH: "The batch that wrote the row last.",
    document.EXTRACTOR: "What made the row.",
    document.SOURCE_FP: "Fingerprint of the source item.",
    document.INPUT_FP: "Fingerprint of the fields that the extractor reads.",
    document.INPUT_DIGESTS: "A digest of each of these fields: they tell which one has changed.",
    document.PASS_FP: "Fingerprint of the fields that are carried along.",
    document.CODE_FP: "Fingerprint of code, parameters, libraries and weights.",
    document.CONTENT_FP: "Fingerprint of what the next tier reads.",
    document.MIME_TYPE: "The type of the content that was read.",
    document.CREATED_AT: "When the document was first made.",
    document.UPDATED_AT: "When it was made last.",
}


def column_schema(types: Mapping[str, str], vectors: Sequence[VectorIndex]) -> dg.TableSchema:
    """The columns with their types: what was extracted and carried first, our own after."""
    told = {v.column: f"Vector of feature {v.feature}, compared by {v.distance}." for v in vectors} | dict(
        MEANINGS
    )
    ordered = sorted(types, key=document.is_reserved)
    return dg.TableSchema(
        columns=[dg.TableColumn(name, types[name], description=told.get(name)) for name in ordered]
    )


def column_lineage(
    types: Mapping[str, str], choice: ExtractorChoice, sources: Sequence[dg.AssetKey]
) -> dg.TableColumnLineage:
    """By column the fields of the sources that it is made of."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=key, column_name=path) for key in sources for path in paths]
            for column, paths in column_sources(types, choice).items()
        }
    )
