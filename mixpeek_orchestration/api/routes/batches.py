"""Batches: create, submit, follow, cancel, and ask what failed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from mixpeek_orchestration.api.answers.batches import (
    audit_answer,
    batch_answer,
    batch_of_task,
    failure_answer,
    task_answer,
    tiers_in,
)
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import PageQuery, listing, page_of
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.batch import Batch, BatchStatus
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.failure import FailureQuery
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import BatchSpec, Identifier, Spec, SubmitSpec

router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/batches", tags=["Batches"], route_class=NamespaceRoute
)
any_bucket_router = APIRouter(prefix="/v1", tags=["Batches"], route_class=NamespaceRoute)
_MOST = 10_000
"""The most batches or failures that one list looks at."""


class ListBatchesBody(PageQuery):
    """Which batches to list."""

    status: BatchStatus | None = None
    collection_id: str | None = None
    bucket_id: str | None = None
    namespace_id: Later = None


class AddObjectsBody(Spec):
    """Objects to add to a draft."""

    object_ids: list[Identifier] = Field(min_length=1)


class FailuresQuery(PageQuery):
    """Which failures to list."""

    tier_num: int | None = None
    collection_id: str | None = None


@router.post("", summary="Create a batch")
def create_batch(
    bucket_identifier: str,
    body: BatchSpec,
    here: Here,
    house: House,
    auto_submit: bool | None = None,
    trigger_processing: bool | None = None,
    skip_validation: Off = None,
) -> dict[str, Any]:
    """A draft batch of objects of the bucket, submitted at once when asked to."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    submit = auto_submit or trigger_processing or body.auto_submit
    batch = house.batches.create(bucket, body.model_copy(update={"auto_submit": submit}))
    return _whole(house, batch)


@router.get("", summary="List batches")
def list_batches(
    bucket_identifier: str, paging: Annotated[ListBatchesBody, Query()], here: Here, house: House
) -> dict[str, Any]:
    """The batches of a bucket, newest first."""
    return _list(house, here, paging.model_copy(update={"bucket_id": bucket_identifier}))


@router.post("/list", summary="List batches")
def search_batches(
    bucket_identifier: str, here: Here, house: House, body: ListBatchesBody | None = None
) -> dict[str, Any]:
    """The batches of a bucket, newest first."""
    return _list(house, here, (body or ListBatchesBody()).model_copy(update={"bucket_id": bucket_identifier}))


@router.get("/{batch_id}", summary="Get a batch")
def get_batch(bucket_identifier: str, batch_id: str, here: Here, house: House) -> dict[str, Any]:
    """One batch: where it is, and the account of every tier that has finished."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return _whole(house, house.batches.get(bucket, batch_id))


@router.post("/{batch_id}/objects", summary="Add objects to a batch")
def add_objects(
    bucket_identifier: str,
    batch_id: str,
    body: AddObjectsBody,
    here: Here,
    house: House,
    skip_validation: Off = None,
) -> dict[str, Any]:
    """A draft with more objects; a batch that was submitted is a 409."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return _whole(house, house.batches.add_objects(bucket, batch_id, body.object_ids))


@router.post("/{batch_id}/submit", summary="Submit a batch")
def submit_batch(
    bucket_identifier: str,
    batch_id: str,
    here: Here,
    house: House,
    body: SubmitSpec | None = None,
    force: Off = None,
) -> dict[str, Any]:
    """The batch waits for a run through all its tiers. A finished batch can be submitted again."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return task_answer(house.batches.submit(bucket, batch_id, body.collection_ids if body else None))


@router.post("/{batch_id}/cancel", summary="Cancel a batch")
def cancel_batch(
    bucket_identifier: str,
    batch_id: str,
    here: Here,
    house: House,
    reason: Annotated[str | None, Query(max_length=500)] = None,
) -> dict[str, Any]:
    """The batch is canceled unless it had ended, and its run ends within seconds. What was committed stays, the rest
    counts as not run; submitting the batch again does what is left."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return task_answer(house.batches.cancel(bucket, batch_id, reason=reason))


@router.get("/{batch_id}/audit", summary="Audit a batch")
def audit_batch(bucket_identifier: str, batch_id: str, here: Here, house: House) -> dict[str, Any]:
    """Whether every object is accounted for, tier by tier."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    batch = house.batches.get(bucket, batch_id)
    return audit_answer(batch, house.collections.all(here.namespace_id))


@router.get("/{batch_id}/failed-documents", summary="List what failed")
def failed_documents(
    bucket_identifier: str,
    batch_id: str,
    paging: Annotated[FailuresQuery, Query()],
    here: Here,
    house: House,
) -> dict[str, Any]:
    """The failures of a batch that nothing has resolved since, newest first."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    batch = house.batches.get(bucket, batch_id)
    tiers = tiers_in(batch, house.collections.all(here.namespace_id))
    found = [
        failure_answer(failure, tier_num=tier.number)
        for tier in tiers
        if paging.tier_num in (None, tier.number)
        for collection in tier.collections
        if paging.collection_id in (None, collection.collection_id)
        for failure in house.catalog.failures.page(
            FailureQuery(collection.collection_id, batch_id=batch.batch_id), limit=_MOST
        )
    ]
    page = page_of(paging)
    return listing(found[page.offset : page.offset + page.limit], page, total=len(found))


@any_bucket_router.post("/batches/list", summary="List batches of all buckets")
def search_all_batches(here: Here, house: House, body: ListBatchesBody | None = None) -> dict[str, Any]:
    """The batches of the namespace, newest first."""
    return _list(house, here, body or ListBatchesBody())


@any_bucket_router.get("/batches/{batch_id}", summary="Get a batch by id")
def get_batch_by_id(batch_id: str, here: Here, house: House) -> dict[str, Any]:
    """One batch of any bucket."""
    return _whole(house, house.batches.in_namespace(here.namespace_id, batch_id))


@any_bucket_router.get("/tasks/{task_id}", summary="Get a task", tags=["Tasks"])
def get_task(task_id: str, here: Here, house: House) -> dict[str, Any]:
    """The task that a submit answered: the state of its batch."""
    try:
        return task_answer(house.batches.in_namespace(here.namespace_id, batch_of_task(task_id)))
    except NotFound as error:
        raise NotFound(f"There is no task {task_id!r}.", field="task_id", value=task_id) from error


def _whole(house: House, batch: Batch) -> dict[str, Any]:
    collections = house.collections.all(batch.namespace_id)
    return batch_answer(batch, collections, object_ids=house.batches.object_ids(batch))


def _list(house: House, here: Here, asked: ListBatchesBody) -> dict[str, Any]:
    bucket = house.buckets.get(here.namespace_id, asked.bucket_id) if asked.bucket_id else None
    recent = house.catalog.batches.recent(
        bucket_id=bucket.bucket_id if bucket else None,
        statuses=[asked.status] if asked.status else None,
        limit=_MOST,
    )
    found = [
        batch
        for batch in recent
        if batch.namespace_id == here.namespace_id and asked.collection_id in (None, *batch.collection_ids)
    ]
    page, collections = page_of(asked), house.collections.all(here.namespace_id)
    chosen = found[page.offset : page.offset + page.limit]
    return listing([batch_answer(batch, collections) for batch in chosen], page, total=len(found))
