"""Submissions: packages that somebody offers to everybody, shared once somebody has reviewed them."""

from __future__ import annotations

import time
from dataclasses import replace

from mixpeek_orchestration.core.errors import Conflict, NameConflict, NotFound
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.finding import has_errors
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.packages import Inspection, PackageInspector
from mixpeek_orchestration.core.published import (
    SYSTEM,
    Activation,
    Announced,
    PublishedVersion,
    Submission,
    SubmissionStatus,
    check_name,
)
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.plugins.arrivals import Arrivals, check_arrived
from mixpeek_orchestration.warehouse.plugins.specs import (
    ReviewSpec,
    SubmissionConfirmSpec,
    SubmissionUploadSpec,
)
from mixpeek_orchestration.warehouse.plugins.uploads import announced_otherwise, keep_description

PURPOSE = "submission"
_UPLOAD_S = 3600.0
_WAIT_S = 60.0


class Submissions:
    """The submissions of all namespaces; every namespace sees its own, a reviewer sees all."""

    def __init__(
        self,
        catalog: Catalog,
        store: ObjectStore,
        arrivals: Arrivals,
        inspector: PackageInspector,
        *,
        level: str,
    ) -> None:
        self._catalog = catalog
        self._packages = catalog.packages
        self._store = store
        self._arrivals = arrivals
        self._inspector = inspector
        self._level = level

    def announce(self, namespace_id: str, spec: SubmissionUploadSpec) -> Announced:
        """A new submission (its id is the upload's) that waits for its bytes; raises `Conflict` for a taken name."""
        version = canonical_version(spec.version)
        self._check_free(check_name(spec.name), version)
        submission = Submission(
            submission_id=random_id("sub"),
            namespace_id=namespace_id,
            name=spec.name,
            version=version,
            spelling=spec.version,
            description=spec.description,
            submitted_at=now(),
        )
        announced = self._arrivals.announce(
            Upload(
                upload_id=submission.submission_id,
                namespace_id=namespace_id,
                bucket_id="",
                filename=spec.file_name or f"{spec.name}.zip",
                mime_type="application/zip",
                token_hash="",
                expires_at=time.time() + _UPLOAD_S,
                size_bytes=spec.file_size_bytes,
                purpose=PURPOSE,
                details={"name": spec.name, "version": spec.version},
            )
        )
        self._packages.put_submission(submission)
        return announced

    def confirm(
        self, namespace_id: str, submission_id: str, spec: SubmissionConfirmSpec | None = None
    ) -> Submission:
        """The submission, scanned: it waits for a review, or its findings say what is wrong. Again is the same."""
        seen = spec or SubmissionConfirmSpec()
        self.get(namespace_id, submission_id)
        with hold(self._catalog.leases, f"confirm:{submission_id}", wait_s=_WAIT_S):
            submission = self.get(namespace_id, submission_id)
            if submission.status is not SubmissionStatus.PENDING_UPLOAD:
                return submission
            upload = self._arrivals.get(submission_id, namespace_id=namespace_id, purpose=PURPOSE)
            check_arrived(
                upload,
                arrived=self._arrivals.size(submission_id),
                etag=seen.etag,
                size=seen.file_size_bytes,
            )
            return self._scanned(submission, upload)

    def all(self, namespace_id: str | None = None, *, status: str | None = None) -> list[Submission]:
        """Newest first; of all namespaces without one."""
        found = self._packages.submissions(namespace_id)
        return [one for one in found if status is None or one.status == status]

    def get(self, namespace_id: str | None, submission_id: str) -> Submission:
        """One of a namespace (of any without one); raises `NotFound`."""
        found = self._packages.submission(submission_id)
        if found is None or namespace_id not in (None, found.namespace_id):
            raise NotFound(
                f"There is no submission {submission_id!r}.", field="submission_id", value=submission_id
            )
        return found

    def review(self, submission_id: str, spec: ReviewSpec, *, reviewer: str) -> Submission:
        """The submission with the reviewer's decision; approved, it is a version that every namespace may use.

        Deciding the same again changes nothing. Raises `Conflict` for one that does not wait for a review.
        """
        decided = SubmissionStatus.APPROVED if spec.decision == "approve" else SubmissionStatus.REJECTED
        with hold(self._catalog.leases, f"confirm:{submission_id}", wait_s=_WAIT_S):
            submission = self.get(None, submission_id)
            if submission.status is decided:
                return submission
            if submission.status is not SubmissionStatus.PENDING_REVIEW:
                raise Conflict(
                    f"The submission is {submission.status.value}, so there is nothing to decide.",
                    field="submission_id",
                    value=submission_id,
                    fix="Submit it again.",
                )
            if decided is SubmissionStatus.APPROVED:
                self._share(submission)
            return self._packages.put_submission(
                replace(
                    submission,
                    status=decided,
                    visibility="public" if decided is SubmissionStatus.APPROVED else "private",
                    note=spec.note,
                    reviewed_by=reviewer,
                    reviewed_at=now(),
                )
            )

    def _scanned(self, submission: Submission, upload: Upload) -> Submission:
        inspection = self._inspector.inspect(
            self._arrivals.path(upload.upload_id), namespace_id=SYSTEM, level=self._level
        )
        findings = [*inspection.findings, *announced_otherwise(dict(upload.details), inspection.description)]
        passed = not has_errors(findings) and inspection.description is not None
        if passed:
            self._store.put(inspection.content)
            keep_description(self._catalog, inspection)
        scanned = _with_inspection(submission, inspection) if passed else submission
        kept = self._packages.put_submission(
            replace(
                scanned,
                status=SubmissionStatus.PENDING_REVIEW if passed else SubmissionStatus.SCAN_FAILED,
                findings=tuple(finding.as_dict() for finding in findings),
                manifest_valid=inspection.description is not None,
                security_scan_passed=passed,
            )
        )
        self._arrivals.settled(replace(upload, object_id=submission.submission_id))
        return kept

    def _share(self, submission: Submission) -> None:
        with hold(self._catalog.leases, f"publish:{SYSTEM}:{submission.name}", wait_s=_WAIT_S):
            self._check_free(submission.name, submission.version, archive=submission.archive)
            shared = PublishedVersion(
                namespace_id=SYSTEM,
                name=submission.name,
                version=submission.version,
                spelling=submission.spelling,
                archive=submission.archive,
                author=submission.namespace_id,
                description=submission.description,
                size_bytes=submission.size_bytes,
                file_count=submission.file_count,
                level=self._level,
                source="community",
                findings=submission.findings,
                feature_uri=submission.feature_uri,
                has_realtime=submission.has_realtime,
                created_at=now(),
            )
            kept = self._packages.put_version(shared)
            pointer = self._packages.pointer(SYSTEM, kept.name)
            active = pointer.active if pointer else ""
            self._packages.activate(
                Activation(SYSTEM, kept.name, kept.version, active, "publish", "", now()), expected=active
            )

    def _check_free(self, name: str, version: str, *, archive: str = "") -> None:
        taken = self._inspector.reserved(name, version)
        shared = self._packages.version(SYSTEM, name, version)
        if taken is None and shared is not None and shared.archive != archive:
            taken = f"{name} {version} is shared already."
        if taken is not None:
            raise NameConflict(taken, field="name", value=name, fix="Take another name or version.")


def _with_inspection(submission: Submission, inspection: Inspection) -> Submission:
    described = inspection.description
    assert described is not None
    same = canonical_version(described.version) == submission.version
    spelling = described.version if same else submission.spelling
    feature = described.vectors[0].feature if described.vectors else ""
    return replace(
        submission,
        archive=inspection.archive,
        spelling=spelling,
        description=submission.description or described.description,
        size_bytes=inspection.size_bytes,
        file_count=inspection.file_count,
        has_realtime=described.has_realtime,
        feature_uri=f"mixpeek://{described.name}@{spelling}/{feature}" if feature else "",
    )
