"""The contract of `BatchCatalog`: what is in a batch, and how it moves."""

from __future__ import annotations

import threading

import pytest

from assets_tests.contracts.catalog_values import BUCKET, batch
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.core.ports.batches import BatchCatalog
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.report import TierReport, Usage

GOOD = TierReport("col_one", fetched=2, submitted=2, written=2, usage=Usage(wall_s=1.5, runner="in process"))
BAD = TierReport("col_one", fetched=2, submitted=2, failed=2, first_error="ValueError: boom")
TWO = ("col_one", "col_two")


@pytest.fixture
def batches(catalog: Catalog) -> BatchCatalog:
    """The batches of an empty catalog."""
    return catalog.batches


def _running(batches: BatchCatalog, **changes: object) -> Batch:
    batches.create(batch(**changes), ["a", "b"])
    batches.submit("btc_one")
    return batches.start("btc_one", run_id="run_1")


def test_a_batch_comes_back_with_its_objects(batches: BatchCatalog) -> None:
    """A batch is read back equal; it holds each object once, in the order they were given."""
    created = batches.create(batch(metadata={"why": ["test"]}, name="first"), ["b", "a", "b", "c"])
    assert created.object_count == 3
    assert created.created_at
    assert batches.get("btc_one") == created
    assert batches.object_ids(["btc_one", "none"]) == {"btc_one": ["b", "a", "c"], "none": []}
    assert batches.get("none") is None


def test_an_id_is_used_once(batches: BatchCatalog) -> None:
    """Creating a batch over another one is refused, and the first keeps its objects."""
    batches.create(batch(), ["a"])
    with pytest.raises(Conflict):
        batches.create(batch(), ["b"])
    assert batches.object_ids(["btc_one"]) == {"btc_one": ["a"]}


def test_a_batch_may_be_large_or_empty(batches: BatchCatalog) -> None:
    """Tens of thousands of objects keep their order; no objects are fine."""
    ids = [f"obj_{number}" for number in range(33_000)]
    batches.create(batch(), ids)
    batches.create(batch("btc_empty"), [])
    assert batches.object_ids(["btc_one", "btc_empty"]) == {"btc_one": ids, "btc_empty": []}


def test_recent_batches_are_newest_first(batches: BatchCatalog) -> None:
    """Lists can be narrowed by bucket and status, and are cut at the limit."""
    for number in range(4):
        batches.create(batch(f"btc_{number}", bucket_id=BUCKET if number < 3 else "bkt_other"), [])
    batches.submit("btc_1")
    assert [b.batch_id for b in batches.recent()] == ["btc_3", "btc_2", "btc_1", "btc_0"]
    assert [b.batch_id for b in batches.recent(limit=1)] == ["btc_3"]
    assert [b.batch_id for b in batches.recent(bucket_id=BUCKET, statuses={"DRAFT"})] == ["btc_2", "btc_0"]
    assert [b.batch_id for b in batches.recent(statuses=["PENDING"])] == ["btc_1"]
    assert batches.recent(statuses=[]) == []


def test_submitting_starts_over(batches: BatchCatalog) -> None:
    """Each submit counts one and forgets the reports, run and error of the last one."""
    _running(batches)
    ended = batches.record_tier("btc_one", "col_one", BAD, run_id="run_1")
    assert (ended.status, ended.error) == ("FAILED", "ValueError: boom")
    again = batches.submit("btc_one")
    assert (again.status, again.submission, again.run_key) == ("PENDING", 2, "btc_one:2")
    assert (again.tiers, again.error, again.run_id, again.started_at, again.completed_at) == (
        {},
        None,
        None,
        None,
        None,
    )
    assert again.submitted_at
    assert batches.get("btc_one") == again


def test_submitting_twice_is_a_conflict(batches: BatchCatalog) -> None:
    """A batch that is pending or in progress cannot be submitted; one that does not exist is not found."""
    batches.create(batch(), [])
    batches.submit("btc_one")
    with pytest.raises(Conflict):
        batches.submit("btc_one")
    batches.start("btc_one", run_id="run_1")
    with pytest.raises(Conflict):
        batches.submit("btc_one")
    with pytest.raises(NotFound):
        batches.submit("none")


def test_of_racing_submits_one_wins(batches: BatchCatalog) -> None:
    """Of eight threads that submit at once one succeeds, so a batch is launched once."""
    batches.create(batch(), [])
    barrier, results = threading.Barrier(8), []

    def submit() -> None:
        barrier.wait()
        try:
            results.append(batches.submit("btc_one").submission)
        except Conflict:
            results.append(0)

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0] * 7 + [1]


def test_starting_again_keeps_the_first_start(batches: BatchCatalog) -> None:
    """A retried run takes the batch over without moving its start."""
    first = _running(batches)
    again = batches.start("btc_one", run_id="run_2")
    assert (first.status, again.status) == ("IN_PROGRESS", "IN_PROGRESS")
    assert (again.run_id, again.started_at) == ("run_2", first.started_at)


def test_the_status_follows_from_the_reports(batches: BatchCatalog) -> None:
    """A batch ends when every collection has reported; its reports come back equal."""
    _running(batches, collection_ids=TWO)
    halfway = batches.record_tier("btc_one", "col_one", GOOD, run_id="run_1")
    assert (halfway.status, halfway.completed_at) == ("IN_PROGRESS", None)
    ended = batches.record_tier("btc_one", "col_two", BAD, run_id="run_1")
    assert (ended.status, ended.error) == ("COMPLETED_WITH_ERRORS", "ValueError: boom")
    assert ended.completed_at
    assert dict(ended.tiers) == {"col_one": GOOD, "col_two": BAD}
    assert batches.get("btc_one") == ended


def test_concurrent_reports_are_all_kept(batches: BatchCatalog) -> None:
    """Collections that report at the same time do not overwrite each other."""
    names = tuple(f"col_{number}" for number in range(8))
    _running(batches, collection_ids=names)
    threads = [
        threading.Thread(target=batches.record_tier, args=("btc_one", name, GOOD), kwargs={"run_id": "run_1"})
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = batches.get("btc_one")
    assert ended is not None
    assert (ended.status, set(ended.tiers)) == ("COMPLETED", set(names))


def test_a_set_of_batches_moves_together(batches: BatchCatalog) -> None:
    """What is said of many batches at once is what would have been said of each, and of all of them or none."""
    for number in range(3):
        batches.create(batch(f"btc_{number}", collection_ids=("col_one",)), ["obj_one"])
        batches.submit(f"btc_{number}")
    names = ["btc_2", "btc_0", "btc_1"]
    batches.cancel("btc_1")
    started = batches.start_all(names, run_id="run_1")
    assert {name: b.status for name, b in started.items()} == {
        "btc_2": "IN_PROGRESS",
        "btc_0": "IN_PROGRESS",
        "btc_1": "CANCELED",
    }
    reports = {name: TierReport("col_one", fetched=n, unchanged=n) for n, name in enumerate(names)}
    told = batches.record_tiers("col_one", reports, run_id="run_1")
    assert [told[name].status for name in names] == ["COMPLETED", "COMPLETED", "CANCELED"]
    assert {n: b.tiers["col_one"].fetched for n, b in batches.get_many([*names, "btc_9"]).items()} == {
        "btc_2": 0,
        "btc_0": 1,
        "btc_1": 2,
    }
    with pytest.raises(NotFound, match="btc_9"):
        batches.start_all(["btc_0", "btc_9"], run_id="run_2")
    assert batches.get_many(["btc_0"])["btc_0"].run_id == "run_1"
    assert batches.record_tiers("col_one", {}, run_id="run_1") == {}


def test_a_canceled_batch_stays_canceled(batches: BatchCatalog) -> None:
    """Nothing that a run still reports brings a canceled batch back; its reports are kept."""
    _running(batches)
    canceled = batches.cancel("btc_one", reason="a mistake")
    assert (canceled.status, canceled.error, bool(canceled.completed_at)) == ("CANCELED", "a mistake", True)
    assert batches.start("btc_one", run_id="run_2").status == "CANCELED"
    reported = batches.record_tier("btc_one", "col_one", GOOD, run_id="run_1")
    assert (reported.status, dict(reported.tiers)) == ("CANCELED", {"col_one": GOOD})


def test_a_batch_that_is_held_is_a_draft_again(batches: BatchCatalog) -> None:
    """It says why, can be submitted again, and one that has ended stays as it is."""
    _running(batches)
    held = batches.hold("btc_one", reason="no money")
    assert (held.status, held.error, held.run_id) == ("DRAFT", "no money", None)
    assert (batches.submit("btc_one").submission, batches.get("btc_one").error) == (2, None)
    canceled = batches.cancel("btc_one")
    assert batches.hold("btc_one", reason="no money") == canceled


def test_reports_of_an_earlier_submission_are_not_taken(batches: BatchCatalog) -> None:
    """A run that was called off reports late: the batch that waits for its next run stays as it is."""
    _running(batches)
    batches.cancel("btc_one")
    waiting = batches.submit("btc_one")
    late = batches.record_tiers("col_one", {"btc_one": GOOD}, run_id="run_1", submissions={"btc_one": 1})
    assert late == {"btc_one": waiting}
    batches.start("btc_one", run_id="run_2")
    known = batches.record_tiers("col_one", {"btc_one": GOOD}, run_id="run_2", submissions={"btc_one": 2})
    assert dict(known["btc_one"].tiers) == {"col_one": GOOD}


def test_only_the_present_submission_can_fail(batches: BatchCatalog) -> None:
    """A late failure of an earlier submission, or of an ended batch, changes nothing."""
    _running(batches)
    assert batches.fail("btc_one", error="late", submission=0).status == "IN_PROGRESS"
    failed = batches.fail("btc_one", error="the host died", submission=1)
    assert (failed.status, failed.error, bool(failed.completed_at)) == ("FAILED", "the host died", True)
    assert batches.fail("btc_one", error="again") == failed
    assert batches.cancel("btc_one") == failed


def test_a_run_that_ends_after_all_clears_the_error(batches: BatchCatalog) -> None:
    """A batch that was given up and then reported complete is complete, without an error."""
    _running(batches)
    batches.fail("btc_one", error="the host died")
    ended = batches.record_tier("btc_one", "col_one", GOOD, run_id="run_2")
    assert (ended.status, ended.error, ended.run_id) == ("COMPLETED", None, "run_2")


def test_errors_take_any_text(batches: BatchCatalog) -> None:
    """A message with NUL and lone surrogates, as binary input produces them, is kept."""
    batches.create(batch(), [])
    batches.fail("btc_one", error="bad \x00 \udc80 bytes")
    kept = batches.get("btc_one")
    assert kept is not None
    assert kept.error
    assert kept.error.startswith("bad ")


def test_a_draft_takes_more_objects(batches: BatchCatalog) -> None:
    """Objects are added behind those that are there, each once; the count follows."""
    batches.create(batch(), ["b", "a"])
    assert batches.add("btc_one", ["a", "c", "c"]).object_count == 3
    assert batches.add("btc_one", ["a"]).object_count == 3
    assert batches.object_ids(["btc_one"]) == {"btc_one": ["b", "a", "c"]}
    assert batches.get("btc_one").object_count == 3
    with pytest.raises(NotFound):
        batches.add("none", ["a"])


def test_a_submitted_batch_takes_no_more_objects(batches: BatchCatalog) -> None:
    """What a run works on does not change under it."""
    batches.create(batch(), ["a"])
    batches.submit("btc_one")
    with pytest.raises(Conflict):
        batches.add("btc_one", ["b"])
    assert batches.object_ids(["btc_one"]) == {"btc_one": ["a"]}
