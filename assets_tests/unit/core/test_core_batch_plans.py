"""The part of a plan that belongs to a batch: its root objects, its selection, and nothing of its neighbours."""

from __future__ import annotations

import polars as pl

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.batch_plans import Asked, asked_by, forced_roots, joined_plan, plans_of
from mixpeek_orchestration.core.plan import PLAN_SCHEMA, Plan
from mixpeek_orchestration.core.selection import METADATA, Selection

ROWS = [
    ("a1", "a", "extract", "new"),
    ("a2", "a", "unchanged", "unchanged"),
    ("b1", "b", "filtered", "filtered"),
    ("b1", "b", "delete", "orphaned"),
    ("c1", "c", "extract", "code_changed"),
]
PLAN = Plan(pl.DataFrame(ROWS, schema=PLAN_SCHEMA, orient="row"), "code")


def items(plan: Plan) -> list[tuple[str, str]]:
    return list(plan.frame.select("item", "action").iter_rows())


def batch(metadata: Selection | None = None, **said: str) -> Batch:
    carried = {METADATA: metadata.as_metadata()} if metadata else {}
    return Batch("b", "ns", "bkt", 1, ("col",), metadata=carried, **said)  # type: ignore[arg-type]


def test_each_batch_gets_its_roots_in_the_order_of_the_source() -> None:
    """A root object of two batches is in both; one that nothing was planned for is in none."""
    parts = plans_of(PLAN, {"x": Asked(["c", "a", "a"]), "y": Asked(["a", "z"]), "z": Asked([])})
    assert {name: [item for item, _ in items(part)] for name, part in parts.items()} == {
        "x": ["a1", "a2", "c1"],
        "y": ["a1", "a2"],
        "z": [],
    }


def test_the_whole_is_what_the_parts_select() -> None:
    """An item that any batch selects is in it once, in the order of the source, with all of its rows."""
    asked = {
        "x": Asked(["a", "b"], Selection(reasons=("new", "orphaned", "filtered"))),
        "y": Asked(["b", "c"], Selection(reasons=("orphaned",))),
    }
    parts = plans_of(PLAN, asked)
    assert items(parts["y"]) == [("b1", "delete")]
    assert items(joined_plan(PLAN, parts)) == [("a1", "extract"), ("b1", "filtered"), ("b1", "delete")]


def test_only_a_batch_that_forces_forces_its_roots() -> None:
    """By its strategy, or by a selection that means this collection."""
    forcing = batch(Selection(force=True, collection_ids=("col",)))
    asked = {
        "selected": asked_by(forcing, ["a"], "col"),
        "elsewhere": asked_by(forcing, ["b"], "other"),
        "replacing": asked_by(batch(dedup_strategy="replace"), ["c"], "col"),
        "plain": asked_by(batch(), ["d"], "col"),
    }
    assert forced_roots(asked) == {"a", "c"}
    assert asked["elsewhere"].selection == Selection()
