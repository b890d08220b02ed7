"""Generations of collections: migrations to another extractor version, model or parameters, and the index map."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from mixpeek_orchestration.api.answers.collections import collection_answer
from mixpeek_orchestration.api.answers.generations import (
    comparison_answer,
    migration_answer,
    standing_answer,
    switch_plan_answer,
)
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.routes.collections import contents_of
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import ExtractorSpec, Spec

collection_router = APIRouter(prefix="/v1/collections", tags=["Collections"], route_class=NamespaceRoute)
router = APIRouter(
    prefix="/v1/collections/{collection_identifier}/migrations",
    tags=["Migrations"],
    route_class=NamespaceRoute,
)


class CollectionPatch(Spec):
    """What of a collection changes."""

    index_map: dict[str, str] | None = Field(
        default=None,
        description="By feature URI that searches name: the URI of the generation that is to answer. Null or empty: "
        "every URI is answered by the generation that it names, as before the migration.",
    )
    collection_name: Later = None
    description: Later = None
    enabled: Later = None
    metadata: Later = None
    schedule: Later = None
    taxonomy_applications: Later = None
    cluster_applications: Later = None
    alert_applications: Later = None


class MigrationBody(Spec):
    """What a collection is migrated to."""

    feature_extractor: ExtractorSpec
    sample: int = Field(default=0, ge=0, description="Fill only so many source objects for now.")
    index_map: dict[str, str] = Field(
        default_factory=dict, description="Old to new feature URI, where features do not pair by name."
    )
    max_cost_usd: float | None = Field(default=None, ge=0)


class CompareBody(Spec):
    """What to ask both generations; logged queries without any."""

    queries: list[str] = Field(default_factory=list, max_length=500)
    top_k: int = Field(default=10, ge=1, le=1000)


class SwitchBody(Spec):
    """How to switch."""

    allow_failures: bool = Field(
        default=False, description="Also when items failed in the new generation only."
    )
    rerun: bool = Field(default=True, description="Submit what later tiers have to do again because of it.")


class RollbackBody(Spec):
    """How to roll back."""

    rerun: bool = True


@collection_router.patch("/{collection_identifier}", summary="Point a collection's index map")
def patch_collection(
    collection_identifier: str, body: CollectionPatch, here: Here, house: House
) -> dict[str, Any]:
    """The collection, answered by the generation that the index map points at. No vector is rewritten."""
    collection = _found(house, here, collection_identifier)
    if "index_map" in body.model_fields_set:
        house.migrations.point(collection, body.index_map or {})
        collection = house.collections.by_id(collection.collection_id)
    return collection_answer(collection, contents_of(house, collection))


@router.post("", summary="Start a migration", status_code=202)
def start_migration(
    collection_identifier: str, body: MigrationBody, here: Here, house: House
) -> dict[str, Any]:
    """A new generation, filled by batches beside the one that answers; again, what is still missing of it."""
    collection = _found(house, here, collection_identifier)
    migration = house.migrations.start(
        collection,
        body.feature_extractor,
        sample=body.sample,
        index_map=body.index_map,
        max_cost=body.max_cost_usd,
    )
    return migration_answer(migration, collection)


@router.get("", summary="List migrations")
def list_migrations(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """Every migration of the collection, newest first."""
    collection = _found(house, here, collection_identifier)
    found = house.migrations.of(collection)
    return {"results": [migration_answer(one, collection) for one in found], "total": len(found)}


@router.get("/current", summary="Get the migration that is open")
def get_migration(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """How far it is and what stands in the way of a switch; the last one when none is open."""
    collection = _found(house, here, collection_identifier)
    return standing_answer(house.migrations.status(collection), collection)


@router.get("/current/switch-plan", summary="See what a switch would change")
def get_switch_plan(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """Which retrievers it changes, and what each later tier would do again."""
    collection = _found(house, here, collection_identifier)
    return switch_plan_answer(house.migrations.switch_plan(collection), collection)


@router.post("/current/compare", summary="Compare both generations")
def compare_generations(
    collection_identifier: str, here: Here, house: House, body: CompareBody | None = None
) -> dict[str, Any]:
    """Both generations on the same queries: overlap of the answers, latency, and cost of an item."""
    asked = body or CompareBody()
    collection = _found(house, here, collection_identifier)
    migration = house.migrations.open(collection)
    return comparison_answer(
        house.comparisons.compare(collection, migration, queries=asked.queries, k=asked.top_k)
    )


@router.post("/current/switch", summary="Switch to the new generation")
def switch_generation(
    collection_identifier: str, here: Here, house: House, body: SwitchBody | None = None
) -> dict[str, Any]:
    """The new generation answers from now on; retrievers keep their URIs. A 409 says what is in the way."""
    asked = body or SwitchBody()
    collection = _found(house, here, collection_identifier)
    house.migrations.switch(collection, allow_failures=asked.allow_failures, rerun=asked.rerun)
    return get_migration(collection_identifier, here, house)


@router.post("/current/rollback", summary="Roll back to the old generation")
def roll_back(
    collection_identifier: str, here: Here, house: House, body: RollbackBody | None = None
) -> dict[str, Any]:
    """The old generation answers again."""
    asked = body or RollbackBody()
    house.migrations.rollback(_found(house, here, collection_identifier), rerun=asked.rerun)
    return get_migration(collection_identifier, here, house)


@router.post("/current/drop", summary="Drop the old generation")
def drop_generation(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """The old generation is gone with its table, and there is no way back."""
    collection = _found(house, here, collection_identifier)
    return migration_answer(house.migrations.drop(collection), collection)


@router.post("/current/abandon", summary="Abandon a migration")
def abandon_migration(collection_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """The new generation is gone with its table; a 409 once it answers."""
    collection = _found(house, here, collection_identifier)
    return migration_answer(house.migrations.abandon(collection), collection)


def _found(house: House, here: Here, identifier: str) -> Collection:
    return house.collections.get(here.namespace_id, identifier)
