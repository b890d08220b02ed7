"""Retrievers: create, list, get, delete, execute."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from mixpeek_orchestration.api.answer import Answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import ListBody, Paging, SearchPaging, listing_of, page_of
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.retrieval.answer import retriever_fields
from mixpeek_orchestration.retrieval.request import ExecuteSpec
from mixpeek_orchestration.retrieval.spec import RetrieverSpec

router = APIRouter(prefix="/v1/retrievers", tags=["Retrievers"], route_class=NamespaceRoute)


@router.post("", summary="Create a retriever")
def create_retriever(body: RetrieverSpec, here: Here, house: House) -> dict[str, Any]:
    """A new retriever, checked against the collections and features that it names."""
    retriever = house.retrievers.create(here.namespace_id, body, created_by=here.key.key_id)
    return _answer(retriever_fields(retriever))


@router.get("", summary="List retrievers")
def list_retrievers(paging: Paging, here: Here, house: House) -> dict[str, Any]:
    """The retrievers of the namespace, oldest first."""
    return listing_of(house.retrievers.all(here.namespace_id), page_of(paging), retriever_fields)


@router.post("/list", summary="List retrievers")
def search_retrievers(
    paging: SearchPaging, here: Here, house: House, body: ListBody | None = None
) -> dict[str, Any]:
    """The retrievers of the namespace, oldest first, by a part of their name."""
    found = house.retrievers.all(here.namespace_id)
    search = body.search if body else paging.search
    return listing_of(found, page_of(paging, body), retriever_fields, search=search)


@router.get("/{retriever_id}", summary="Get a retriever")
def get_retriever(retriever_id: str, here: Here, house: House) -> dict[str, Any]:
    """One retriever, by id or name."""
    return _answer(retriever_fields(house.retrievers.get(here.namespace_id, retriever_id)))


@router.delete("/{retriever_id}", summary="Delete a retriever")
def delete_retriever(retriever_id: str, here: Here, house: House) -> dict[str, Any]:
    """Remove a retriever."""
    house.retrievers.delete(here.namespace_id, retriever_id)
    return {"success": True, "message": f"Retriever {retriever_id} is deleted."}


@router.post("/{retriever_id}/execute", summary="Execute a retriever", response_model=dict[str, Any])
def execute_retriever(
    retriever_id: str,
    here: Here,
    house: House,
    body: ExecuteSpec | None = None,
    include_legacy_results: Annotated[bool, Query(description="Repeat `documents` under `results`.")] = False,
    return_vectors: bool = False,
    skip_cache: bool = False,
    return_presigned_urls: Off = None,
    explain: Off = None,
) -> Answer:
    """The documents that answer the inputs. What was not ready in time is a 503, or is told under `degraded`."""
    request = body or ExecuteSpec()
    if return_vectors:
        request = request.model_copy(update={"return_vectors": True})
    answer: dict[str, Any] = house.retrievers.execute(here.namespace_id, retriever_id, request).wire()
    if not include_legacy_results:
        answer.pop("results", None)
    return Answer(answer)  # plain values already: FastAPI would look at each of them again


def _answer(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields at the root, where the walk-through reads them, and under `retriever`, where the reference does."""
    return {**fields, "retriever": fields}
