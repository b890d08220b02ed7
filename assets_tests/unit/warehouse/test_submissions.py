"""Submissions: what somebody offers to everybody is shared once it was reviewed, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.unit.warehouse.publishing_lab import NAME, PublishingLab, open_lab
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, NameConflict, NotFound
from mixpeek_orchestration.core.published import SYSTEM, Submission, SubmissionStatus
from mixpeek_orchestration.warehouse.plugins.specs import ReviewSpec, SubmissionUploadSpec


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[PublishingLab]:
    opened = open_lab(tmp_path, submission_level="trusted")
    yield opened
    opened.warehouse.close()


def offer(lab: PublishingLab, data: bytes | None = None, version: str = "v1") -> Submission:
    """A confirmed submission."""
    submissions = lab.plugins.submissions
    announced = submissions.announce(lab.namespace_id, SubmissionUploadSpec(name=NAME, version=version))
    lab.plugins.receive(announced.upload.upload_id, announced.token, data or lab.archive())
    return submissions.confirm(lab.namespace_id, announced.upload.upload_id)


def approve(lab: PublishingLab, submission: Submission, note: str = "") -> Submission:
    decided = ReviewSpec(decision="approve", note=note)
    return lab.plugins.submissions.review(submission.submission_id, decided, reviewer="key_admin")


def test_an_approved_submission_is_everybody_s(lab: PublishingLab) -> None:
    """Until then nobody has it; then every namespace does, as a community package of the shared namespace."""
    other = lab.warehouse.access.create_namespace("other").namespace_id
    submission = offer(lab)
    assert (submission.status, submission.visibility) == (SubmissionStatus.PENDING_REVIEW, "private")
    assert (submission.security_scan_passed, submission.manifest_valid) == (True, True)
    with pytest.raises(InvalidInput):
        lab.warehouse.registry.describe(NAME, namespace_id=other)
    reviewed = approve(lab, submission, "well done")
    assert (reviewed.status, reviewed.visibility, reviewed.note) == (
        SubmissionStatus.APPROVED,
        "public",
        "well done",
    )
    assert reviewed.reviewed_by == "key_admin"
    described = lab.warehouse.registry.describe(NAME, namespace_id=other)
    assert (described.source, described.namespace_id) == ("community", SYSTEM)
    assert [one.plugin_id for one in lab.plugins.available(other)] == ["echo_1_0_0"]
    assert lab.plugins.all(other) == []


def test_deciding_the_same_again_changes_nothing(lab: PublishingLab) -> None:
    """Approving twice is once; what was approved cannot be rejected."""
    submission = offer(lab)
    first = approve(lab, submission)
    assert approve(lab, submission, "another note") == first
    with pytest.raises(Conflict, match="approved"):
        lab.plugins.submissions.review(
            submission.submission_id, ReviewSpec(decision="reject"), reviewer="key_admin"
        )


def test_a_rejected_submission_is_shared_with_nobody(lab: PublishingLab) -> None:
    """The note says why."""
    submission = offer(lab)
    decided = ReviewSpec(decision="reject", note="no licence")
    rejected = lab.plugins.submissions.review(submission.submission_id, decided, reviewer="key_admin")
    assert (rejected.status, rejected.note) == (SubmissionStatus.REJECTED, "no licence")
    assert lab.plugins.available(lab.namespace_id) == []


def test_a_scan_that_fails_is_told_and_not_reviewed(lab: PublishingLab) -> None:
    """Confirming again answers the same; there is nothing to approve."""
    submission = offer(lab, b"no archive")
    assert submission.status is SubmissionStatus.SCAN_FAILED
    assert (submission.security_scan_passed, submission.manifest_valid) == (False, False)
    assert [one["rule"] for one in submission.findings] == ["ARC001"]
    assert lab.plugins.submissions.confirm(lab.namespace_id, submission.submission_id) == submission
    with pytest.raises(Conflict, match="scan_failed"):
        approve(lab, submission)


def test_a_submission_belongs_to_its_namespace(lab: PublishingLab) -> None:
    """Others neither see nor confirm it; whoever reviews sees all, by status if asked."""
    submission = offer(lab)
    other = lab.warehouse.access.create_namespace("other").namespace_id
    submissions = lab.plugins.submissions
    with pytest.raises(NotFound):
        submissions.get(other, submission.submission_id)
    with pytest.raises(NotFound):
        submissions.confirm(other, submission.submission_id)
    assert submissions.all(other) == []
    assert submissions.all(lab.namespace_id) == submissions.all() == [submission]
    assert submissions.all(status="approved") == []


def test_a_shared_version_is_immutable_and_its_name_and_version_are_taken(lab: PublishingLab) -> None:
    """Nobody can submit or publish the same version; a later one is welcome and becomes the active one."""
    approve(lab, offer(lab))
    with pytest.raises(NameConflict, match="shared already"):
        offer(lab, version="1.0.0")
    with pytest.raises(NameConflict, match="shared by all"):
        lab.confirm(lab.archive(), version="1.0.0")
    approve(lab, offer(lab, lab.archive(comment="better"), version="1.1.0"))
    described = lab.warehouse.registry.describe(NAME, namespace_id=lab.namespace_id)
    assert described.version == "1.1.0"


def test_a_namespace_s_own_version_comes_before_the_shared_one(lab: PublishingLab) -> None:
    """By name, its own active version is meant; by version, both can be had."""
    approve(lab, offer(lab))
    own = lab.publish("own", version="2.0.0")
    describe = lab.warehouse.registry.describe
    assert describe(NAME, namespace_id=lab.namespace_id).archive == own.archive
    assert describe(NAME, "v1", namespace_id=lab.namespace_id).namespace_id == SYSTEM


def test_a_shared_package_has_an_endpoint_per_namespace(lab: PublishingLab) -> None:
    """It may ask for secrets, so no namespace is answered by another one's endpoint."""
    approve(lab, offer(lab))
    lab.collection()
    lab.namespace_id = lab.warehouse.access.create_namespace("other").namespace_id
    lab.collection()
    lab.settle()
    assert len(lab.host.running) == 2
    assert {one.owner for one in lab.warehouse.publish().endpoints} == {
        one.namespace_id for one in lab.warehouse.catalog.resources.namespaces()
    }


def test_what_is_submitted_is_not_trusted(tmp_path: Path) -> None:
    """With the settings as they are it runs without any network, wherever it runs."""
    lab = open_lab(tmp_path)
    approve(lab, offer(lab))
    described = lab.warehouse.registry.describe(NAME, namespace_id=lab.namespace_id)
    assert described.recipe.isolation == "untrusted"
    lab.warehouse.close()
