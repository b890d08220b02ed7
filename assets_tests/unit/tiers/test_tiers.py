"""Graphs of collections: one run takes a batch through all tiers, and each tier accounts for every item."""

from __future__ import annotations

import pytest

from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.api.answers.batches import batch_answer
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import InvalidInput


@pytest.fixture
def bucket(lab: TierLab) -> Bucket:
    return lab.bucket("texts")


@pytest.fixture
def chain(lab: TierLab, bucket: Bucket) -> list[Collection]:
    """Lines of texts, the first word of each line, that in capitals."""
    lines = lab.collection("lines", [bucket], "lines")
    first = lab.collection("first", [lines], "first")
    return [lines, first, lab.collection("upper", [first], "upper")]


def test_one_run_takes_a_batch_through_three_tiers(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """Every tier makes documents of the ones before it, and the batch is completed by the last one."""
    lab.put(bucket, "a", "red fox\nblue bird", title="A")
    lab.put(bucket, "b", "green frog", title="B")
    batch = lab.submit(bucket)
    reports = lab.run(batch)
    assert [(r.fetched, r.submitted, r.written) for r in reports.values()] == [
        (2, 2, 2),
        (3, 3, 3),
        (3, 3, 3),
    ]
    assert lab.texts(chain[2]) == ["BLUE", "GREEN", "RED"]
    assert {row["title"] for row in lab.rows(chain[2])} == {"A", "B"}
    assert lab.batch(batch).status == "COMPLETED"


@pytest.mark.usefixtures("chain")
def test_the_answer_of_a_batch_has_the_funnel_of_each_tier(lab: TierLab, bucket: Bucket) -> None:
    """`tier_tasks` tells the contract's counters by tier, from what was fetched to what was written."""
    lab.put(bucket, "a", "red fox\nblue bird")
    lab.put(bucket, "no text", None, title="nothing to read")
    batch = lab.submit(bucket)
    lab.run(batch)
    answer = batch_answer(lab.batch(batch), lab.warehouse.collections.all(lab.namespace_id))
    funnel = (
        "source_documents_fetched",
        "documents_after_source_filter",
        "documents_missing_input_fields",
        "documents_submitted_to_engine",
        "documents_written",
    )
    assert [[tier[name] for name in funnel] for tier in answer["tier_tasks"]] == [
        [2, 2, 1, 1, 2],
        [2, 2, 0, 2, 2],
        [2, 2, 0, 2, 2],
    ]
    assert [tier["source_type"] for tier in answer["tier_tasks"]] == ["bucket", "collection", "collection"]
    assert (answer["total_tiers"], answer["status"]) == (3, "COMPLETED")


def test_one_edit_at_the_top_runs_exactly_what_depends_on_it(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """Of one object's two lines one changes: one item of the first tier runs, and one of each later one."""
    first = lab.put(bucket, "a", "red fox\nblue bird")
    lab.put(bucket, "b", "green frog")
    lab.process(bucket)
    lab.put(bucket, "a", "red fox\ngrey bird")
    reports = lab.process(bucket)
    assert [(r.submitted, r.unchanged) for r in reports.values()] == [(1, 1), (1, 2), (1, 2)]
    assert lab.texts(chain[2]) == ["GREEN", "GREY", "RED"]
    assert [r.submitted for r in lab.process(bucket, [first]).values()] == [0, 0, 0]


@pytest.mark.usefixtures("chain")
def test_a_tier_whose_inputs_came_out_equal_stops_the_wave(lab: TierLab, bucket: Bucket) -> None:
    """A change that a tier swallows runs nothing below it."""
    lab.put(bucket, "a", "red fox")
    lab.process(bucket)
    lab.put(bucket, "a", "red wolf")
    reports = lab.process(bucket)
    assert {name: r.submitted for name, r in reports.items()} == {"lines": 1, "first": 1, "upper": 0}
    assert reports["upper"].unchanged == 1


def test_a_lost_line_takes_its_documents_along_in_every_tier(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """An object that yields fewer documents leaves no orphans below."""
    lab.put(bucket, "a", "red fox\nblue bird\ngreen frog")
    lab.process(bucket)
    lab.put(bucket, "a", "red fox")
    reports = lab.process(bucket)
    assert [(r.rows_deleted, r.deleted) for r in reports.values()] == [(2, 0), (2, 2), (2, 2)]
    assert [len(lab.rows(collection)) for collection in chain] == [1, 1, 1]


def test_deleting_an_object_cascades_through_all_tiers(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """The batch of a deletion ends completed with every tier empty of that object, and of nothing else."""
    gone = lab.put(bucket, "a", "red fox\nblue bird")
    lab.put(bucket, "b", "green frog")
    lab.process(bucket)
    reports = lab.delete(bucket, gone)
    assert [(r.fetched, r.deleted) for r in reports.values()] == [(0, 1), (0, 2), (0, 2)]
    assert [lab.texts(collection) for collection in chain] == [["green frog"], ["green"], ["GREEN"]]


def test_a_diamond_reads_both_sides(lab: TierLab, bucket: Bucket) -> None:
    """Two collections of one source meet in a third; what comes over one side does not hide what comes over the other."""
    top = lab.collection("top", [bucket])
    left = lab.collection("left", [top], "upper")
    right = lab.collection("right", [top], "first")
    bottom = lab.collection("bottom", [left, right])
    lab.put(bucket, "a", "red fox")
    reports = lab.process(bucket)
    assert list(reports) == ["top", "left", "right", "bottom"]
    assert lab.texts(bottom) == ["RED FOX", "red"]
    assert len({row["_root_object"] for row in lab.rows(bottom)}) == 1
    lab.put(bucket, "a", "red wolf")
    again = lab.process(bucket)
    assert {name: r.submitted for name, r in again.items()} == {"top": 1, "left": 1, "right": 1, "bottom": 1}
    assert lab.texts(bottom) == ["RED WOLF", "red"]


def test_two_buckets_into_one_collection(lab: TierLab, bucket: Bucket) -> None:
    """Each bucket's batch handles its own objects; neither treats the other's as gone."""
    other = lab.bucket("more texts")
    both = lab.collection("both", [bucket, other])
    below = lab.collection("below", [both], "upper")
    lab.put(bucket, "a", "one")
    gone = lab.put(other, "a", "two")
    lab.process(bucket)
    assert lab.process(other)["both"].fetched == 1
    assert lab.texts(below) == ["ONE", "TWO"]
    assert {row["_root_bucket"] for row in lab.rows(below)} == {bucket.bucket_id, other.bucket_id}
    lab.delete(other, gone)
    assert lab.texts(below) == ["ONE"]


def test_two_collections_of_different_tiers_into_one(lab: TierLab, bucket: Bucket) -> None:
    """A collection that reads tier 0 and tier 1 is tier 2, and runs after both."""
    low = lab.collection("low", [bucket])
    high = lab.collection("high", [low], "upper")
    both = lab.collection("both", [high, low])
    lab.put(bucket, "a", "one")
    assert list(lab.process(bucket)) == ["low", "high", "both"]
    assert lab.texts(both) == ["ONE", "one"]
    assert {row["_source_collection"] for row in lab.rows(both)} == {low.collection_id, high.collection_id}


def test_an_item_that_becomes_empty_empties_what_is_below(lab: TierLab, bucket: Bucket) -> None:
    """A tier that makes nothing of an item any more says so, and the tiers below lose its documents."""
    short = lab.collection("short", [bucket], "short")
    below = lab.collection("below", [short], "upper")
    lab.put(bucket, "a", "abc")
    lab.process(bucket)
    lab.put(bucket, "a", "abcdef")
    reports = lab.process(bucket)
    assert (reports["short"].empty, reports["below"].deleted, reports["below"].outcome) == (1, 1, "COMPLETED")
    assert lab.rows(below) == []
    again = lab.process(bucket)
    assert [(r.submitted, r.unchanged) for r in again.values()] == [(0, 1), (0, 0)]


def test_a_partial_item_passes_on_what_is_good(lab: TierLab, bucket: Bucket) -> None:
    """Of an object with two texts the good one goes through all tiers; the object counts as failed and partial."""
    top = lab.collection("top", [bucket], input_mappings={"text": ["body", "note"]})
    below = lab.collection("below", [top], "upper")
    lab.put(bucket, "a", "good", note="POISON")
    batch = lab.submit(bucket)
    reports = lab.run(batch)
    assert (reports["top"].failed, reports["top"].partial, reports["top"].rows_written) == (1, 1, 1)
    assert lab.texts(below) == ["GOOD"]
    assert lab.batch(batch).status == "COMPLETED_WITH_ERRORS"


def test_a_failure_in_the_middle_keeps_what_is_below(lab: TierLab, bucket: Bucket) -> None:
    """An item that fails keeps its old documents, so that nothing below it is lost or run."""
    top = lab.collection("top", [bucket])
    below = lab.collection("below", [top], "upper")
    lab.put(bucket, "a", "good")
    lab.process(bucket)
    lab.put(bucket, "a", "POISON")
    reports = lab.process(bucket)
    assert (reports["top"].failed, reports["below"].submitted, reports["below"].unchanged) == (1, 0, 1)
    assert lab.texts(below) == ["GOOD"]


@pytest.fixture
def filtered(lab: TierLab, bucket: Bucket) -> list[Collection]:
    top = lab.collection(
        "top", [bucket], field_passthrough=[{"source_path": "title"}, {"source_path": "rank"}]
    )
    above_two = {"AND": [{"field": "rank", "operator": "gt", "value": 2}]}
    middle = lab.collection("middle", [top], "upper", source_filters=above_two)
    return [top, middle, lab.collection("bottom", [middle])]


def test_a_filter_in_the_middle_is_counted_and_stops_there(
    lab: TierLab, bucket: Bucket, filtered: list[Collection]
) -> None:
    """What a filter leaves out is fetched and filtered in that tier, and unknown to the next."""
    for rank in range(5):
        lab.put(bucket, str(rank), f"text {rank}", rank=rank)
    reports = lab.process(bucket)
    assert [(r.fetched, r.source_filtered, r.written) for r in reports.values()] == [
        (5, 0, 5),
        (5, 3, 2),
        (2, 0, 2),
    ]
    assert lab.texts(filtered[2]) == ["TEXT 3", "TEXT 4"]


def test_what_a_filter_no_longer_holds_for_leaves_all_tiers_below(
    lab: TierLab, bucket: Bucket, filtered: list[Collection]
) -> None:
    """An edit of the filtered field alone extracts nothing above, and moves documents in or out below."""
    lab.put(bucket, "a", "one", rank=3)
    lab.put(bucket, "b", "two", rank=1)
    lab.process(bucket)
    lab.put(bucket, "a", "one", rank=1)
    lab.put(bucket, "b", "two", rank=3)
    reports = lab.process(bucket)
    assert (reports["top"].submitted, reports["top"].patched) == (0, 2)
    assert (reports["middle"].source_filtered, reports["middle"].written, reports["middle"].deleted) == (
        1,
        1,
        1,
    )
    assert lab.texts(filtered[2]) == ["TWO"]


def test_a_filter_on_a_bucket(lab: TierLab, bucket: Bucket) -> None:
    """Objects are filtered by their metadata, declared or not; a collection that filters nothing sees all of them."""
    filters = {"OR": [{"title": "keep"}, {"field": "metadata.own", "operator": "exists"}]}
    kept = lab.collection("kept", [bucket], source_filters=filters)
    lab.put(bucket, "a", "one", title="keep")
    lab.put(bucket, "b", "two", title="drop")
    lab.put(bucket, "c", "three", own=1)
    report = lab.process(bucket)["kept"]
    assert (report.fetched, report.source_filtered, report.written) == (3, 1, 2)
    assert lab.texts(kept) == ["one", "three"]
    assert kept.source.filters == filters


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"nowhere": 1}, "no field 'nowhere'"),
        ({"AND": [{"field": "rank", "operator": "near", "value": 1}]}, "operator 'near'"),
    ],
)
def test_a_source_filter_that_cannot_work_is_refused(
    lab: TierLab, bucket: Bucket, filters: dict[str, object], message: str
) -> None:
    """Before any run, naming the field or the operator."""
    with pytest.raises(InvalidInput, match=message) as refused:
        lab.collection("never", [bucket], source_filters=filters)
    assert (refused.value.field or "").startswith("source.source_filters")


def test_documents_without_the_field_are_missing_input(lab: TierLab, bucket: Bucket) -> None:
    """A tier that reads a carried field counts the documents that do not have it, and runs the others."""
    top = lab.collection("top", [bucket])
    titles = lab.collection("titles", [top], "upper", input_mappings={"text": "title"}, field_passthrough=[])
    lab.put(bucket, "a", "one", title="first")
    lab.put(bucket, "b", "two")
    report = lab.process(bucket)["titles"]
    assert (report.fetched, report.missing_input, report.written) == (2, 1, 1)
    assert lab.texts(titles) == ["FIRST"]
    whole = lab.warehouse.plan(titles.collection_id).plan
    assert whole.reasons() == {"missing_input": 1}


def test_a_required_field_that_is_missing_is_told(lab: TierLab, bucket: Bucket) -> None:
    """A carried field may be required: items without it are missing input, unless it has a default."""
    needed = lab.collection(
        "needed", [bucket], field_passthrough=[{"source_path": "title", "required": True}]
    )
    helped = lab.collection(
        "helped",
        [bucket],
        field_passthrough=[{"source_path": "title", "required": True, "default": "none"}],
    )
    lab.put(bucket, "a", "one", title="first")
    lab.put(bucket, "b", "two")
    reports = lab.process(bucket)
    assert (reports["needed"].missing_input, reports["needed"].written) == (1, 1)
    assert (reports["helped"].missing_input, reports["helped"].written) == (0, 2)
    assert [row["title"] for row in lab.rows(needed)] == ["first"]
    assert sorted(row["title"] for row in lab.rows(helped)) == ["first", "none"]


def test_a_changed_extractor_runs_its_tier_and_what_changes_below(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """All tiers are of one package here: an edit that changes one mode's result makes each tier stale for its code,
    while the documents that come out equal stop further work for changed inputs."""
    lab.put(bucket, "a", "red fox")
    lab.process(bucket)
    lab.edit("processors/changing.py", lambda code: code.replace("text.upper()", "text.upper() + '!'"))
    reports = lab.process(bucket)
    assert [dict(r.reasons) for r in reports.values()] == [{"code_changed": 1}] * 3
    assert lab.texts(chain[2]) == ["RED!"]
    assert [r.submitted for r in lab.process(bucket).values()] == [0, 0, 0]
