"""Replays: exactly the chosen items run again, whatever the planner knows of them, and nothing else does."""

from __future__ import annotations

import pytest

from assets_tests.unit.failures.conftest import Outage
from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.failure import FailureQuery
from mixpeek_orchestration.core.plan import REPLAYED


def test_a_permanent_failure_waits_for_its_replay(outage: Outage) -> None:
    """A known failure is left alone by later batches, also when its cause is gone, and a replay runs it."""
    lab = outage.lab
    bad = lab.put("bad", "POISON")
    collection = lab.collection()
    outage.run(collection, outage.submitted(bad))
    outage.end()
    assert outage.run(collection, outage.submitted(bad)).reasons == {planning.KNOWN_FAILURE: 1}

    replay = lab.warehouse.failed.replay(collection)
    report = outage.run(collection, replay)

    assert report.reasons == {REPLAYED: 1}
    assert (report.written, report.failed) == (1, 0)
    assert lab.warehouse.failed.of(collection) == []
    [resolved] = lab.warehouse.failed.page(FailureQuery(collection.collection_id, open_only=False))
    assert resolved.resolved_by == f"run of {replay.batch_id}"
    assert (resolved.root_object, resolved.error.item) == (bad, bad)


def test_a_replay_by_class_runs_only_that_class(outage: Outage) -> None:
    """Of two objects that failed in different ways, only the one of the named class is tried again."""
    lab = outage.lab
    poisoned, slow = lab.put("poisoned", "POISON"), lab.put("slow", "SLOW")
    collection = lab.collection()
    outage.run(collection, outage.submitted(poisoned, slow))
    outage.end()

    batch = lab.warehouse.failed.replay(collection, error_class="ValueError")
    report = outage.run(collection, batch)

    assert lab.warehouse.batches.object_ids(batch) == [poisoned]
    assert (report.written, batch.metadata["trigger"]) == (1, "replay")
    assert list(lab.warehouse.catalog.failures.items(FailureQuery(collection.collection_id))) == [slow]


def test_a_replay_by_item_leaves_other_items_of_the_same_object_alone(outage: Outage) -> None:
    """In a later tier one of two failed items of the same object is named, and only that one runs."""
    lab = outage.lab
    source = lab.put("two", "POISON one\nPOISON two")
    lines = lab.collection("lines", parameters={"split_lines": True, "poison": "never"})
    words = lab.collection("words", source="lines")
    batch = outage.submitted(source)
    outage.run(lines, batch)
    outage.run(words, batch)
    first, second = lab.warehouse.catalog.failures.items(FailureQuery(words.collection_id))
    outage.end()

    replay = lab.warehouse.failed.replay(words, items=[first])
    outage.run(words, replay)

    assert replay.collection_ids == (words.collection_id,)
    assert lab.warehouse.batches.object_ids(replay) == [source]
    assert list(lab.warehouse.catalog.failures.items(FailureQuery(words.collection_id))) == [second]
    assert len(lab.rows(words)) == 1


def test_what_a_replay_brings_goes_on_to_the_tiers_below(outage: Outage) -> None:
    """The batch of a replay passes the collection and all that read it, so that its new documents arrive there."""
    lab = outage.lab
    bad = lab.put("bad", "POISON")
    lines = lab.collection("lines")
    words = lab.collection("words", source="lines", parameters={"poison": "never"})
    batch = outage.submitted(bad)
    outage.run(lines, batch)
    outage.run(words, batch)
    outage.end()

    replay = lab.warehouse.failed.replay(lines)
    reports = [outage.run(collection, replay) for collection in (lines, words)]

    assert replay.collection_ids == (lines.collection_id, words.collection_id)
    assert [report.written for report in reports] == [1, 1]


def test_a_replay_that_fails_again_stays_open_and_is_not_tried_twice(outage: Outage) -> None:
    """The failure stays with one more attempt; running the same batch again does nothing."""
    lab = outage.lab
    collection = lab.collection()
    outage.run(collection, outage.submitted(lab.put("bad", "POISON")))

    replay = lab.warehouse.failed.replay(collection)
    assert outage.run(collection, replay).failed == 1
    assert [group.attempts for group in lab.warehouse.failed.of(collection)] == [2]
    lab.warehouse.batches.submit(lab.bucket, replay.batch_id)
    outage.end()
    assert outage.run(collection, replay).written == 0


def test_what_has_no_open_failure_cannot_be_replayed(outage: Outage) -> None:
    """An unknown item, a class that did not occur and a collection without failures are refused, with what there is."""
    lab = outage.lab
    collection = lab.collection()
    outage.run(collection, outage.submitted(lab.put("bad", "POISON")))
    with pytest.raises(NotFound, match="has no open failure in collection"):
        lab.warehouse.failed.replay(collection, items=["obj_unknown"])
    with pytest.raises(NotFound, match=r"of class 'KeyError'\. Open failures are of class ValueError"):
        lab.warehouse.failed.replay(collection, error_class="KeyError")
    with pytest.raises(NotFound, match="Nothing failed"):
        lab.warehouse.failed.replay(lab.collection("other"))


def test_a_batch_is_retried_by_kind_and_attempts(outage: Outage) -> None:
    """By default only its transient failures are tried again, then all; those that were tried often are left."""
    lab = outage.lab
    poisoned, slow = lab.put("poisoned", "POISON"), lab.put("slow", "SLOW")
    collection = lab.collection()
    batch = outage.submitted(poisoned, slow)
    outage.run(collection, batch)
    failed = lab.warehouse.failed

    assert lab.warehouse.batches.object_ids(failed.retry(batch)) == [slow]
    everything = failed.retry(batch, transient_only=False)
    assert set(lab.warehouse.batches.object_ids(everything)) == {poisoned, slow}
    with pytest.raises(NotFound, match="fewer than 1 attempts"):
        failed.retry(batch, transient_only=False, max_attempts=1)
    with pytest.raises(NotFound):
        failed.retry(batch, collection_ids=[])
