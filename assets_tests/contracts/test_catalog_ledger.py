"""The contract of `Ledger`: outcomes, failures, code parts and history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assets_tests.contracts.catalog_values import COLLECTION, GENERATION, error, outcome
from mixpeek_orchestration.core.plan import OUTCOME_SCHEMA
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.ports.ledger import Ledger
from mixpeek_orchestration.core.report import TierReport, Usage


@pytest.fixture
def ledger(catalog: Catalog) -> Ledger:
    """The ledger of an empty catalog."""
    return catalog.ledger


def _settle(ledger: Ledger, generation_id: str = GENERATION, **changes: Any) -> None:
    values: dict[str, Any] = {
        "collection_id": COLLECTION,
        "batch_id": "btc_one",
        "done": [],
        "outcomes": [],
        "errors": [],
        "versions": {"code_fp": "c"},
    }
    ledger.settle(generation_id, **{**values, **changes})


def _told(ledger: Ledger, roots: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    return sorted(ledger.outcomes(GENERATION, roots=roots).select("item", "outcome").rows())


def test_outcomes_come_back_as_the_planner_reads_them(ledger: Ledger) -> None:
    """The frame has the planner's columns and types, also when it is empty."""
    assert ledger.outcomes(GENERATION).schema == OUTCOME_SCHEMA
    kept = outcome("item", "empty", reason="no text", root_object="root", transient=True)
    _settle(ledger, outcomes=[kept, outcome("other")])
    frame = ledger.outcomes(GENERATION)
    assert frame.schema == OUTCOME_SCHEMA
    assert frame.filter(item="item").row(0, named=True) == {
        name: getattr(kept, name) for name in OUTCOME_SCHEMA
    }
    assert frame.filter(item="other")["transient"].to_list() == [False]
    assert ledger.outcomes("gen_other").is_empty()


def test_outcomes_can_be_read_for_some_roots(ledger: Ledger) -> None:
    """A selection by root objects holds exactly their items, for long lists too."""
    _settle(ledger, outcomes=[outcome(f"item_{n}", root_object=f"root_{n % 2}") for n in range(6)])
    assert [item for item, _ in _told(ledger, ["root_1"])] == ["item_1", "item_3", "item_5"]
    assert _told(ledger, []) == []
    assert len(_told(ledger, [f"root_{n}" for n in range(33_000)])) == 6


def test_settling_replaces_what_was_known_of_an_item(ledger: Ledger) -> None:
    """Items that are done lose outcome and failures; items with a new outcome get only that one."""
    _settle(
        ledger,
        outcomes=[outcome("a"), outcome("b"), outcome("c")],
        errors=[error("a"), error("b"), error("c")],
    )
    _settle(ledger, done=["a"], outcomes=[outcome("b", "empty")])
    assert _told(ledger) == [("b", "empty"), ("c", "failed")]
    assert [f.error.item for f in ledger.failures(COLLECTION)] == ["c"]
    resolved = [f for f in ledger.failures(COLLECTION, open_only=False) if f.resolved_at]
    assert {f.error.item for f in resolved} == {"a", "b"}


def test_a_failure_keeps_all_that_is_known(ledger: Ledger) -> None:
    """A failure is read back with its error, where it happened and the versions that made it."""
    _settle(ledger, outcomes=[outcome("a")], errors=[error("a", row=3)])
    [found] = ledger.failures(COLLECTION)
    assert found == Failure(
        failure_id=found.failure_id,
        collection_id=COLLECTION,
        generation_id=GENERATION,
        batch_id="btc_one",
        error=error("a", row=3),
        attempt=1,
        versions={"code_fp": "c"},
        created_at=found.created_at,
        root_object="a",
    )
    assert found.created_at


def test_attempts_count_per_item(ledger: Ledger) -> None:
    """The attempt is one higher than that of the item's last failure, also when it was resolved in between."""
    _settle(ledger, outcomes=[outcome("a")], errors=[error("a", row=0), error("a", row=1)])
    _settle(ledger, outcomes=[outcome("a")], errors=[error("a")])
    _settle(ledger, done=["a"])
    _settle(ledger, outcomes=[outcome("a"), outcome("b")], errors=[error("a"), error("b")])
    _settle(ledger, "gen_other", outcomes=[outcome("a")], errors=[error("a")])
    every = ledger.failures(COLLECTION, open_only=False)
    mine = [(f.error.item, f.attempt) for f in every if f.generation_id == GENERATION]
    assert sorted(mine) == [("a", 1), ("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert [f.attempt for f in every if f.generation_id == "gen_other"] == [1]


def test_failures_are_newest_first(ledger: Ledger) -> None:
    """The list is cut at the limit from the newest on, and knows only its collection."""
    for item in ("a", "b", "c"):
        _settle(ledger, outcomes=[outcome(item)], errors=[error(item)])
    _settle(ledger, collection_id="col_other", outcomes=[outcome("d")], errors=[error("d")])
    assert [f.error.item for f in ledger.failures(COLLECTION, limit=2)] == ["c", "b"]


def test_open_failures_count_items(ledger: Ledger) -> None:
    """An item with several failed rows counts once; resolved ones do not count."""
    _settle(
        ledger,
        outcomes=[outcome("a"), outcome("b")],
        errors=[error("a", row=0), error("a", row=1), error("b")],
    )
    assert ledger.open_failure_count(COLLECTION) == 2
    _settle(ledger, done=["a"])
    assert ledger.open_failure_count(COLLECTION) == 1
    assert ledger.open_failure_count("col_other") == 0


def test_forgotten_items_leave_no_outcome(ledger: Ledger) -> None:
    """Items that are gone lose their outcome, and their failures are resolved; other generations keep theirs."""
    _settle(ledger, outcomes=[outcome("a"), outcome("b")], errors=[error("a"), error("b")])
    _settle(ledger, "gen_other", outcomes=[outcome("a")], errors=[error("a")])
    ledger.forget(GENERATION, ["a", "never seen"])
    ledger.forget(GENERATION, [])
    assert _told(ledger) == [("b", "failed")]
    assert ledger.outcomes("gen_other").height == 1
    assert {(f.generation_id, f.error.item) for f in ledger.failures(COLLECTION)} == {
        (GENERATION, "b"),
        ("gen_other", "a"),
    }


def test_poisonous_text_does_not_stop_the_ledger(ledger: Ledger) -> None:
    """Messages with NUL, separators and lone surrogates are kept: the worst row must still be accounted for."""
    poison = "bad \x00 \x1f \udc80 bytes"
    _settle(ledger, outcomes=[outcome("a", reason=poison)], errors=[error("a", poison)])
    assert ledger.failures(COLLECTION)[0].error.message == poison
    [reason] = ledger.outcomes(GENERATION)["reason"].to_list()
    assert reason.startswith("bad ")
    assert reason.endswith(" bytes")


def test_settling_many_items_is_one_call(ledger: Ledger) -> None:
    """Tens of thousands of items are settled, read and settled again in one call each."""
    items = [f"item_{number:06}" for number in range(33_000)]
    _settle(ledger, outcomes=[outcome(item) for item in items], errors=[error(item) for item in items])
    assert ledger.outcomes(GENERATION)["item"].to_list() == items
    assert ledger.open_failure_count(COLLECTION) == len(items)
    _settle(ledger, done=items)
    assert ledger.outcomes(GENERATION).is_empty()
    assert ledger.open_failure_count(COLLECTION) == 0


def test_an_invalid_settle_changes_nothing(ledger: Ledger) -> None:
    """When one part cannot be stored, the earlier outcomes and failures stand."""
    _settle(ledger, outcomes=[outcome("a")], errors=[error("a")])
    with pytest.raises((TypeError, AttributeError)):
        _settle(ledger, done=["a"], outcomes=[outcome("b")], errors=[None])
    assert _told(ledger) == [("a", "failed")]
    assert ledger.open_failure_count(COLLECTION) == 1


def test_code_parts_answer_why(ledger: Ledger) -> None:
    """The parts under a fingerprint come back; an unknown one has none."""
    ledger.keep_code("fp", {"module:pipeline": "1", "parameters": "2"})
    ledger.keep_code("fp", {"module:pipeline": "1", "parameters": "2"})
    assert ledger.code("fp") == {"module:pipeline": "1", "parameters": "2"}
    assert ledger.code("unknown") == {}


def test_history_is_newest_first(ledger: Ledger) -> None:
    """Reports come back equal, newest first, per collection."""
    reports = [
        TierReport(COLLECTION, fetched=n, unchanged=n, reasons={"new": n}, usage=Usage(wall_s=n / 2))
        for n in range(3)
    ]
    for number, report in enumerate(reports):
        ledger.keep_reports({"btc_one": report}, run_id=f"run_{number}", code_fp="c")
    ledger.keep_reports({"btc_one": TierReport("col_other")}, run_id="run", code_fp="c")
    assert ledger.history(COLLECTION) == reports[::-1]
    assert ledger.history(COLLECTION, limit=1) == reports[2:]


def test_runs_without_a_batch_are_known(ledger: Ledger) -> None:
    """A report of a run over the whole source is told from those of batches, per collection."""
    ledger.keep_reports({"btc_one": TierReport(COLLECTION)}, run_id="run", code_fp="c")
    ledger.keep_reports({"": TierReport("col_other")}, run_id="run", code_fp="c")
    assert not ledger.ran_whole(COLLECTION)
    assert ledger.ran_whole("col_other")
