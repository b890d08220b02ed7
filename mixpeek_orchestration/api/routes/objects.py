"""Objects: put, list, get, edit, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from mixpeek_orchestration.api.answers.erasures import erasure_answer
from mixpeek_orchestration.api.answers.objects import BlobUrl, object_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import Page, PageQuery, Paging, listing, page_of
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.bucket import Bucket, UniquePolicy
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.core.validation import Later, validated
from mixpeek_orchestration.warehouse.specs import ObjectSpec, Spec

router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/objects", tags=["Objects"], route_class=NamespaceRoute
)


class ObjectsBody(Spec):
    """Several objects to put at once. Each is judged on its own, so their form is checked one by one."""

    objects: list[dict[str, Any]] = Field(min_length=1, max_length=100)


class ListObjectsBody(PageQuery):
    """Which objects to list."""

    return_presigned_urls: bool = False
    filters: Later = None
    sort: Later = None
    search: Later = None
    select: Later = None


class FieldsBody(Spec):
    """Metadata fields to change; `null` removes one. Unknown root fields are metadata, as in a create."""

    model_config = ConfigDict(extra="allow")

    metadata: dict[str, Any] | None = None
    key_prefix: Later = None
    skip_duplicates: Off = None

    @property
    def fields(self) -> dict[str, Any]:
        """All fields that the body names."""
        return {**(self.metadata or {}), **(self.model_extra or {})}


def blob_url(house: House, wanted: bool) -> BlobUrl | None:
    """How to make URLs of blobs, when they are wanted."""
    return (lambda blob: house.parts.objects.url(blob.content_hash)) if wanted else None


@router.post("", summary="Put an object")
def create_object(
    bucket_identifier: str,
    body: ObjectSpec,
    here: Here,
    house: House,
    policy: UniquePolicy | None = None,
    auto_process: Off = None,
) -> dict[str, Any]:
    """One object, stored. The same content under the same key is stored once."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return object_answer(house.objects.put(bucket, body, policy=policy).object)


@router.post("/batch", summary="Put several objects")
def create_objects(
    bucket_identifier: str, body: ObjectsBody, here: Here, house: House, auto_process: Off = None
) -> dict[str, Any]:
    """Every object that is right is stored; every other one is reported with its index and what is wrong."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    outcomes = _put_each(house, bucket, body.objects)
    succeeded = [
        {**object_answer(stored), "object_index": index}
        for index, stored in outcomes.items()
        if isinstance(stored, SourceObject)
    ]
    failed = [_failed(i, error) for i, error in outcomes.items() if isinstance(error, MixpeekError)]
    return {
        "succeeded": succeeded,
        "failed": failed,
        "total_requested": len(body.objects),
        "succeeded_count": len(succeeded),
        "failed_count": len(failed),
    }


@router.get("", summary="List objects")
def list_objects(bucket_identifier: str, paging: Paging, here: Here, house: House) -> dict[str, Any]:
    """The objects of a bucket, oldest first."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return _page_answer(house, bucket, page_of(paging), urls=False)


@router.post("/list", summary="List objects")
def search_objects(
    bucket_identifier: str, paging: Paging, here: Here, house: House, body: ListObjectsBody | None = None
) -> dict[str, Any]:
    """The objects of a bucket, oldest first."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return _page_answer(house, bucket, page_of(paging, body), urls=bool(body and body.return_presigned_urls))


@router.get("/{object_identifier}", summary="Get an object")
def get_object(
    bucket_identifier: str,
    object_identifier: str,
    here: Here,
    house: House,
    return_presigned_urls: bool = False,
    include_document_count: Annotated[
        bool, Query(description="Count its documents in all collections.")
    ] = False,
) -> dict[str, Any]:
    """One object."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    found = house.objects.get(bucket, object_identifier)
    answer = object_answer(found, blob_url(house, return_presigned_urls))
    if include_document_count:
        answer["document_count"] = _document_count(house, bucket, found.object_id)
    return answer


@router.put("/{object_identifier}", summary="Replace an object")
def replace_object(
    bucket_identifier: str, object_identifier: str, body: ObjectSpec, here: Here, house: House
) -> dict[str, Any]:
    """The object with new metadata, and with new content where blobs are given; it keeps its id."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    if body.blobs:
        return object_answer(house.objects.replace(bucket, object_identifier, body).object)
    return object_answer(house.objects.edit(bucket, object_identifier, body.fields, merge=False).object)


@router.patch("/{object_identifier}", summary="Edit an object's metadata")
def edit_object(
    bucket_identifier: str, object_identifier: str, body: FieldsBody, here: Here, house: House
) -> dict[str, Any]:
    """The object with some metadata changed; what the body does not name stays."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return object_answer(house.objects.edit(bucket, object_identifier, body.fields, merge=True).object)


@router.delete("/{object_identifier}", summary="Delete an object")
def delete_object(
    bucket_identifier: str,
    object_identifier: str,
    here: Here,
    house: House,
    erase: Annotated[
        bool, Query(description="Erase it from every store and old version too; see …/erase for the proof.")
    ] = False,
) -> dict[str, Any]:
    """Remove an object; the batch in the answer removes its documents."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    if erase:
        return erasure_answer(house.erasures.request(bucket, object_identifier))
    batch = house.objects.delete(bucket, object_identifier)
    return {
        "success": True,
        "message": f"Object {object_identifier} is deleted.",
        "object_id": object_identifier,
        "bucket_id": bucket.bucket_id,
        "batch_id": batch.batch_id if batch else None,
    }


def _put_each(house: House, bucket: Bucket, raw: Sequence[Any]) -> dict[int, SourceObject | MixpeekError]:
    """What came of each object, by index. All well-formed ones go in one transaction, or, when that is refused, each
    on its own, so that one cannot spoil the others."""
    outcomes: dict[int, SourceObject | MixpeekError] = {}
    specs: dict[int, ObjectSpec] = {}
    for index, fields in enumerate(raw):
        try:
            specs[index] = validated(ObjectSpec, fields)
        except MixpeekError as error:
            outcomes[index] = error
    try:
        puts = house.objects.put_many(bucket, list(specs.values()))
        outcomes |= {index: put.object for index, put in zip(specs, puts, strict=True)}
    except MixpeekError:
        outcomes |= {index: _put_one(house, bucket, spec) for index, spec in specs.items()}
    return dict(sorted(outcomes.items()))


def _put_one(house: House, bucket: Bucket, spec: ObjectSpec) -> SourceObject | MixpeekError:
    try:
        return house.objects.put(bucket, spec).object
    except MixpeekError as error:
        return error


def _failed(index: int, error: MixpeekError) -> dict[str, Any]:
    return {
        "object_index": index,
        "error": str(error),
        "error_type": type(error).__name__,
        "code": error.code,
        "details": error.details(),
    }


def _page_answer(house: House, bucket: Bucket, page: Page, *, urls: bool) -> dict[str, Any]:
    found: Sequence[Any] = house.objects.page(bucket, limit=page.limit, offset=page.offset)
    url = blob_url(house, urls)
    total = house.buckets.counts(bucket).objects
    return listing([object_answer(item, url) for item in found], page, total=total)


def _document_count(house: House, bucket: Bucket, object_id: str) -> int:
    below = [
        house.collections.by_id(collection_id) for collection_id in house.batches.collections_below(bucket)
    ]
    tables = [house.collections.generation(collection).table for collection in below]
    return sum(house.documents.count(table, where=f"_root_object = '{object_id}'") for table in tables)
