"""Deployments of published versions: what is active moves only to what answers, and what is used cannot go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assets_tests.unit.warehouse.publishing_lab import NAME, PublishingLab, open_lab
from mixpeek_orchestration.core.errors import Conflict, InvalidPackage, NotFound, NotReady
from mixpeek_orchestration.core.published import DeploymentStatus as Status
from mixpeek_orchestration.core.published import PublishedVersion
from mixpeek_orchestration.warehouse.leases import hold


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[PublishingLab]:
    opened = open_lab(tmp_path)
    yield opened
    opened.warehouse.close()


@pytest.fixture
def two(lab: PublishingLab) -> tuple[PublishedVersion, PublishedVersion]:
    """Two published versions, neither deployed."""
    return lab.publish(), lab.publish("second")


def deployed(lab: PublishingLab, version: PublishedVersion) -> None:
    lab.plugins.deploy(lab.namespace_id, version.plugin_id)
    lab.settle()


def statuses(lab: PublishingLab) -> dict[str, tuple[Status, bool]]:
    """Status and whether it is active, by version."""
    return {one.plugin.version: (one.status, one.active) for one in lab.plugins.states(lab.namespace_id)}


def test_a_deployment_goes_from_queued_to_deployed(lab: PublishingLab) -> None:
    """Nothing is deployed before it is asked for; a name without a version is its newest one."""
    published = lab.publish()
    assert statuses(lab) == {"1.0.0": (Status.NOT_DEPLOYED, True)}
    assert lab.plugins.deploy(lab.namespace_id, NAME).status is Status.QUEUED
    lab.settle()
    state = lab.plugins.status(lab.namespace_id, NAME)
    assert (state.status, state.active, state.deployment_type) == (Status.DEPLOYED, True, "realtime")
    assert state.url in lab.host.running.values()
    assert state.deployed_at
    assert lab.plugins.deploy(lab.namespace_id, NAME).status is Status.DEPLOYED
    assert state.plugin == published


def test_the_old_version_is_active_until_the_new_one_answers(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """Then the pointer moves, and what it left is ended."""
    old, new = two
    deployed(lab, old)
    lab.plugins.deploy(lab.namespace_id, NAME)
    assert statuses(lab) == {"1.0.1": (Status.QUEUED, False), "1.0.0": (Status.DEPLOYED, True)}
    assert len(lab.host.running) == 1
    lab.settle()
    assert statuses(lab) == {"1.0.1": (Status.DEPLOYED, True), "1.0.0": (Status.NOT_DEPLOYED, False)}
    assert len(lab.host.running) == 1
    assert lab.warehouse.registry.describe(NAME, namespace_id=lab.namespace_id).archive == new.archive


def test_rolling_back_is_a_move_that_the_log_shows(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """Without a version it is the one before; the log says when, which way and why."""
    for version in two:
        deployed(lab, version)
    state = lab.plugins.rollback(lab.namespace_id, NAME, message="too slow")
    assert (state.plugin, state.active) == (two[0], False)
    lab.settle()
    assert statuses(lab)["1.0.0"] == (Status.DEPLOYED, True)
    log = lab.plugins.activations(lab.namespace_id, NAME)
    assert [(one.version, one.previous, one.kind) for one in log] == [
        ("1.0.0", "1.0.1", "rollback"),
        ("1.0.1", "1.0.0", "deploy"),
        ("1.0.0", "1.0.0", "deploy"),
        ("1.0.0", "", "publish"),
    ]
    assert log[0].message == "too slow"


def test_there_is_nothing_before_the_first_version(lab: PublishingLab) -> None:
    """Rolling back further than the first, or to what never was, is not found."""
    lab.publish()
    with pytest.raises(NotFound, match="first version"):
        lab.plugins.rollback(lab.namespace_id, NAME)
    for wrong in ("echo@7", "nobody"):
        with pytest.raises(NotFound):
            lab.plugins.deploy(lab.namespace_id, wrong)
    assert statuses(lab) == {"1.0.0": (Status.NOT_DEPLOYED, True)}


def test_a_failed_warm_up_leaves_the_old_version_and_says_why(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """It is not tried again by itself; asking again after mending what was wrong is a new try."""
    old, new = two
    deployed(lab, old)
    lab.plugins.deploy(lab.namespace_id, new.plugin_id)
    lab.host.failure = InvalidPackage("realtime.py cannot find its weights.")
    with pytest.raises(InvalidPackage):
        lab.settle()
    state = lab.plugins.status(lab.namespace_id, new.plugin_id)
    assert (state.status, state.error) == (Status.FAILED, "realtime.py cannot find its weights.")
    assert statuses(lab)[old.version] == (Status.DEPLOYED, True)
    lab.settle()
    assert lab.plugins.status(lab.namespace_id, new.plugin_id).status is Status.FAILED
    lab.host.failure = None
    deployed(lab, new)
    assert statuses(lab)[new.version] == (Status.DEPLOYED, True)


def test_what_fails_only_for_now_is_tried_again(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """A cluster that is away fails nothing for good: the version is pending, with the reason."""
    old, new = two
    deployed(lab, old)
    lab.plugins.deploy(lab.namespace_id, new.plugin_id)
    lab.host.failure = NotReady("The cluster is starting.")
    with pytest.raises(NotReady):
        lab.settle()
    state = lab.plugins.status(lab.namespace_id, new.plugin_id)
    assert (state.status, state.error) == (Status.PENDING, "The cluster is starting.")
    lab.host.failure = None
    lab.settle()
    assert statuses(lab)[new.version] == (Status.DEPLOYED, True)


def test_the_last_request_wins(lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]) -> None:
    """A version that was overtaken on its way is neither started nor made active."""
    third = lab.publish("third")
    deployed(lab, two[0])
    lab.plugins.deploy(lab.namespace_id, two[1].plugin_id)
    lab.plugins.deploy(lab.namespace_id, third.plugin_id)
    assert [one.version for one in lab.warehouse.endpoints.stale()] == [third.spelling]
    lab.settle()
    assert [one for one, (_, active) in statuses(lab).items() if active] == [third.version]


def test_rolling_back_to_what_still_runs_needs_no_start(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """A collection keeps the old version's endpoint running, so going back to it is done at once."""
    old = two[0]
    lab.collection(version=old.spelling)
    for version in two:
        deployed(lab, version)
    assert len(lab.host.running) == 2
    assert lab.plugins.rollback(lab.namespace_id, NAME, old.version).active
    assert lab.plugins.active(lab.namespace_id, NAME) == old.version


def test_a_run_that_works_on_the_endpoint_finishes_the_roll_back_itself(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """Whoever ends or starts an endpoint is not overtaken: the pointer waits for the sensor's next round, and until then
    the version is on its way, though its endpoint answers."""
    old = two[0]
    lab.collection(version=old.spelling)
    for version in two:
        deployed(lab, version)
    endpoint = lab.plugins.status(lab.namespace_id, old.plugin_id).endpoint_id
    with hold(lab.warehouse.catalog.leases, f"endpoint:{endpoint}"):
        state = lab.plugins.rollback(lab.namespace_id, NAME, old.version)
        assert (state.status, state.active) == (Status.IN_PROGRESS, False)
    assert [one.endpoint_id for one in lab.warehouse.endpoints.stale()] == [endpoint]
    lab.settle()
    assert lab.plugins.active(lab.namespace_id, NAME) == old.version


def test_a_batch_only_deployment_needs_no_endpoint(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """It is active at once, also when rolling back, and nothing is started for it."""
    old, new = two
    assert lab.plugins.deploy(lab.namespace_id, NAME, batch_only=True).status is Status.DEPLOYED
    assert statuses(lab)[new.version] == (Status.DEPLOYED, True)
    assert lab.plugins.rollback(lab.namespace_id, NAME, old.version).active
    assert lab.warehouse.endpoints.wanted() == []


def test_undeploying_ends_the_endpoint(lab: PublishingLab) -> None:
    """Unless a collection searches with it: then the collection is named."""
    published = lab.publish()
    deployed(lab, published)
    lab.collection("readers")
    with pytest.raises(Conflict, match="readers"):
        lab.plugins.undeploy(lab.namespace_id, NAME)
    lab.warehouse.collections.delete(lab.namespace_id, "readers")
    assert lab.plugins.undeploy(lab.namespace_id, NAME).status is Status.NOT_DEPLOYED
    lab.settle()
    assert lab.host.running == {}
    assert lab.warehouse.catalog.deployments.all() == []


def test_what_is_used_cannot_be_deleted(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """A collection, a deployment, and being active while there are others: each is named."""
    old, new = two
    lab.collection("readers", version=new.spelling)
    lab.plugins.deploy(lab.namespace_id, new.plugin_id, batch_only=True)
    with pytest.raises(Conflict, match=r"'readers'.*deployment.*active"):
        lab.plugins.delete(lab.namespace_id, new.plugin_id)
    with pytest.raises(Conflict, match="2 versions"):
        lab.plugins.delete(lab.namespace_id, NAME)
    assert lab.plugins.delete(lab.namespace_id, old.plugin_id) == old
    with pytest.raises(NotFound):
        lab.plugins.get(lab.namespace_id, old.plugin_id)


def test_the_last_version_can_be_deleted_and_its_name_is_free(lab: PublishingLab) -> None:
    """After that nothing is left of the name."""
    lab.publish()
    lab.plugins.delete(lab.namespace_id, NAME)
    assert lab.plugins.all(lab.namespace_id) == []
    assert lab.publish("new content", version="v1").version == "1.0.0"


def test_a_collection_keeps_the_version_it_was_made_with(
    lab: PublishingLab, two: tuple[PublishedVersion, PublishedVersion]
) -> None:
    """Without a version it is the one that was active then, written into the collection; rolling moves it not."""
    old, new = two
    collection = lab.collection()
    assert collection.extractor.version == old.spelling
    deployed(lab, new)
    assert lab.warehouse.collections.description(collection).archive == old.archive
    assert lab.collection("later").extractor.version == new.spelling


def test_endpoints_of_two_namespaces_are_apart(lab: PublishingLab) -> None:
    """The same name and version in two namespaces are two endpoints, each with its own code."""
    lab.publish()
    first, second = lab.namespace_id, lab.warehouse.access.create_namespace("second").namespace_id
    lab.namespace_id = second
    lab.publish("other code", version="v1")
    for namespace_id in (first, second):
        lab.plugins.deploy(namespace_id, NAME)
    lab.settle()
    urls = {lab.plugins.status(namespace_id, NAME).url for namespace_id in (first, second)}
    assert len(urls) == len(lab.host.running) == 2
    names = {(one.namespace_id, one.owner) for one in lab.warehouse.publish().endpoints}
    assert names == {(first, first), (second, second)}


def test_a_package_that_cannot_be_read_now_keeps_its_endpoint(tmp_path: Path) -> None:
    """Saving a syntax error in a working copy takes nothing down."""
    lab = open_lab(tmp_path, extractor_paths=str(tmp_path / "source"))
    lab.archive()
    lab.collection()
    lab.settle()
    assert len(lab.host.running) == 1
    (lab.source / NAME / "pipeline.py").write_text("def build_steps(:")
    lab.settle()
    assert len(lab.host.running) == 1
    lab.warehouse.close()


def test_an_endpoint_that_is_wanted_again_is_not_removed(lab: PublishingLab) -> None:
    """Whoever removes it looks again when its turn comes."""
    deployed(lab, lab.publish())
    lab.plugins.undeploy(lab.namespace_id, NAME)
    (left,) = lab.warehouse.endpoints.unwanted()
    lab.plugins.deploy(lab.namespace_id, NAME)
    assert not lab.warehouse.endpoints.remove(left.endpoint_id)
    assert len(lab.host.running) == 1


def test_deploying_again_after_the_settings_changed_is_the_same_version(lab: PublishingLab) -> None:
    """A realtime deployment that becomes batch-only gives its endpoint back."""
    deployed(lab, lab.publish())
    assert lab.plugins.deploy(lab.namespace_id, NAME, batch_only=True).deployment_type == "batch_only"
    lab.settle()
    assert lab.host.running == {}
    assert statuses(lab) == {"1.0.0": (Status.DEPLOYED, True)}


def test_a_snapshot_shows_what_was_deployed(lab: PublishingLab) -> None:
    """An endpoint without collections is in the lineage as long as it is deployed."""
    lab.publish()
    before = lab.warehouse.publish()
    lab.plugins.deploy(lab.namespace_id, NAME)
    shown = lab.warehouse.publish()
    assert shown.revision > before.revision
    assert [(one.extractor_name, one.extractor_version, one.collection_ids) for one in shown.endpoints] == [
        (NAME, "v1", ())
    ]
    lab.plugins.undeploy(lab.namespace_id, NAME)
    assert lab.warehouse.publish().endpoints == ()
    assert replace(lab.warehouse.publish(), revision=0) == replace(before, revision=0)
