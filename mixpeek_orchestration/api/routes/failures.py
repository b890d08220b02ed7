"""Failures of collections: what failed, in groups and one by one, and trying it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from mixpeek_orchestration.api.answers.batches import failure_answer, task_answer, tiers_in
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import PageQuery, listing, page_of
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.failure import FailureGroup
from mixpeek_orchestration.core.failure_table import group_line
from mixpeek_orchestration.warehouse.failures import BY_DEFAULT
from mixpeek_orchestration.warehouse.specs import Identifier, Spec

router = APIRouter(
    prefix="/v1/collections/{collection_identifier}/failures",
    tags=["Failures"],
    route_class=NamespaceRoute,
)
retry_router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/batches/{batch_id}", tags=["Batches"], route_class=NamespaceRoute
)


class FailuresAsked(PageQuery):
    """Which failures to list, and what to group them by."""

    open_only: bool = Field(default=True, description="Leave out what was resolved since.")
    error_class: str | None = None
    step: str | None = None
    kind: Literal["transient", "permanent", "resource"] | None = None
    item: str | None = Field(default=None, description="An object, or a document of an earlier tier.")
    batch_id: str | None = None
    group_by: list[str] | None = Field(
        default=None, description=f"The parts that groups share; without it {', '.join(BY_DEFAULT)}."
    )
    include_traceback: bool = Field(default=False, description="Tracebacks never hold local variables.")


class ReplayBody(Spec):
    """Which failed items to try again: some of a class, some by name, or all of them."""

    error_class: str | None = None
    items: list[Identifier] | None = Field(default=None, min_length=1, max_length=100_000)
    all: bool = Field(default=False, description="Every item with an open failure.")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.all == bool(self.error_class or self.items):
            raise ValueError("send either all, or error_class and items")
        return self


class RetryBody(Spec):
    """What of a batch's failures to try again."""

    retry_mode: Literal["transient_only", "all"] = "transient_only"
    tier_nums: list[int] | None = None
    max_retry_count: int = Field(default=3, ge=1, le=10)


@router.get("", summary="List what failed")
def list_failures(
    collection_identifier: str, asked: Annotated[FailuresAsked, Query()], here: Here, house: House
) -> dict[str, Any]:
    """The failures of the generation that answers: groups with their counts, and a page of them, newest first."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    said = asked.model_dump(include={"error_class", "step", "kind", "item", "batch_id"})
    which = house.failed.query(collection, open_only=asked.open_only, **said)
    groups = house.failed.of(
        collection, open_only=asked.open_only, group_by=_parts(asked.group_by) or BY_DEFAULT
    )
    page = page_of(asked)
    found = house.failed.page(which, limit=page.limit, offset=page.offset)
    return listing(
        [failure_answer(failure, traceback=asked.include_traceback) for failure in found],
        page,
        total=house.catalog.failures.count(which),
        collection_id=collection.collection_id,
        collection_name=collection.name,
        summary=[group_line(group) for group in groups],
        groups=[_group_answer(group) for group in groups],
    )


@router.post("/replay", summary="Try failed items again")
def replay_failures(collection_identifier: str, body: ReplayBody, here: Here, house: House) -> dict[str, Any]:
    """A submitted batch that runs exactly these items again, permanent failures too, and passes what comes of them on."""
    collection = house.collections.get(here.namespace_id, collection_identifier)
    batch = house.failed.replay(collection, error_class=body.error_class, items=body.items)
    return task_answer(batch, task_type="api_collections_failures_replay")


@retry_router.post("/retry", summary="Try what failed in a batch again")
def retry_batch(
    bucket_identifier: str, batch_id: str, here: Here, house: House, body: RetryBody | None = None
) -> dict[str, Any]:
    """A batch of its own that tries exactly these items again: transient failures unless all are asked for."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    batch = house.batches.get(bucket, batch_id)
    asked = body or RetryBody()
    retried = house.failed.retry(
        batch,
        transient_only=asked.retry_mode == "transient_only",
        collection_ids=_in_tiers(house, batch, asked.tier_nums),
        max_attempts=asked.max_retry_count + 1,
    )
    return task_answer(retried, task_type="api_buckets_batches_retry")


@retry_router.post("/tiers/{tier_num}/retry", summary="Try what failed in one tier of a batch again")
def retry_tier(
    bucket_identifier: str, batch_id: str, tier_num: int, here: Here, house: House
) -> dict[str, Any]:
    """A batch of its own that tries every item again that failed in this tier, permanent failures too."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    batch = house.batches.get(bucket, batch_id)
    retried = house.failed.retry(
        batch, transient_only=False, collection_ids=_in_tiers(house, batch, [tier_num])
    )
    return task_answer(retried, task_type="api_buckets_batches_retry")


def _in_tiers(house: House, batch: Batch, numbers: list[int] | None) -> list[str]:
    """The collections of a batch in some of its tiers, in all without numbers."""
    return [
        collection.collection_id
        for tier in tiers_in(batch, house.collections.all(batch.namespace_id))
        if not numbers or tier.number in numbers
        for collection in tier.collections
    ]


def _parts(group_by: list[str] | None) -> list[str]:
    return [part.strip() for text in group_by or () for part in text.split(",") if part.strip()]


def _group_answer(group: FailureGroup) -> dict[str, Any]:
    return {
        **group.key,
        "items": group.items,
        "failures": group.failures,
        "attempts": group.attempts,
        "first": group.first,
        "last": group.last,
    }
