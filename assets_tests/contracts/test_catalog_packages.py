"""The contract of `PackageCatalog`."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.extractor import ExtractorDescription, Resources, StepDescription
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.packages import PackageCatalog
from mixpeek_orchestration.core.published import (
    SYSTEM,
    Activation,
    PackageDeployment,
    Pointer,
    PublishedVersion,
    Submission,
    SubmissionStatus,
)

NS = "ns_one"
FIRST = PublishedVersion(
    NS, "words", "1.0.0", "v1", "a" * 64, message="first ü", findings=({"rule": "ARC014", "line": 0},)
)
DESCRIPTION = ExtractorDescription(
    name="words",
    version="v1",
    description="Counts.",
    path="",
    parameters={"size": 3},
    supported_input_types=("text",),
    input_fields=("text",),
    output_fields=("words",),
    vectors=(VectorIndex("words", "words", 8),),
    steps=(StepDescription("Count", "CPU", Resources(cpus=0.5)),),
    models=(),
    code_parts={"module:pipeline": "x"},
    code_fp="fp",
)


@pytest.fixture
def packages(catalog: Catalog) -> PackageCatalog:
    """The published packages of an empty catalog."""
    return catalog.packages


def move(version: str, previous: str = "", **changes: str) -> Activation:
    return Activation(NS, "words", version, previous, **changes)


def test_a_version_is_kept_as_it_was_published(packages: PackageCatalog) -> None:
    """It comes back whole, by its names; other names and namespaces do not have it."""
    kept = packages.put_version(FIRST)
    assert kept == replace(FIRST, created_at=kept.created_at)
    assert kept.created_at
    assert packages.version(NS, "words", "1.0.0") == kept
    assert packages.version("ns_two", "words", "1.0.0") is None
    assert packages.version(NS, "words", "1.0.1") is None
    assert packages.versions("ns_two") == []


def test_a_published_version_never_changes(packages: PackageCatalog) -> None:
    """The same archive again is what is there, first message included; another archive is a conflict."""
    kept = packages.put_version(FIRST)
    assert packages.put_version(replace(FIRST, message="again")) == kept
    with pytest.raises(Conflict) as raised:
        packages.put_version(replace(FIRST, archive="b" * 64))
    assert "v1" in str(raised.value)
    assert packages.versions() == [kept]


def test_of_two_that_publish_one_version_at_once_one_is_refused(packages: PackageCatalog) -> None:
    """Whoever comes second finds the first one's archive."""
    outcomes: list[str] = []

    def publish(archive: str) -> None:
        try:
            packages.put_version(replace(FIRST, archive=archive * 64))
            outcomes.append("published")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=publish, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["published", "refused", "refused", "refused"]


def test_versions_are_in_order(packages: PackageCatalog) -> None:
    """By name, and of a name the newest first by its numbers, whenever it was published."""
    for version in ("1.0.9", "1.0.10", "0.9.0"):
        packages.put_version(replace(FIRST, version=version, archive=version))
    packages.put_version(replace(FIRST, name="atoms"))
    packages.put_version(replace(FIRST, namespace_id=SYSTEM))
    listed = [(one.name, one.version) for one in packages.versions(NS)]
    assert listed == [("atoms", "1.0.0"), ("words", "1.0.10"), ("words", "1.0.9"), ("words", "0.9.0")]
    assert [one.version for one in packages.versions(NS, "words")] == ["1.0.10", "1.0.9", "0.9.0"]
    assert len(packages.versions()) == 5


def test_the_pointer_moves_only_from_where_it_was_seen(packages: PackageCatalog) -> None:
    """Each move is a compare-and-swap that is logged; one that comes too late changes nothing."""
    assert packages.pointer(NS, "words") is None
    assert packages.activate(move("1.0.0"), expected="")
    assert not packages.activate(move("1.0.1"), expected="")
    assert packages.activate(move("1.0.1", "1.0.0", kind="rollback", message="why"), expected="1.0.0")
    pointer = packages.pointer(NS, "words")
    assert pointer is not None
    assert (pointer.active, pointer.target) == ("1.0.1", "")
    log = packages.activations(NS, "words")
    assert [(one.version, one.previous, one.kind, one.message) for one in log] == [
        ("1.0.1", "1.0.0", "rollback", "why"),
        ("1.0.0", "", "deploy", ""),
    ]
    assert all(one.activated_at for one in log)
    assert packages.activations(NS, "words", limit=1) == log[:1]
    assert packages.activations(NS, "other") == []


def test_a_target_waits_until_its_version_is_active(packages: PackageCatalog) -> None:
    """Setting one leaves what is active, and becoming active clears it, unless another one is waiting by then."""
    packages.activate(move("1.0.0"), expected="")
    packages.set_target(Pointer(NS, "words", active="nonsense", target="1.0.1", kind="rollback", message="m"))
    assert packages.pointer(NS, "words") == Pointer(NS, "words", "1.0.0", "1.0.1", "rollback", "m")
    packages.activate(move("1.0.2", "1.0.0"), expected="1.0.0")
    assert packages.pointer(NS, "words") == Pointer(NS, "words", "1.0.2", "1.0.1", "rollback", "m")
    packages.activate(move("1.0.1", "1.0.2"), expected="1.0.2")
    assert packages.pointer(NS, "words") == Pointer(NS, "words", "1.0.1")


def test_a_deployment_is_a_change_of_definitions(packages: PackageCatalog, catalog: Catalog) -> None:
    """Putting, changing and removing one raises the revision, so that Dagster learns of it; nothing else does."""
    wanted = packages.put_deployment(PackageDeployment(NS, "words", "1.0.0"))
    assert wanted.requested_at
    first = catalog.resources.revision()
    assert packages.put_deployment(wanted) == wanted
    packages.put_version(FIRST)
    packages.activate(move("1.0.0"), expected="")
    assert catalog.resources.revision() == first
    packages.put_deployment(replace(wanted, error="it did not start"))
    assert catalog.resources.revision() == first + 1
    assert packages.deployment(NS, "words", "1.0.0") == replace(wanted, error="it did not start")
    assert packages.deployments("ns_two") == []
    assert packages.delete_deployment(NS, "words", "1.0.0")
    assert not packages.delete_deployment(NS, "words", "1.0.0")
    assert catalog.resources.revision() == first + 2
    assert packages.deployments() == []


def test_deleting_a_version_forgets_its_deployment_and_a_name_without_versions(
    packages: PackageCatalog,
) -> None:
    """The pointer of a name stays as long as the name has a version."""
    packages.put_version(FIRST)
    packages.put_version(replace(FIRST, version="1.0.1"))
    packages.activate(move("1.0.1"), expected="")
    packages.put_deployment(PackageDeployment(NS, "words", "1.0.0"))
    assert packages.delete_version(NS, "words", "1.0.0")
    assert not packages.delete_version(NS, "words", "1.0.0")
    assert packages.deployments() == []
    assert packages.pointer(NS, "words") is not None
    assert packages.delete_version(NS, "words", "1.0.1")
    assert packages.pointer(NS, "words") is None


def test_a_description_is_kept_by_archive_and_parameters(packages: PackageCatalog) -> None:
    """It comes back equal; what belongs to an installation is not kept."""
    packages.keep_description("a", "p", replace(DESCRIPTION, object_store={"url": "here"}))
    assert packages.description("a", "p") == DESCRIPTION
    assert packages.description("a", "q") is None
    packages.keep_description("a", "p", replace(DESCRIPTION, code_fp="other"))
    found = packages.description("a", "p")
    assert found is not None
    assert found.code_fp == "other"


def test_submissions_are_found_by_id_and_namespace(packages: PackageCatalog) -> None:
    """Newest first, replaced by id."""
    first = packages.put_submission(Submission("sub_1", NS, "words", "1.0.0"))
    packages.put_submission(Submission("sub_2", "ns_two", "words", "1.0.0"))
    approved = packages.put_submission(replace(first, status=SubmissionStatus.APPROVED, manifest_valid=True))
    assert packages.submission("sub_1") == approved
    assert packages.submission("sub_3") is None
    assert [one.submission_id for one in packages.submissions()] == ["sub_2", "sub_1"]
    assert packages.submissions(NS) == [approved]
