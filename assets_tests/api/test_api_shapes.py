"""The pure parts of the API: pages, bodies, misspellings, and answers made of core values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mixpeek_orchestration.api.answer import Answer
from mixpeek_orchestration.api.answers.batches import LIFECYCLE, audit_answer, batch_answer, tiers_in
from mixpeek_orchestration.api.answers.collections import wire_type
from mixpeek_orchestration.api.answers.objects import object_answer
from mixpeek_orchestration.api.body import parse_json, read_limited
from mixpeek_orchestration.api.misspelling import nearest
from mixpeek_orchestration.api.paging import Page, PageQuery, listing, page_of
from mixpeek_orchestration.core.batch import Batch, BatchStatus
from mixpeek_orchestration.core.collection import Collection, ExtractorChoice, Source
from mixpeek_orchestration.core.errors import InvalidInput, TooLarge
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.warehouse.specs import CollectionSpec

CHOICE = ExtractorChoice("word_vectors", "v1")
FIRST = Collection("col_1", "ns_1", "first", Source("bucket", ("bkt_1",)), CHOICE)
SECOND = Collection("col_2", "ns_1", "second", Source("collection", ("col_1",)), CHOICE)


def _batch(status: BatchStatus = "IN_PROGRESS", **reports: TierReport) -> Batch:
    return Batch(
        "btch_1", "ns_1", "bkt_1", 10, ("col_1", "col_2"), status=status, submission=1, tiers=reports
    )


def _report(collection_id: str, *, written: int, failed: int = 0) -> TierReport:
    submitted = written + failed
    return TierReport(
        collection_id,
        fetched=submitted,
        submitted=submitted,
        written=written,
        failed=failed,
        rows_written=written,
    )


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ({}, Page(100, 0)),
        ({"limit": 5}, Page(5, 0)),
        ({"page_size": 5, "page": 3}, Page(5, 10)),
        ({"limit": 5, "offset": 7}, Page(5, 7)),
    ],
)
def test_every_way_to_ask_for_a_page(asked: dict[str, int], page: Page) -> None:
    """Limit and offset, page and page size: one page."""
    assert page_of(PageQuery(**asked)) == page


def test_the_body_wins_over_the_query_string() -> None:
    """What both say is taken from the body, the rest from either."""
    assert page_of(PageQuery(limit=5, offset=1), PageQuery(offset=3)) == Page(5, 3)


def test_cursors_end_with_the_list() -> None:
    """Following cursors visits every item once; the last page has none."""
    items, seen, page = list(range(7)), [], Page(3, 0)
    while True:
        answer = listing(items[page.offset : page.offset + page.limit], page, total=len(items))
        seen += answer["results"]
        cursor = answer["pagination"]["next_cursor"]
        if cursor is None:
            break
        page = page_of(PageQuery(limit=3, cursor=cursor))
    assert seen == items


def test_a_page_behind_the_end() -> None:
    """An empty page has no cursor, so that nobody follows it for ever."""
    assert listing([], Page(3, 30), total=7)["pagination"]["next_cursor"] is None


def test_json_by_the_letter() -> None:
    """What JSON can say arrives unchanged."""
    assert parse_json('{"ä": [1, -2.5e3, true, null, "\\u00e4\\n"]}'.encode()) == {
        "ä": [1, -2500.0, True, None, "ä\n"]
    }


def test_where_a_nul_is() -> None:
    """The place of a NUL character deep in a body is named."""
    with pytest.raises(InvalidInput) as caught:
        parse_json(b'{"blobs": [{"data": "a\\u0000b"}]}')
    assert caught.value.field == "blobs.0.data"


def test_a_long_body_is_never_held() -> None:
    """Past the limit nothing is kept, and past four times the limit nothing more is read."""
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 10
            yield b"x" * 10

    with pytest.raises(TooLarge):
        asyncio.run(read_limited(chunks(), 100))
    assert 400 < taken <= 420


def test_misspelt_fields_of_nested_models() -> None:
    """The nearest field is looked for where the unknown one stands, through unions and lists."""
    assert nearest(CollectionSpec, ("feature_extractor", "feature_extractr_name")) == "feature_extractor_name"
    assert (
        nearest(CollectionSpec, ("feature_extractor", "field_passthrough", 0, "source_pth")) == "source_path"
    )
    assert nearest(CollectionSpec, ("zzz",)) is None


def test_metadata_never_hides_a_field_of_the_contract() -> None:
    """Metadata named like a field of ours stays under `metadata` and does not replace the field."""
    item = SourceObject("obj_1", "ns_1", "bkt_1", (), {"status": "draft", "ticker": "A"})
    answer = object_answer(item)
    assert (answer["status"], answer["ticker"]) == ("COMPLETED", "A")
    assert answer["metadata"] == {"status": "draft", "ticker": "A"}


def test_numbers_that_json_cannot_say() -> None:
    """NaN becomes null, bytes become base64: a strange value never breaks an answer."""
    assert Answer({"a": float("nan"), "b": b"\xff"}).body == b'{"a":null,"b":"_w=="}'


@pytest.mark.parametrize("status", list(LIFECYCLE))
def test_every_status_has_its_word(status: BatchStatus) -> None:
    """Every status of a batch has one word of the lifecycle."""
    assert batch_answer(_batch(status), [FIRST, SECOND])["lifecycle"] == LIFECYCLE[status]


def test_tiers_of_a_batch() -> None:
    """Collections of a batch are told by tier; one that is gone since is left out."""
    assert [(tier.number, tier.collections) for tier in tiers_in(_batch(), [SECOND, FIRST])] == [
        (0, (FIRST,)),
        (1, (SECOND,)),
    ]
    assert [tier.number for tier in tiers_in(_batch(), [FIRST])] == [0]


def test_a_batch_half_way() -> None:
    """With one of two tiers done, the batch shows its account, half of its progress, and the tier that is next."""
    answer = batch_answer(_batch(col_1=_report("col_1", written=8, failed=2)), [FIRST, SECOND])
    assert (answer["current_tier"], answer["total_tiers"], answer["progress"]["percent"]) == (1, 2, 50.0)
    assert [tier["status"] for tier in answer["tier_tasks"]] == ["COMPLETED_WITH_ERRORS", "IN_PROGRESS"]
    assert (answer["documents_written"], answer["failed_object_count"]) == (8, 2)


def test_an_account_that_does_not_balance() -> None:
    """Objects that were submitted and ended nowhere are told as lost."""
    broken = TierReport("col_1", fetched=5, submitted=5, written=3)
    audit = audit_answer(_batch(col_1=broken), [FIRST])
    assert (audit["all_balanced"], audit["has_lost_objects"], audit["tiers"][0]["lost"]) == (False, True, 2)


def test_types_of_optional_outputs() -> None:
    """The wire type of an optional field is that of its value."""
    assert wire_type({"anyOf": [{"type": "null"}, {"type": "integer"}]}) == "integer"
    assert wire_type({}) == "string"
