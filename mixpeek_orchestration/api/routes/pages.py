"""What links in the Dagster UI lead to: the way in for browsers, samples of documents, pictures of the lineage."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from mixpeek_orchestration.api.answers.documents import document_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute, PathNamespaceRoute, There
from mixpeek_orchestration.api.pages.browser import sign_in_page
from mixpeek_orchestration.api.pages.ticket import cookie_header, issue
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.lineage.graph import Node
from mixpeek_orchestration.core.lineage.picture import lineage_svg

sign_in_router = APIRouter(prefix="/v1/pages", include_in_schema=False)
samples_router = APIRouter(
    prefix="/v1/collections/{collection_identifier}", tags=["Documents"], route_class=NamespaceRoute
)
picture_router = APIRouter(
    prefix="/v1/namespaces/{namespace_id}", tags=["Namespaces"], route_class=PathNamespaceRoute
)

Around = Annotated[str | None, Query(description="A collection: show only what leads to it and comes of it.")]
Staleness = Annotated[bool, Query(description="Ask the planner what is new and stale, which reads tables.")]


@sign_in_router.post("/sign-in", response_model=None)
def sign_in(
    request: Request, house: House, key: Annotated[str, Form()], to: Annotated[str, Form()] = "/v1/health"
) -> Response:
    """Back to the page that was asked for, with a cookie that opens pages for an hour."""
    target = to if to.startswith("/v1/") and "\\" not in to else "/v1/health"
    try:
        found = house.access.authenticate(key.strip())
    except MixpeekError as error:
        return sign_in_page(target, problem=error.message, status=error.status)
    secure = request.url.scheme == "https"
    cookie = cookie_header(issue(house.downloads, found), secure=secure)
    return RedirectResponse(target, 303, {"Set-Cookie": cookie, "Cache-Control": "no-store"})


@samples_router.get("/samples", summary="Look at a few documents")
def get_samples(
    collection_identifier: str,
    here: Here,
    house: House,
    limit: Annotated[int, Query(ge=1, le=20, description="How many.")] = 5,
    batch_id: Annotated[str | None, Query(description="Only of documents that this batch wrote.")] = None,
) -> dict[str, Any]:
    """A few documents without their vectors, chosen by the hashes that are their ids: as good as at random."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    total, rows = house.samples.of(collection, limit=limit, batch_id=batch_id)
    return {
        "collection_id": collection.collection_id,
        "collection_name": collection.name,
        "batch_id": batch_id,
        "total_documents": total,
        "samples": [document_answer(way) for way in house.lineage.ways(collection, rows)],
    }


@picture_router.get("/lineage.svg", summary="See the lineage as a picture", response_class=Response)
def get_lineage_picture(
    there: There, house: House, around: Around = None, staleness: Staleness = True
) -> Response:
    """Buckets, collections by tier, endpoints and retrievers, with counts, staleness and open failures, as SVG."""
    graph = house.pictures.lineage(there.namespace_id, around=around, staleness=staleness)
    assert there.namespace is not None  # the route names it
    name = there.namespace.name
    picture = lineage_svg(graph, title=f"Lineage of {name}", link=lambda node: _address(name, node))
    return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@picture_router.get("/lineage", summary="Get the lineage")
def get_lineage(
    there: There, house: House, around: Around = None, staleness: Staleness = True
) -> dict[str, Any]:
    """The same as nodes and edges with their numbers."""
    return house.pictures.lineage(there.namespace_id, around=around, staleness=staleness).as_dict()


def _address(namespace: str, node: Node) -> str:
    """Where a resource of the picture can be read; an endpoint is not one of the contract's resources."""
    place = f"/v1/namespaces/{quote(namespace, safe='')}"
    return "" if node.kind == "endpoint" else f"{place}/{node.kind}s/{node.node_id}"
