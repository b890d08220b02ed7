"""What a materialization leaves behind: documents, accounts, failures. Each invariant has its test here."""

from __future__ import annotations

import pytest

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.errors import LeaseHeld
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.specs import BatchSpec


def test_running_twice_writes_the_same_ids_and_extracts_nothing(lab: Lab) -> None:
    """Identity and 'nothing runs twice for nothing': the second run finds everything unchanged."""
    lab.put("a", "one line\nanother line", title="A")
    collection = lab.collection()
    first = lab.run(collection)
    rows = lab.rows(collection)
    second = lab.run(collection)
    assert (first.written, first.rows_written) == (1, 2)
    assert (second.unchanged, second.submitted) == (1, 0)
    assert lab.rows(collection) == rows
    assert {row["text"] for row in rows} == {"one line", "another line"}
    assert {row["title"] for row in rows} == {"A"}


def test_an_edit_runs_only_what_it_touches(lab: Lab) -> None:
    """One edited object is extracted again, the others are unchanged, and its surplus rows go."""
    lab.put("a", "one\ntwo\nthree")
    lab.put("b", "four")
    collection = lab.collection()
    lab.run(collection)
    lab.put("a", "one")
    report = lab.run(collection)
    assert (report.written, report.unchanged) == (1, 1)
    assert sorted(row["text"] for row in lab.rows(collection)) == ["four", "one"]


def test_a_carried_field_is_patched_without_extracting(lab: Lab) -> None:
    """An edit of a field that is only passed through rewrites columns and runs no extractor."""
    lab.put("a", "one", title="old")
    collection = lab.collection()
    lab.run(collection)
    lab.edit_package("processors/core.py", lambda code: code)
    lab.put("a", "one", title="new")
    report = lab.run(collection)
    assert (report.patched, report.unchanged, report.submitted) == (1, 1, 0)
    assert [row["title"] for row in lab.rows(collection)] == ["new"]
    assert lab.run(collection).patched == 0


def test_a_field_that_nobody_reads_changes_nothing(lab: Lab) -> None:
    """Neither extraction nor patch for a field that the collection neither reads nor carries."""
    lab.put("a", "one", rank=1)
    collection = lab.collection()
    lab.run(collection)
    lab.put("a", "one", rank=2)
    report = lab.run(collection)
    assert (report.unchanged, report.patched, report.submitted) == (1, 0, 0)


def test_a_deleted_object_takes_its_documents_along(lab: Lab) -> None:
    """Deleting an object submits the batch that removes its documents, in every tier."""
    lab.put("keep", "one")
    gone = lab.put("gone", "two\nthree")
    first = lab.collection()
    second = lab.collection("again", source="lines")
    lab.run(first)
    lab.run(second)
    batch = lab.warehouse.objects.delete(lab.bucket, gone)
    assert batch is not None
    assert batch.status == "PENDING"
    assert lab.run(first, [batch.batch_id]).deleted == 1
    assert lab.run(second, [batch.batch_id]).deleted == 2
    assert [row["text"] for row in lab.rows(second)] == ["one"]
    ended = lab.warehouse.batches.get(lab.bucket, batch.batch_id)
    assert ended.status == "COMPLETED"


def test_one_poisoned_item_costs_one_item(lab: Lab) -> None:
    """The good items are written; the bad one is in the failure table and does not run again."""
    for number in range(20):
        lab.put(str(number), "POISON" if number == 7 else f"text {number}")
    collection = lab.collection()
    report = lab.run(collection)
    assert (report.written, report.failed, report.outcome) == (19, 1, "COMPLETED_WITH_ERRORS")
    assert "a poisoned row" in (report.first_error or "")
    failures = lab.warehouse.failures(collection)
    assert [f.error.error_class for f in failures] == ["ValueError"]
    again = lab.run(collection)
    assert (again.unchanged, again.failed, again.written) == (19, 1, 0)
    assert len(lab.warehouse.failures(collection)) == 1


def test_a_failed_item_keeps_its_old_rows_and_recovers(lab: Lab) -> None:
    """An item with no good row keeps what it had; once it is mended its failure is resolved."""
    lab.put("a", "good")
    collection = lab.collection()
    lab.run(collection)
    lab.put("a", "POISON")
    assert lab.run(collection).outcome == "FAILED"
    assert [row["text"] for row in lab.rows(collection)] == ["good"]
    lab.put("a", "better")
    assert lab.run(collection).written == 1
    assert [row["text"] for row in lab.rows(collection)] == ["better"]
    assert lab.warehouse.failures(collection) == []


def test_an_item_without_rows_is_empty_and_not_run_again(lab: Lab) -> None:
    """An extractor that returns no row leaves an outcome with a reason, which counts as unchanged later."""
    lab.put("a", ".\n.")
    collection = lab.collection(parameters={"split_lines": True, "poison": "never"})
    lab.edit_package(
        "processors/core.py", lambda code: code.replace('.str.strip() != ""]', '.str.strip() != "."]')
    )
    first = lab.run(collection)
    second = lab.run(collection)
    assert (first.empty, first.written, first.outcome) == (1, 0, "COMPLETED")
    assert (second.unchanged, second.submitted) == (1, 0)


def test_an_object_without_the_mapped_blob_is_missing_input(lab: Lab) -> None:
    """What the extractor cannot read is counted, not run."""
    from mixpeek_orchestration.warehouse.specs import ObjectSpec

    lab.warehouse.objects.put(lab.bucket, ObjectSpec(metadata={"title": "no body"}))
    collection = lab.collection(input_mappings={"text": "body"})
    report = lab.run(collection)
    assert (report.fetched, report.missing_input, report.submitted) == (1, 1, 0)


def test_a_comment_changes_nothing_and_a_helper_changes_everything(lab: Lab) -> None:
    """`code_fp` sees what computes, not how it is written; the plan says which part changed."""
    lab.put("a", "one")
    collection = lab.collection()
    lab.run(collection)
    lab.edit_package("processors/core.py", lambda code: "# a comment\n\n" + code)
    assert lab.run(collection).unchanged == 1
    lab.edit_package("processors/core.py", lambda code: code.replace("+ 0.01", "+ 0.02"))
    planned = lab.warehouse.plan(collection.collection_id)
    assert planned.plan.reasons() == {"code_changed": 1}
    assert any("processors" in change for change in planned.code_changes)
    assert lab.run(collection).written == 1


def test_a_tier_whose_input_came_out_equal_stops_the_wave(lab: Lab) -> None:
    """An upstream re-extraction that yields the same documents runs nothing downstream."""
    lab.put("a", "one\ntwo")
    first = lab.collection()
    second = lab.collection("again", source="lines")
    lab.run(first)
    assert lab.run(second).written == 2
    lab.put("a", "one\ntwo\n")
    assert lab.run(first).reasons == {"input_changed": 1}
    report = lab.run(second)
    assert (report.unchanged, report.submitted) == (2, 0)


def test_batches_planned_together_are_accounted_apart(lab: Lab) -> None:
    """One plan and one run for a set of batches; every batch gets its own balanced report and status."""
    ids = [lab.put(str(n), f"text {n}") for n in range(6)]
    collection = lab.collection()
    batches = [
        lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=part, auto_submit=True))
        for part in (ids[:4], ids[3:])
    ]
    reports = lab.warehouse.materialize(
        collection.collection_id, [b.batch_id for b in batches], run_id="test"
    )
    assert [reports[b.batch_id].written for b in batches] == [4, 3]
    assert len(lab.rows(collection)) == 6
    states = [lab.warehouse.batches.get(lab.bucket, b.batch_id).status for b in batches]
    assert states == ["COMPLETED", "COMPLETED"]


def test_only_one_process_writes_to_a_collection(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer waits for the first one's lease, and says so when it does not get it."""
    from mixpeek_orchestration.warehouse.runs import materialize

    monkeypatch.setattr(materialize, "_WRITER_WAIT_S", 0.0)
    lab.put("a", "one")
    collection = lab.collection()
    with (
        hold(lab.warehouse.catalog.leases, f"write:{collection.collection_id}_g1"),
        pytest.raises(LeaseHeld, match="in use"),
    ):
        lab.run(collection)


def test_a_lost_lease_stops_the_next_commit(lab: Lab) -> None:
    """A writer that lost its turn writes nothing more."""
    with hold(lab.warehouse.catalog.leases, "write:x") as held:
        held.check()
        held.lost.set()
        with pytest.raises(LeaseHeld, match="was lost"):
            held.check()


def test_a_failure_is_filed_under_the_batch_that_asked_for_it(lab: Lab) -> None:
    """In a run over several batches, each batch finds its own failed items."""
    good, bad = lab.put("a", "fine"), lab.put("b", "POISON")
    collection = lab.collection()
    batches = [
        lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=[part], auto_submit=True)).batch_id
        for part in (good, bad)
    ]
    lab.warehouse.materialize(collection.collection_id, batches, run_id="test")
    assert [(f.batch_id, f.error.item) for f in lab.warehouse.failures(collection)] == [(batches[1], bad)]
