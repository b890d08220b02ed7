"""What a batch would cost, and processing what a collection has anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from mixpeek_orchestration.api.answers.batches import task_id, tiers_in
from mixpeek_orchestration.api.answers.estimates import estimate_answer, trigger_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import Identifier, Spec
from mixpeek_orchestration.warehouse.spending.estimates import Outlook

batch_router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/batches", tags=["Batches"], route_class=NamespaceRoute
)
collection_router = APIRouter(prefix="/v1/collections", tags=["Collections"], route_class=NamespaceRoute)


class TriggerBody(Spec):
    """Which part of a collection's source to process."""

    include_buckets: list[Identifier] | None = None
    include_collections: list[Identifier] | None = None
    object_ids: list[Identifier] | None = Field(default=None, min_length=1)
    source_filters: dict[str, Any] | None = None
    dedup_strategy: Literal["skip", "replace", "force"] | None = None
    max_cost_usd: float | None = Field(
        default=None, ge=0, description="Refuse, before anything runs, what may cost more dollars than this."
    )
    reembed: Later = None


@batch_router.post("/{batch_id}/estimate-cost", summary="Estimate what a batch costs")
def estimate_cost(bucket_identifier: str, batch_id: str, here: Here, house: House) -> dict[str, Any]:
    """What submitting the batch costs, from the plan that its run would follow and what earlier runs took."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    batch = replace(house.batches.get(bucket, batch_id), tiers={})
    return _estimate(house, batch, house.estimates.for_batches([batch]), house.batches.object_ids(batch))


@collection_router.post(
    "/{collection_identifier}/trigger", summary="Process a collection again", status_code=202
)
def trigger_collection(
    collection_identifier: str, here: Here, house: House, body: TriggerBody | None = None
) -> dict[str, Any]:
    """What is new or stale in a collection and below is submitted; with `replace` or `force` also what is up to date."""
    asked = body or TriggerBody()
    collection = house.collections.get(here.namespace_id, collection_identifier)
    _refuse_part_of_sources(house, collection, asked)
    prepared = house.reprocess.prepare(
        [collection], _selection(house, collection, asked), max_cost=asked.max_cost_usd
    )
    batches = house.reprocess.submit(prepared, also_idle=True)
    objects = [one for batch in batches for one in house.batches.object_ids(batch)]
    everything = house.collections.all(here.namespace_id)
    whole = replace(batches[0], object_count=len(objects), dedup_strategy=asked.dedup_strategy or "skip")
    source = {
        "collection_id": collection.collection_id,
        "source_bucket_ids": list(collection.source.ids) if collection.source.type == "bucket" else None,
        "source_collection_ids": list(collection.source.ids)
        if collection.source.type == "collection"
        else None,
        "total_tiers": len(tiers_in(batches[0], everything)),
    }
    estimate = _estimate(house, whole, prepared.outlook, objects)
    return trigger_answer(batches, tasks=[task_id(b) for b in batches], source=source, estimate=estimate)


def _selection(house: House, collection: Collection, asked: TriggerBody) -> Selection:
    object_ids = tuple(asked.object_ids or ())
    if asked.include_buckets is not None:
        named = [house.buckets.get(collection.namespace_id, one).bucket_id for one in asked.include_buckets]
        found = house.catalog.objects.frame(named, object_ids=object_ids or None)["item"].to_list()
        if not found:
            raise InvalidInput(
                "These buckets hold none of the objects.",
                field="include_buckets",
                value=asked.include_buckets,
                fix="Name buckets that the collection reads.",
            )
        object_ids = tuple(found)
    force = asked.dedup_strategy in ("replace", "force")
    return Selection(object_ids=object_ids, filters=asked.source_filters, force=force)


def _refuse_part_of_sources(house: House, collection: Collection, asked: TriggerBody) -> None:
    if asked.include_collections is None:
        return
    named = {
        house.collections.get(collection.namespace_id, one).collection_id for one in asked.include_collections
    }
    if named != set(collection.source.ids):
        raise InvalidInput(
            f"Collection {collection.name!r} does not read exactly these collections, and a part of its sources cannot "
            "be triggered.",
            field="include_collections",
            value=asked.include_collections,
            fix="Leave it out, or use object_ids or source_filters.",
        )


def _estimate(house: House, batch: Batch, outlook: Outlook, object_ids: list[str]) -> dict[str, Any]:
    found = house.catalog.objects.get_many(object_ids)
    replaces = batch.dedup_strategy == "replace"
    return estimate_answer(
        batch,
        outlook.forecast,
        objects=list(found.values()),
        already_extracted=len(outlook.known_roots & set(object_ids)),
        features=_features(house, batch),
        documents_to_remove=house.estimates.documents_of_roots(outlook, object_ids) if replaces else None,
    )


def _features(house: House, batch: Batch) -> list[str]:
    """The feature URIs that the collections of the batch are searched by."""
    uris: list[str] = []
    for collection_id in batch.collection_ids:
        try:
            generation = house.collections.generation(house.collections.by_id(collection_id))
        except MixpeekError:
            # It was deleted since the batch was made: it has no features.
            continue
        uris += [str(generation.uri(vector)) for vector in generation.vectors]
    return list(dict.fromkeys(uris))
