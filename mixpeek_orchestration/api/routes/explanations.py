"""Why documents exist, and what would make them again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute

router = APIRouter(
    prefix="/v1/collections/{collection_identifier}/documents", tags=["Documents"], route_class=NamespaceRoute
)


@router.get("/{document_id}/explain", summary="Explain a document")
def explain_document(
    collection_identifier: str, document_id: str, here: Here, house: House
) -> dict[str, Any]:
    """From what and by which code a document was made, whether it is stale and why, and what would make it again."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    return house.explanations.of(collection, document_id).as_dict()
