"""Submissions: extractors that somebody offers to all namespaces, scanned, then reviewed by an administrator."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from mixpeek_orchestration.api.address import upload_url
from mixpeek_orchestration.api.answers.submissions import (
    announced_submission,
    scanned_submission,
    submission_answer,
    submission_item,
)
from mixpeek_orchestration.api.guard import Caller, Here, House, Key, KeyRoute, NamespaceRoute
from mixpeek_orchestration.core.errors import Forbidden
from mixpeek_orchestration.core.published import SubmissionStatus
from mixpeek_orchestration.warehouse.plugins.specs import (
    ReviewSpec,
    SubmissionConfirmSpec,
    SubmissionUploadSpec,
)

_PREFIX = "/v1/extractors/submissions"
router = APIRouter(prefix=_PREFIX, tags=["Submissions"], route_class=NamespaceRoute)
review_router = APIRouter(prefix=_PREFIX, tags=["Submissions"], route_class=KeyRoute)

Status = Annotated[SubmissionStatus | None, Query(description="Only these.")]


@router.post("/uploads", summary="Announce a submission")
def announce_submission(
    body: SubmissionUploadSpec, here: Here, house: House, request: Request
) -> dict[str, Any]:
    """A submission with the URL that takes its archive (zip) until it expires."""
    announced = house.plugins.submissions.announce(here.namespace_id, body)
    return announced_submission(announced, upload_url(request, announced.upload.upload_id, announced.token))


@router.post("/uploads/{submission_id}/confirm", summary="Scan a submission")
def confirm_submission(
    submission_id: str, here: Here, house: House, body: SubmissionConfirmSpec | None = None
) -> dict[str, Any]:
    """The scan's outcome, with every finding; a submission without errors waits for a review."""
    return scanned_submission(house.plugins.submissions.confirm(here.namespace_id, submission_id, body))


@router.get("", summary="List submissions")
def list_submissions(here: Here, house: House, status: Status = None) -> dict[str, Any]:
    """The submissions of the namespace, newest first."""
    found = house.plugins.submissions.all(here.namespace_id, status=status)
    return {"success": True, "submissions": [submission_item(one) for one in found], "total": len(found)}


@review_router.get("/review", summary="List submissions of all namespaces")
def submissions_to_review(key: Key, house: House, status: Status = None) -> dict[str, Any]:
    """What administrators review, newest first; they wait for it under `pending_review`."""
    _check_administrator(key)
    found = house.plugins.submissions.all(status=status)
    return {"success": True, "submissions": [submission_item(one) for one in found], "total": len(found)}


@router.get("/{submission_id}", summary="Get a submission")
def get_submission(submission_id: str, here: Here, house: House) -> dict[str, Any]:
    """One submission, with its findings and what the reviewer said."""
    return submission_answer(house.plugins.submissions.get(here.namespace_id, submission_id))


@review_router.post("/{submission_id}/review", summary="Review a submission")
def review_submission(submission_id: str, body: ReviewSpec, key: Key, house: House) -> dict[str, Any]:
    """Approved, the extractor may be used in every namespace; needs a key without limits."""
    _check_administrator(key)
    return submission_answer(house.plugins.submissions.review(submission_id, body, reviewer=key.key.key_id))


def _check_administrator(caller: Caller) -> None:
    """A key that is limited to some namespaces cannot decide for all of them."""
    if caller.key.namespaces:
        raise Forbidden(
            "This API key is limited to some namespaces, so it cannot review submissions.",
            field="Authorization",
            fix="Use a key without limits.",
        )
