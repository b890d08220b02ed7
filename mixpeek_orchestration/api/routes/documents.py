"""Documents: list and get."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from mixpeek_orchestration.api.answers.documents import document_answer, trace_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import PageQuery, listing, page_of
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.document import DOCUMENT_ID
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.retrieval.pins import reading

router = APIRouter(
    prefix="/v1/collections/{collection_identifier}/documents", tags=["Documents"], route_class=NamespaceRoute
)


class DocumentsQuery(PageQuery):
    """Which documents to list, and whether with their vectors."""

    return_vectors: bool = False
    return_presigned_urls: Off = None
    filters: Later = None
    search: Later = None
    sort: Later = None


class ListDocumentsBody(DocumentsQuery):
    """The same in a body."""

    partition: Later = None
    return_vector_names: Later = None
    group_by: Later = None
    select: Later = None
    expand: Later = None


Documents = Annotated[DocumentsQuery, Query()]


@router.get("", summary="List documents")
def list_documents(collection_identifier: str, asked: Documents, here: Here, house: House) -> dict[str, Any]:
    """The documents of a collection in the order of their ids."""
    return _page(house, house.collections.get(here.namespace_id, collection_identifier), asked)


@router.post("/list", summary="List documents")
def search_documents(
    collection_identifier: str,
    asked: Documents,
    here: Here,
    house: House,
    body: ListDocumentsBody | None = None,
) -> dict[str, Any]:
    """The documents of a collection in the order of their ids."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    return _page(house, collection, asked, body)


@router.get("/count", summary="Count documents")
def count_documents(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """How many documents a collection has."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    return {"collection_id": collection.collection_id, "count": house.collections.count(collection)}


@router.get("/{document_id}", summary="Get a document")
def get_document(
    collection_identifier: str,
    document_id: str,
    here: Here,
    house: House,
    return_vectors: bool = False,
    return_presigned_urls: Off = None,
) -> dict[str, Any]:
    """One document, with the way it was made."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    table = house.collections.generation(collection).table
    columns = _columns(house, collection, vectors=return_vectors)
    rows = house.documents.by_ids(table, DOCUMENT_ID, [document_id], columns=columns).to_pylist()
    if not rows:
        raise NotFound(
            f"Collection {collection.name!r} has no document {document_id!r}.",
            field="document_id",
            value=document_id,
        )
    return document_answer(house.lineage.ways(collection, rows)[0])


@router.get("/{document_id}/lineage", summary="Trace a document")
def trace_document(collection_identifier: str, document_id: str, here: Here, house: House) -> dict[str, Any]:
    """Every step from the object in a bucket to the document."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    way = house.lineage.of(collection, document_id)
    return trace_answer(way, house.collections.all(here.namespace_id))


@router.get("/{document_id}/ancestors", summary="List what a document was made of")
def list_ancestors(
    collection_identifier: str, document_id: str, here: Here, house: House
) -> list[dict[str, Any]]:
    """The documents that lead to this one, the one made of the object first."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    way = house.lineage.of(collection, document_id, whole=True)
    return [document_answer(way[: end + 1]) for end in range(len(way) - 1)]


@router.get("/{document_id}/descendants", summary="List what was made of a document")
def list_descendants(
    collection_identifier: str, document_id: str, here: Here, house: House
) -> list[dict[str, Any]]:
    """The documents that were made of this one, directly or not, by tier."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    house.lineage.of(collection, document_id)
    found = house.lineage.descendants(collection, document_id)
    ways = house.lineage.ways_of(found)
    return [document_answer(way) for way in ways]


def _page(house: House, collection: Collection, *asked: DocumentsQuery | None) -> dict[str, Any]:
    page = page_of(*asked)
    vectors = any(query.return_vectors for query in asked if query)
    table = house.collections.generation(collection).table
    version = house.documents.version(table)
    with reading(table):
        rows = house.documents.read(
            table,
            columns=_columns(house, collection, vectors=vectors),
            limit=page.limit,
            offset=page.offset,
            version=version or None,
        ).to_pylist()
        total = house.documents.count(table, version=version or None)
    found = [document_answer(way) for way in house.lineage.ways(collection, rows)]
    return listing(found, page, total=total, total_documents=total)


def _columns(house: House, collection: Collection, *, vectors: bool) -> list[str] | None:
    """The columns to read: all of them, or all but the vectors."""
    generation = house.collections.generation(collection)
    if vectors:
        return None
    hidden = {vector.column for vector in generation.vectors}
    return [name for name in house.documents.columns(generation.table) if name not in hidden]
