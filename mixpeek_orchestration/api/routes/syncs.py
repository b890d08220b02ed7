"""Syncs of a bucket: create, list, change, pause, resume, trigger, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from mixpeek_orchestration.api.answers.syncs import (
    connection_of,
    dead_letter_answer,
    job_answer,
    metrics_answer,
    sync_answer,
)
from mixpeek_orchestration.api.guard import Caller, Here, House, NamespaceRoute
from mixpeek_orchestration.api.paging import Paging, listing, page_of
from mixpeek_orchestration.core.syncs.sync import JobStatus, Sync
from mixpeek_orchestration.warehouse.specs import Spec
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec, SyncUpdateSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

router = APIRouter(
    prefix="/v1/buckets/{bucket_identifier}/syncs", tags=["Bucket Syncs"], route_class=NamespaceRoute
)
_MANY = 10_000


class SyncListBody(Spec):
    """Which syncs to list; all without it."""

    connection_id: str | None = None
    status: str | None = None
    is_active: bool | None = None


class JobListBody(Spec):
    """Which runs to list."""

    status: JobStatus | None = None


class DeadLetterBody(Spec):
    """Which failed files to list."""

    only_max_retries: bool = False
    error_types: list[str] | None = None


class ErrorTypesBody(Spec):
    """Failed files, by their error."""

    error_types: list[str] | None = None


class GivenUpBody(Spec):
    """Failed files, by their error."""

    error_types: list[str] = Field(min_length=1)


@router.post("", summary="Create a sync")
def create_sync(bucket_identifier: str, body: SyncSpec, here: Here, house: House) -> dict[str, Any]:
    """A bucket follows a place that the server's settings allow, or, for keys without limits, one that a connection
    reaches."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    rules = body.rules
    if rules.connection:
        rules = replace(rules, connection=house.connections.get(rules.connection).connection_id)
    if not rules.connection or here.key.namespaces:
        house.syncs.policy.check(rules.source_path)
    return sync_answer(house.syncs.create(bucket, rules))


@router.post("/list", summary="List syncs")
def list_syncs(
    bucket_identifier: str, paging: Paging, here: Here, house: House, body: SyncListBody | None = None
) -> dict[str, Any]:
    """The syncs of a bucket, oldest first."""
    bucket = house.buckets.get(here.namespace_id, bucket_identifier)
    asked, page = body or SyncListBody(), page_of(paging)
    found = [
        answer
        for sync in house.syncs.of(bucket)
        if asked.connection_id in (None, connection_of(sync))
        and (answer := _shown(house, sync))
        and asked.status in (None, answer["status"])
        and asked.is_active in (None, answer["is_active"])
    ]
    return listing(found[page.offset : page.offset + page.limit], page, total=len(found))


@router.get("/{sync_config_id}", summary="Get a sync")
def get_sync(bucket_identifier: str, sync_config_id: str, here: Here, house: House) -> dict[str, Any]:
    """How a sync stands."""
    return _shown(house, _sync(house, here, bucket_identifier, sync_config_id))


@router.patch("/{sync_config_id}", summary="Update a sync")
def update_sync(
    bucket_identifier: str, sync_config_id: str, body: SyncUpdateSpec, here: Here, house: House
) -> dict[str, Any]:
    """The sync with what was sent; the rest stays."""
    return _shown(house, house.syncs.update(_sync(house, here, bucket_identifier, sync_config_id), body))


@router.delete("/{sync_config_id}", summary="Delete a sync")
def delete_sync(bucket_identifier: str, sync_config_id: str, here: Here, house: House) -> dict[str, Any]:
    """The bucket follows the place no more; what came from it stays."""
    house.syncs.delete(_sync(house, here, bucket_identifier, sync_config_id))
    return {"success": True, "message": f"Sync {sync_config_id} is deleted.", "deleted": True}


@router.post("/{sync_config_id}/pause", summary="Pause a sync")
def pause_sync(
    bucket_identifier: str,
    sync_config_id: str,
    here: Here,
    house: House,
    reason: Annotated[str | None, Query(max_length=500)] = None,
) -> dict[str, Any]:
    """The sync does not run until it is resumed."""
    return _shown(house, house.syncs.pause(_sync(house, here, bucket_identifier, sync_config_id), reason))


@router.post("/{sync_config_id}/resume", summary="Resume a sync")
def resume_sync(
    bucket_identifier: str,
    sync_config_id: str,
    here: Here,
    house: House,
    allow_deletes: Annotated[
        bool, Query(description="Let the next run remove as much as is gone from the source.")
    ] = False,
) -> dict[str, Any]:
    """The sync runs again, at once."""
    sync = _sync(house, here, bucket_identifier, sync_config_id)
    return _shown(house, house.syncs.resume(sync, allow_deletes=allow_deletes))


@router.post("/{sync_config_id}/trigger", summary="Run a sync now")
def trigger_sync(
    bucket_identifier: str, sync_config_id: str, here: Here, house: House, full_sync: bool = False
) -> dict[str, Any]:
    """A run is due at once; with `full_sync` it reads every file again."""
    sync = house.syncs.request(_sync(house, here, bucket_identifier, sync_config_id), full=full_sync)
    message = f"Sync {sync.sync_id} is due."
    return {**_shown(house, sync), "success": True, "message": message}


@router.post("/{sync_config_id}/unlock", summary="Unlock a sync")
def unlock_sync(bucket_identifier: str, sync_config_id: str, here: Here, house: House) -> dict[str, Any]:
    """Nothing to do: the lock of a run that died is taken over by the next one by itself."""
    sync = _sync(house, here, bucket_identifier, sync_config_id)
    running = house.syncs.is_running(sync)
    said = "A run is going on." if running else "No run holds it."
    return {**_shown(house, sync), "success": True, "unlocked": not running, "message": said}


@router.get("/{sync_config_id}/metrics", summary="Metrics of a sync")
def sync_metrics(bucket_identifier: str, sync_config_id: str, here: Here, house: House) -> dict[str, Any]:
    """Whether the sync keeps up, and the numbers behind it."""
    sync = _sync(house, here, bucket_identifier, sync_config_id)
    jobs = house.syncs.jobs(sync, limit=1)
    return metrics_answer(
        sync,
        last_job=jobs[0] if jobs else None,
        dead=house.syncs.dead_by_error(sync),
        is_running=house.syncs.is_running(sync),
    )


@router.post("/{sync_config_id}/jobs", summary="List runs of a sync")
def list_sync_jobs(
    bucket_identifier: str,
    sync_config_id: str,
    paging: Paging,
    here: Here,
    house: House,
    body: JobListBody | None = None,
) -> dict[str, Any]:
    """The runs, newest first."""
    sync, page = _sync(house, here, bucket_identifier, sync_config_id), page_of(paging)
    jobs = house.syncs.jobs(sync, status=body.status if body else None, limit=_MANY)
    shown = [job_answer(job) for job in jobs[page.offset : page.offset + page.limit]]
    return listing(shown, page, total=len(jobs))


@router.get("/{sync_config_id}/jobs/{sync_job_id}", summary="Get a run of a sync")
def get_sync_job(
    bucket_identifier: str, sync_config_id: str, sync_job_id: str, here: Here, house: House
) -> dict[str, Any]:
    """One run."""
    return job_answer(house.syncs.job(_sync(house, here, bucket_identifier, sync_config_id), sync_job_id))


@router.post("/{sync_config_id}/dlq", summary="List failed files")
def list_dead_letters(
    bucket_identifier: str,
    sync_config_id: str,
    here: Here,
    house: House,
    body: DeadLetterBody | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Files whose last try failed; `max_retries_reached` tells the dead letters."""
    sync, asked = _sync(house, here, bucket_identifier, sync_config_id), body or DeadLetterBody()
    found = [
        one
        for one in house.syncs.failed_files(sync, only_dead=asked.only_max_retries)
        if not asked.error_types or one.error_code in asked.error_types
    ]
    shown = [dead_letter_answer(one, sync) for one in found[offset : offset + limit]]
    return {"results": shown, "total": len(found)}


@router.post("/{sync_config_id}/dlq/requeue", summary="Try dead letters again")
def requeue_dead_letters(
    bucket_identifier: str,
    sync_config_id: str,
    here: Here,
    house: House,
    body: ErrorTypesBody | None = None,
) -> dict[str, Any]:
    """Dead letters are tried again by a run that is due at once."""
    sync = _sync(house, here, bucket_identifier, sync_config_id)
    types = (body.error_types if body else None) or []
    return {"requeued": house.syncs.requeue(sync, error_types=types)}


@router.post("/{sync_config_id}/dlq/bulk-mark-failed", summary="Give failed files up")
def give_up_dead_letters(
    bucket_identifier: str, sync_config_id: str, body: GivenUpBody, here: Here, house: House
) -> dict[str, Any]:
    """Failed files of these errors are not tried again."""
    sync = _sync(house, here, bucket_identifier, sync_config_id)
    return {"updated": house.syncs.give_up(sync, body.error_types)}


def _sync(house: Warehouse, here: Caller, bucket_identifier: str, sync_config_id: str) -> Sync:
    return house.syncs.get(house.buckets.get(here.namespace_id, bucket_identifier), sync_config_id)


def _shown(house: Warehouse, sync: Sync) -> dict[str, Any]:
    return sync_answer(sync, is_running=house.syncs.is_running(sync))
