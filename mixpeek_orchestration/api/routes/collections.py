"""Collections: create, list, get, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from mixpeek_orchestration.api.answers.buckets import properties_answer
from mixpeek_orchestration.api.answers.collections import Contents, collection_answer, output_properties
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import ListBody, SearchQuery, listing_of, page_of
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import MixpeekError, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import CollectionSpec

router = APIRouter(prefix="/v1/collections", tags=["Collections"], route_class=NamespaceRoute)


class CollectionQuery(SearchQuery):
    """Which collections to list."""

    namespace_id: Later = None
    include_system: bool | None = None


CollectionListing = Annotated[CollectionQuery, Query()]


@router.post("", summary="Create a collection")
def create_collection(body: CollectionSpec, here: Here, house: House) -> dict[str, Any]:
    """A new collection, checked against its source and its extractor, with no documents yet."""
    collection = house.collections.create(here.namespace_id, body)
    return _answer(house, collection)


@router.get("", summary="List collections")
def list_collections(paging: CollectionListing, here: Here, house: House) -> dict[str, Any]:
    """The collections of the namespace, oldest first."""
    found = house.collections.all(here.namespace_id)
    return listing_of(found, page_of(paging), lambda c: _answer(house, c), search=paging.search)


@router.post("/list", summary="List collections")
def search_collections(
    paging: CollectionListing, here: Here, house: House, body: ListBody | None = None
) -> dict[str, Any]:
    """The collections of the namespace, oldest first, by a part of their name."""
    found = house.collections.all(here.namespace_id)
    search = body.search if body else paging.search
    return listing_of(found, page_of(paging, body), lambda c: _answer(house, c), search=search)


@router.get("/{collection_identifier}", summary="Get a collection")
def get_collection(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """One collection, by id or name, with the features that can be searched in it."""
    return _answer(house, house.collections.get(here.namespace_id, collection_identifier))


@router.delete("/{collection_identifier}", summary="Delete a collection")
def delete_collection(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """Remove a collection that nothing reads, with its documents."""
    house.collections.delete(here.namespace_id, collection_identifier)
    return {"success": True, "message": f"Collection {collection_identifier} is deleted."}


def _answer(house: House, collection: Collection) -> dict[str, Any]:
    return collection_answer(collection, contents_of(house, collection))


def contents_of(house: House, collection: Collection) -> Contents:
    """What is known about a collection beside its definition."""
    active = house.collections.generation(collection)
    every = house.catalog.resources.generations(collection.collection_id)
    return Contents(
        generation=active,
        beside=tuple(one for one in every if one.generation_id != active.generation_id),
        document_count=house.collections.count(collection),
        source_schema=_source_schema(house, collection),
        description=_description(house, collection),
    )


def _description(house: House, collection: Collection) -> ExtractorDescription | None:
    """The extractor, if it still loads: a broken package must not hide the collection it belongs to."""
    try:
        return house.collections.description(collection)
    except MixpeekError:
        return None


def _source_schema(house: House, collection: Collection) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for identifier in collection.source.ids:
        try:
            properties |= _properties(house, collection, identifier)
        except NotFound:
            continue
    return properties


def _properties(house: House, collection: Collection, source_id: str) -> dict[str, Any]:
    if collection.source.type == "bucket":
        return properties_answer(house.buckets.get(collection.namespace_id, source_id))
    upstream = house.collections.get(collection.namespace_id, source_id)
    contents = Contents(house.collections.generation(upstream), 0, {}, _description(house, upstream))
    vectors = {vector.column for vector in contents.generation.vectors}
    return {name: prop for name, prop in output_properties(upstream, contents).items() if name not in vectors}
