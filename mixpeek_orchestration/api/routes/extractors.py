"""Discovering extractors: what there is, what it reads and makes, and whether it answers queries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from mixpeek_orchestration.api.answers.extractors import extractor_item, extractor_listing, feature_menu
from mixpeek_orchestration.api.guard import Here, House, MaybeNamespaceRoute, PathNamespaceRoute, There

router = APIRouter(prefix="/v1/extractors", tags=["Extractors"], route_class=MaybeNamespaceRoute)
namespace_router = APIRouter(
    prefix="/v1/namespaces/{namespace_id}/extractors", tags=["Extractors"], route_class=PathNamespaceRoute
)
feature_router = APIRouter(
    prefix="/v1/collections/features", tags=["Extractors"], route_class=MaybeNamespaceRoute
)

Source = Annotated[
    Literal["all", "builtin", "custom", "community"], Query(description="Where extractors come from.")
]
EveryVersion = Annotated[
    bool, Query(description="Also versions that were published but are neither active nor deployed.")
]


@router.get("", summary="List extractors")
def list_extractors(
    here: Here, house: House, source: Source = "all", include_disabled: EveryVersion = False
) -> dict[str, Any]:
    """The extractors that every namespace can use, and those of the namespace where one is named."""
    found = house.extractors.all(here.scope, source=source, every_version=include_disabled)
    return extractor_listing(found, here.scope)


@namespace_router.get("", summary="List the extractors of a namespace")
def list_namespace_extractors(
    there: There, house: House, source: Source = "all", include_disabled: EveryVersion = False
) -> dict[str, Any]:
    """The extractors that the namespace can use, from descriptions: nothing runs."""
    found = house.extractors.all(there.scope, source=source, every_version=include_disabled)
    return extractor_listing(found, there.scope)


@namespace_router.get("/{extractor_id}", summary="Get an extractor of a namespace")
def get_namespace_extractor(extractor_id: str, there: There, house: House) -> dict[str, Any]:
    """One extractor by name_version, NAME@VERSION or NAME, with its schemas and features."""
    return extractor_item(house.extractors.get(there.scope, extractor_id))


@feature_router.get("", summary="List features")
def list_features(here: Here, house: House) -> dict[str, Any]:
    """What can be searched by, by modality; features of published extractors where a namespace is named."""
    return feature_menu(house.extractors.all(here.scope).found)


@feature_router.get("/extractors", summary="List feature extractors")
def list_feature_extractors(here: Here, house: House, source: Source = "all") -> list[dict[str, Any]]:
    """The extractors, as a plain list."""
    return [extractor_item(one) for one in house.extractors.all(here.scope, source=source).found]


@feature_router.get("/extractors/{feature_extractor_id}", summary="Get a feature extractor")
def get_feature_extractor(feature_extractor_id: str, here: Here, house: House) -> dict[str, Any]:
    """One extractor by name_version, NAME@VERSION or NAME."""
    return extractor_item(house.extractors.get(here.scope, feature_extractor_id))


@router.get("/{extractor_id}", summary="Get an extractor")
def get_extractor(extractor_id: str, here: Here, house: House) -> dict[str, Any]:
    """One extractor by name_version, NAME@VERSION or NAME."""
    return extractor_item(house.extractors.get(here.scope, extractor_id))
