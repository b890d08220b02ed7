"""Submissions on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mixpeek_orchestration.api.answers.plugins import errors_in
from mixpeek_orchestration.core.published import Announced, Submission, SubmissionStatus


def announced_submission(announced: Announced, url: str) -> dict[str, Any]:
    """An announced submission with the URL that takes its archive."""
    upload = announced.upload
    return {
        "submission_id": upload.upload_id,
        "presigned_url": url,
        "s3_key": f"submissions/{upload.upload_id}/{upload.filename}",
        "required_content_type": "application/zip",
        "expires_at": datetime.fromtimestamp(upload.expires_at, UTC),
        "name": upload.details.get("name"),
        "version": upload.details.get("version"),
    }


def scanned_submission(submission: Submission) -> dict[str, Any]:
    """What the scan of a submission came to, with every finding."""
    passed = submission.status is not SubmissionStatus.SCAN_FAILED
    return {
        "success": passed,
        "submission_id": submission.submission_id,
        "status": submission.status,
        "security_scan_passed": submission.security_scan_passed,
        "security_violations": errors_in(submission.findings),
        "manifest_valid": submission.manifest_valid,
        "findings": list(submission.findings),
        "message": "It waits for a review." if passed else "Mend the errors and submit it again.",
    }


def submission_item(submission: Submission) -> dict[str, Any]:
    """A submission in a list."""
    return {
        "submission_id": submission.submission_id,
        "extractor_name": submission.name,
        "version": submission.version,
        "description": submission.description,
        "status": submission.status,
        "security_scan_passed": submission.security_scan_passed,
        "visibility": submission.visibility,
        "submitted_at": submission.submitted_at,
        "reviewed_at": submission.reviewed_at or None,
    }


def submission_answer(submission: Submission) -> dict[str, Any]:
    """Everything about one submission."""
    return {
        "success": True,
        "submission": {
            **submission_item(submission),
            "namespace_id": submission.namespace_id,
            "manifest_valid": submission.manifest_valid,
            "findings": list(submission.findings),
            "archive_sha256": submission.archive or None,
            "file_size_bytes": submission.size_bytes,
            "file_count": submission.file_count,
            "feature_uri": submission.feature_uri or None,
            "review_note": submission.note or None,
        },
    }
