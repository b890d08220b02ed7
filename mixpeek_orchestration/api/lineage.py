"""The ways of documents from their root objects: one read per upstream collection, whatever the page's length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixpeek_orchestration.api.answers.documents import Step
from mixpeek_orchestration.api.guard import House
from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.collection import Collection

Row = Mapping[str, Any]


def ways(house: House, collection: Collection, rows: Sequence[Row]) -> list[list[Step]]:
    """For each row the steps that lead to it, the first made of an object. A step whose document or collection is
    gone since ends the way there."""
    upstream = _upstream(house, collection, rows)
    return [
        [*upstream.get(row[document.SOURCE_ITEM], []), Step(row, collection)]
        if row[document.SOURCE_COLLECTION]
        else [Step(row, collection)]
        for row in rows
    ]


def _upstream(house: House, collection: Collection, rows: Sequence[Row]) -> dict[str, list[Step]]:
    """The ways of the documents that these rows were made of, by document id."""
    known = {c.collection_id: c for c in house.collections.all(collection.namespace_id)}
    found: dict[str, list[Step]] = {}
    for source_id in {row[document.SOURCE_COLLECTION] for row in rows} & known.keys():
        source = known[source_id]
        wanted = {row[document.SOURCE_ITEM] for row in rows if row[document.SOURCE_COLLECTION] == source_id}
        table = house.collections.generation(source).table
        read = house.documents.by_ids(
            table, document.DOCUMENT_ID, sorted(wanted), columns=list(document.LINEAGE)
        ).to_pylist()
        found |= {way[-1].row[document.DOCUMENT_ID]: way for way in ways(house, source, read)}
    return found
