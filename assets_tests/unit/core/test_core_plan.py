"""The planner: every item gets exactly one action, for a reason that is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpeek_orchestration.core import plan as p

CODE = "code 1"


def source(*items: str, **fields: Any) -> pl.DataFrame:
    rows = [{"item": item, "root_object": f"root {item}", "source_fp": "s1", **fields} for item in items]
    flags = {name: pl.Boolean for name in (p.FILTERED, p.MISSING) if name in fields}
    return pl.DataFrame(rows, schema={**p.SOURCE_SCHEMA, **flags})


def state(*items: str, **fields: Any) -> pl.DataFrame:
    base = {"source_fp": "s1", "input_fp": "i1", "pass_fp": "p1", "code_fp": CODE}
    rows = [{"item": item, "root_object": f"root {item}", **base, **fields} for item in items]
    return pl.DataFrame(rows, schema=p.STATE_SCHEMA)


def outcomes(*items: str, **fields: Any) -> pl.DataFrame:
    base = {
        "source_fp": "s1",
        "outcome": "failed",
        "reason": "x",
        "input_fp": "i1",
        "code_fp": CODE,
        "transient": False,
    }
    rows = [{"item": item, "root_object": f"root {item}", **base, **fields} for item in items]
    return pl.DataFrame(rows, schema=p.OUTCOME_SCHEMA)


def fingerprints_are(input_fp: str, pass_fp: str) -> Callable[[list[str]], p.Fingerprints]:
    return lambda items: dict.fromkeys(items, (input_fp, pass_fp))


def never(items: list[str]) -> p.Fingerprints:
    raise AssertionError(f"fingerprints asked for {items}")


def verdict(plan: p.Plan, item: str) -> tuple[str, str]:
    row = plan.frame.row(by_predicate=pl.col("item") == item, named=True)
    return row["action"], row["reason"]


def planned(
    src: pl.DataFrame,
    known: pl.DataFrame | None = None,
    told: pl.DataFrame | None = None,
    *,
    fingerprints: Callable[[list[str]], p.Fingerprints] = never,
    **options: Any,
) -> p.Plan:
    known = state() if known is None else known
    told = outcomes() if told is None else told
    return p.make_plan(
        src, known, told, code_fp=options.pop("code_fp", CODE), fingerprints=fingerprints, **options
    )


MOVED = {"source_fp": "s2"}
SEEN = {"outcome": "seen", "source_fp": "s2", "reason": "s1"}


def test_what_was_compared_once_is_not_read_again() -> None:
    """An edit that nobody reads is compared once; written down, it costs the next plan nothing."""
    plan = planned(source("a", **MOVED), state("a"), fingerprints=fingerprints_are("i1", "p1"))
    (look,) = plan.looks
    assert (look.item, look.outcome, look.source_fp, look.reason) == ("a", "seen", "s2", "s1")
    again = planned(source("a", **MOVED), state("a"), outcomes("a", **SEEN), fingerprints=never)
    assert (verdict(again, "a"), again.looks) == ((p.UNCHANGED, p.UNCHANGED), ())


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (None, (p.EXTRACT, p.NEW)),
        (("a", {"source_fp": "s0", "input_fp": "i0"}), (p.EXTRACT, p.INPUT_CHANGED)),
        (("a", {"code_fp": "older"}), (p.EXTRACT, p.CODE_CHANGED)),
    ],
    ids=["its rows are gone", "an older row was restored", "a row of other code"],
)
def test_a_look_is_worth_nothing_for_another_row(known: Any, wanted: tuple[str, str]) -> None:
    """What was written down of one row says nothing of another one, wherever that came from."""
    rows = state() if known is None else state(known[0], **known[1])
    told = outcomes("a", **SEEN)
    plan = planned(source("a", **MOVED), rows, told, fingerprints=fingerprints_are("i1", "p1"))
    assert verdict(plan, "a") == wanted


def test_an_empty_item_is_compared_once_too() -> None:
    """What left no rows stays empty, for the reason it had."""
    told = outcomes("a", outcome="empty", reason="nothing in it")
    plan = planned(source("a", **MOVED), None, told, fingerprints=fingerprints_are("i1", "p1"))
    (look,) = plan.looks
    assert (look.outcome, look.reason, look.source_fp) == ("empty", "nothing in it", "s2")


def test_a_plan_knows_the_codes_of_what_is_stale() -> None:
    """How many items each older code made, most first."""
    rows = pl.concat([state("a", "b", code_fp="old"), state("c", code_fp="older"), state("d")])
    plan = planned(source("a", "b", "c", "d"), rows)
    assert list(plan.stale_codes.items()) == [("old", 2), ("older", 1)]


def test_force_may_mean_some_root_objects() -> None:
    """Only their items run in any case."""
    plan = planned(source("a", "b"), state("a", "b"), force=["root b"])
    assert [verdict(plan, item)[1] for item in "ab"] == [p.UNCHANGED, p.FORCED]


CASES: Mapping[str, tuple[Any, ...]] = {
    "an item never seen is new": (source("a"), None, None, (p.EXTRACT, p.NEW)),
    "an item with its rows is unchanged": (source("a"), state("a"), None, (p.UNCHANGED, p.UNCHANGED)),
    "rows of other code are stale": (source("a"), state("a", code_fp="old"), None, (p.EXTRACT, p.CODE_CHANGED)),
    "a filtered item is not run": (source("a", filtered=True), None, None, (p.FILTERED, p.FILTERED)),
    "an item without input is not run": (source("a", missing_input=True), None, None, (p.MISSING, p.MISSING)),
    "a permanent failure is not run again": (source("a"), None, outcomes("a"), (p.FAILED, p.KNOWN_FAILURE)),
    "a transient failure is": (source("a"), None, outcomes("a", transient=True), (p.EXTRACT, p.RETRY)),
    "an empty item is not run again": (
        source("a"), None, outcomes("a", outcome="empty"), (p.UNCHANGED, p.KNOWN_EMPTY),
    ),
    "a partial item counts as failed": (
        source("a"), state("a"), outcomes("a", outcome="partial"), (p.FAILED, p.KNOWN_PARTIAL),
    ),
    "a failure under other code is run again": (
        source("a"), None, outcomes("a", code_fp="old"), (p.EXTRACT, p.CODE_CHANGED),
    ),
    "a failure that kept stale rows is not hidden by them": (
        source("a"), state("a", code_fp="old"), outcomes("a"), (p.FAILED, p.KNOWN_FAILURE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_without_detailed_fingerprints(case: str) -> None:
    """What source and code fingerprints can decide is decided without reading the items."""
    src, known, told, wanted = CASES[case]
    assert verdict(planned(src, known, told), "a") == wanted


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (("i2", "p1"), (p.EXTRACT, p.INPUT_CHANGED)),
        (("i2", "p2"), (p.EXTRACT, p.INPUT_CHANGED)),
        (("i1", "p2"), (p.PATCH, p.PASS_CHANGED)),
        (("i1", "p1"), (p.UNCHANGED, p.UNCHANGED)),
    ],
)
def test_an_edited_item_runs_only_when_its_input_changed(
    now: tuple[str, str], wanted: tuple[str, str]
) -> None:
    """Of an edit only what the extractor reads makes it run; a carried field patches; anything else is nothing."""
    plan = planned(source("a", **MOVED), state("a"), fingerprints=fingerprints_are(*now))
    assert verdict(plan, "a") == wanted


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (outcomes("a"), (p.FAILED, p.KNOWN_FAILURE)),
        (outcomes("a", transient=True), (p.EXTRACT, p.RETRY)),
        (outcomes("a", outcome="empty"), (p.UNCHANGED, p.KNOWN_EMPTY)),
    ],
)
def test_an_edit_beside_the_input_changes_no_outcome(told: pl.DataFrame, wanted: tuple[str, str]) -> None:
    """An item that failed or was empty, edited where the extractor does not read, is what it was."""
    plan = planned(source("a", **MOVED), None, told, fingerprints=fingerprints_are("i1", "p2"))
    assert verdict(plan, "a") == wanted


def test_an_item_that_cannot_be_read_now_runs() -> None:
    """Without detailed fingerprints a moved item counts as changed: never unchanged by ignorance."""
    plan = planned(source("a", **MOVED), state("a"), fingerprints=lambda items: {})
    assert verdict(plan, "a") == (p.EXTRACT, p.INPUT_CHANGED)


def test_only_moved_items_are_read() -> None:
    """Detailed fingerprints are asked for exactly the items whose source moved under the same code."""
    asked: list[str] = []

    def fingerprints(items: list[str]) -> p.Fingerprints:
        asked.extend(items)
        return {}

    src = pl.concat([source("same"), source("moved", "recoded", **MOVED), source("new")])
    known = pl.concat([state("same", "moved"), state("recoded", code_fp="old")])
    planned(src, known, fingerprints=fingerprints)
    assert asked == ["moved"]


def test_force_runs_what_is_known_and_nothing_that_is_filtered() -> None:
    """Forcing runs unchanged and failed items again; a filter still holds, and a new item is still new."""
    src = pl.concat([source("a", "bad", "new", filtered=False), source("out", filtered=True)])
    plan = planned(src, state("a"), outcomes("bad"), force=True)
    assert {item: verdict(plan, item) for item in ("a", "bad", "new", "out")} == {
        "a": (p.EXTRACT, p.FORCED),
        "bad": (p.EXTRACT, p.FORCED),
        "new": (p.EXTRACT, p.NEW),
        "out": (p.FILTERED, p.FILTERED),
    }


def test_what_is_gone_from_the_source_is_deleted() -> None:
    """Rows and outcomes of items that the source no longer has are orphans, below the root that they had."""
    plan = planned(source("a"), state("a", "gone"), outcomes("failed once"))
    assert sorted(plan.items(p.DELETE)) == ["failed once", "gone"]
    assert verdict(plan, "gone") == (p.DELETE, p.ORPHANED)
    assert plan.within(["root gone"]).items(p.DELETE) == ["gone"]
    assert plan.fetched == 1


def test_reasons_are_counted_without_the_unchanged() -> None:
    """The summary that people see has every reason to act, and not the mass that needs nothing."""
    plan = planned(source("a", "n1", "n2"), state("a", "gone"))
    assert plan.reasons() == {p.NEW: 2, p.ORPHANED: 1}


def test_the_order_of_the_source_is_kept() -> None:
    """Items run in the order in which the source names them."""
    names = [f"i{number}" for number in (5, 3, 9, 1, 7)]
    assert planned(source(*names)).items(p.EXTRACT) == names


def test_an_empty_source_is_a_plan() -> None:
    """Nothing in, nothing planned, with all columns."""
    assert planned(source()).frame.schema == pl.Schema(p.PLAN_SCHEMA)
    assert planned(source("a"), state("b")).frame.schema == pl.Schema(p.PLAN_SCHEMA)


ITEMS = st.sampled_from([f"i{number}" for number in range(8)])
FPS = st.sampled_from(["1", "2"])
SOURCES = st.dictionaries(ITEMS, st.tuples(FPS, st.booleans(), st.booleans()))
STATES = st.dictionaries(ITEMS, st.tuples(FPS, FPS, FPS, FPS))
OUTCOMES = st.dictionaries(
    ITEMS, st.tuples(FPS, FPS, FPS, st.sampled_from(["failed", "partial", "empty"]), st.booleans())
)


def frames(
    src: Mapping[str, Any], known: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    source_schema = {**p.SOURCE_SCHEMA, p.FILTERED: pl.Boolean, p.MISSING: pl.Boolean}
    return (
        pl.DataFrame(
            [(item, f"root {item}", *row) for item, row in src.items()], schema=source_schema, orient="row"
        ),
        pl.DataFrame(
            [(item, f"root {item}", *row) for item, row in known.items()], schema=p.STATE_SCHEMA, orient="row"
        ),
        pl.DataFrame(
            [
                (
                    item,
                    f"root {item}",
                    source_fp,
                    outcome,
                    *(why or ["why"]),
                    input_fp,
                    code_fp,
                    transient,
                    "",
                )
                for item, (source_fp, input_fp, code_fp, outcome, transient, *why) in told.items()
            ],
            schema=p.OUTCOME_SCHEMA,
            orient="row",
        ),
    )


@settings(max_examples=150)
@given(SOURCES, STATES, OUTCOMES, FPS, FPS, st.booleans())
def test_every_item_is_planned_exactly_once(
    src: dict[str, Any], known: dict[str, Any], told: dict[str, Any], input_fp: str, pass_fp: str, force: bool
) -> None:
    """Every source item has one action; deletions are exactly the known items that are gone or unreadable."""
    plan = p.make_plan(
        *frames(src, known, told), code_fp="1", fingerprints=fingerprints_are(input_fp, pass_fp), force=force
    )
    deleted = plan.items(p.DELETE)
    assert plan.frame.filter(pl.col("action") != p.DELETE)["item"].to_list() == list(src)
    readable = {item for item, (_, filtered, missing) in src.items() if not (filtered or missing)}
    assert sorted(deleted) == sorted(({*known, *told}) - readable)
    assert plan.frame.null_count().sum_horizontal().item() == 0


@settings(max_examples=150)
@given(SOURCES, STATES, OUTCOMES, FPS, FPS)
def test_nothing_is_left_to_do_after_doing_it(
    src: dict[str, Any], known: dict[str, Any], told: dict[str, Any], input_fp: str, pass_fp: str
) -> None:
    """When every planned action has been carried out, the next plan runs nothing and asks for nothing to be read."""
    fingerprints = fingerprints_are(input_fp, pass_fp)
    plan = p.make_plan(*frames(src, known, told), code_fp="1", fingerprints=fingerprints)
    for item in plan.items(p.DELETE):
        known.pop(item, None)
        told.pop(item, None)
    for item in [*plan.items(p.EXTRACT), *plan.items(p.PATCH)]:
        known[item] = (src[item][0], input_fp, pass_fp, "1")
        told.pop(item, None)
    for look in plan.looks:
        told[look.item] = (look.source_fp, look.input_fp, "1", look.outcome, False, look.reason)
    failed = set(plan.items(p.FAILED))

    def only_failed(items: list[str]) -> p.Fingerprints:
        assert set(items) <= failed
        return fingerprints(items)

    again = p.make_plan(*frames(src, known, told), code_fp="1", fingerprints=only_failed)
    assert not {p.EXTRACT, p.PATCH, p.DELETE} & set(again.frame["action"])


@settings(max_examples=80)
@given(SOURCES, STATES, st.lists(ITEMS))
def test_a_part_of_the_plan_is_the_plan_of_the_part(
    src: dict[str, Any], known: dict[str, Any], chosen: list[str]
) -> None:
    """Planning a set of batches once and cutting one out says what planning that one alone says."""
    fingerprints = fingerprints_are("1", "1")
    whole = p.make_plan(*frames(src, known, {}), code_fp="1", fingerprints=fingerprints)
    roots = [f"root {item}" for item in chosen]
    part = [{item: row for item, row in rows.items() if item in chosen} for rows in (src, known)]
    alone = p.make_plan(*frames(part[0], part[1], {}), code_fp="1", fingerprints=fingerprints)
    assert whole.within(roots).frame.sort("item").equals(alone.frame.sort("item"))
