"""Buckets: create, list, get, delete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mixpeek_orchestration.api.answers.buckets import bucket_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import ListBody, SearchPaging, listing_of, page_of
from mixpeek_orchestration.warehouse.specs import BucketSpec

router = APIRouter(prefix="/v1/buckets", tags=["Buckets"], route_class=NamespaceRoute)


@router.post("", summary="Create a bucket")
def create_bucket(body: BucketSpec, here: Here, house: House) -> dict[str, Any]:
    """A new, empty bucket; a name that differs from another only in case, accents or separators is refused."""
    bucket = house.buckets.create(here.namespace_id, body)
    return bucket_answer(bucket, house.buckets.counts(bucket))


@router.get("", summary="List buckets")
def list_buckets(paging: SearchPaging, here: Here, house: House) -> dict[str, Any]:
    """The buckets of the namespace, oldest first."""
    return listing_of(
        house.buckets.all(here.namespace_id),
        page_of(paging),
        lambda bucket: bucket_answer(bucket, house.buckets.counts(bucket)),
        search=paging.search,
    )


@router.post("/list", summary="List buckets")
def search_buckets(
    paging: SearchPaging, here: Here, house: House, body: ListBody | None = None
) -> dict[str, Any]:
    """The buckets of the namespace, oldest first, by a part of their name."""
    return listing_of(
        house.buckets.all(here.namespace_id),
        page_of(paging, body),
        lambda bucket: bucket_answer(bucket, house.buckets.counts(bucket)),
        search=body.search if body else paging.search,
    )


@router.get("/{bucket_identifier}", summary="Get a bucket")
def get_bucket(bucket_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """One bucket, by id or name, with what lies in it."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return bucket_answer(bucket, house.buckets.counts(bucket))


@router.delete("/{bucket_identifier}", summary="Delete a bucket")
def delete_bucket(bucket_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """Remove a bucket that is empty and that no collection reads."""
    house.buckets.delete(here.namespace_id, bucket_identifier)
    return {"success": True, "message": f"Bucket {bucket_identifier} is deleted."}
