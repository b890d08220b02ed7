"""Uploads: announce a file, PUT its bytes to a URL that expires, confirm."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from mixpeek_orchestration.api.address import upload_url
from mixpeek_orchestration.api.answers.uploads import confirmed_answer, upload_answer
from mixpeek_orchestration.api.archive_upload import archive_received, receive_archive
from mixpeek_orchestration.api.body import read_limited
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.bucket import UniquePolicy
from mixpeek_orchestration.warehouse.specs import BatchSpec, ConfirmSpec, UploadSpec

router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/uploads", tags=["Uploads"], route_class=NamespaceRoute
)
content_router = APIRouter(prefix="/v1/uploads", tags=["Uploads"])


@router.post("", summary="Announce an upload")
def create_upload(
    bucket_identifier: str, body: UploadSpec, here: Here, house: House, request: Request
) -> dict[str, Any]:
    """An upload with the URL that takes its bytes until it expires."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    announced = house.uploads.create(bucket, body)
    return upload_answer(announced.upload, upload_url(request, announced.upload.upload_id, announced.token))


@content_router.put("/{upload_id}", summary="Send the bytes of an upload", response_class=Response)
async def receive_upload(upload_id: str, token: str, request: Request, house: House) -> Response:
    """The bytes are stored under the upload. The token in the URL is the permission; no key is needed."""
    announced = await run_in_threadpool(house.uploads.admitted, upload_id, token)
    if announced.purpose != "object":
        return archive_received(await receive_archive(request, house.plugins, upload_id, token))
    limit = min(
        announced.size_bytes or request.app.state.limits.upload_bytes, request.app.state.limits.upload_bytes
    )
    data = await read_limited(request.stream(), limit)
    received = await run_in_threadpool(house.uploads.receive, upload_id, token, data)
    return Response(headers={"ETag": f'"{received.content_hash}"'})


@content_router.head("/{upload_id}", summary="Ask how much of an upload has arrived", response_class=Response)
def arrived_bytes(upload_id: str, token: str, house: House) -> Response:
    """`Upload-Offset` says where to go on with an archive whose transfer was cut off."""
    house.plugins.admitted(upload_id, token)
    return Response(headers={"Upload-Offset": str(house.plugins.arrived_bytes(upload_id))})


@router.post("/{upload_id}/confirm", summary="Confirm an upload")
def confirm_upload(
    bucket_identifier: str,
    upload_id: str,
    here: Here,
    house: House,
    body: ConfirmSpec | None = None,
    policy: UniquePolicy | None = None,
    wait: Annotated[Off, Query(alias="async")] = None,
) -> dict[str, Any]:
    """The upload, and the object that was made of it."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    said = body or ConfirmSpec()
    upload, stored = house.uploads.confirm(bucket, upload_id, said, policy=policy)
    if not (said.auto_submit_batch and stored):
        return confirmed_answer(upload)
    batch = house.batches.create(bucket, BatchSpec(object_ids=[stored.object_id], auto_submit=True))
    return confirmed_answer(upload, batch_id=batch.batch_id)
