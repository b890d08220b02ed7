"""Erasures: ask for one, see how far it is, read the proof."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mixpeek_orchestration.api.answers.erasures import erasure_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.warehouse.specs import Spec

router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/objects/{object_identifier}/erase",
    tags=["Objects"],
    route_class=NamespaceRoute,
)


class EraseBody(Spec):
    """Why an object is erased, for the record."""

    reason: str = ""


@router.post("", summary="Erase an object", status_code=202)
def erase_object(
    bucket_identifier: str,
    object_identifier: str,
    here: Here,
    house: House,
    body: EraseBody | None = None,
) -> dict[str, Any]:
    """The object is deleted at once; its traces in every store and old version are removed by a run, which leaves the
    proof under the same address. It cannot be undone."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    return erasure_answer(
        house.erasures.request(bucket, object_identifier, reason=body.reason if body else "")
    )


@router.get("", summary="Get the proof of an erasure")
def get_erasure(bucket_identifier: str, object_identifier: str, here: Here, house: House) -> dict[str, Any]:
    """The newest erasure of an object: how far it is, and the proof once it is completed."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    erasure = house.erasures.of(here.namespace_id, object_identifier)
    if erasure.bucket_id != bucket.bucket_id:
        raise NotFound(
            f"No erasure of object {object_identifier!r} was asked for in bucket {bucket.name!r}.",
            field="object_id",
            value=object_identifier,
        )
    return erasure_answer(erasure)
