"""Selections: what is left of a plan, and what a batch remembers of them."""

from __future__ import annotations

import polars as pl
import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.plan import PLAN_SCHEMA, Plan
from mixpeek_orchestration.core.selection import METADATA, Selection


def _plan(*rows: tuple[str, str, str, str]) -> Plan:
    return Plan(pl.DataFrame(rows, schema=PLAN_SCHEMA, orient="row"), "code")


THREE_DUE = _plan(
    ("a1", "a", "unchanged", "unchanged"),
    ("b1", "b", "extract", "new"),
    ("b2", "b", "unchanged", "unchanged"),
    ("c1", "c", "extract", "code_changed"),
    ("d1", "d", "delete", "orphaned"),
    ("e1", "e", "extract", "new"),
)


def test_nothing_said_is_everything() -> None:
    """A selection that says nothing leaves the whole plan."""
    assert Selection().narrow(THREE_DUE).frame.equals(THREE_DUE.frame)
    assert Selection(collection_ids=("col",)).is_everything


def test_limit_takes_the_first_objects_that_have_something_to_run() -> None:
    """Objects that are up to date do not use up the limit, and an object keeps all of its items."""
    assert Selection(limit=2).narrow(THREE_DUE).frame["item"].to_list() == ["b1", "b2", "c1"]


def test_a_sample_is_of_what_would_be_extracted_and_the_same_each_time() -> None:
    """A sample never holds an object that has nothing to extract, and asking twice gives the same objects."""
    plan = _plan(
        *[(f"i{n}", f"o{n}", "extract" if n % 2 else "unchanged", "new" if n % 2 else "") for n in range(40)]
    )
    chosen = Selection(sample=5).narrow(plan)
    assert chosen.count("extract") == chosen.frame.height == 5
    assert chosen.frame.equals(Selection(sample=5).narrow(plan).frame)
    assert chosen.items("extract") != plan.items("extract")[:5], "a sample is spread"


def test_reasons_and_objects_narrow_together() -> None:
    """What is said narrows further: only items with the reason, of the objects that are named."""
    left = Selection(object_ids=("b", "c", "d"), reasons=("new",)).narrow(THREE_DUE)
    assert left.frame["item"].to_list() == ["b1"]


def test_a_batch_remembers_what_its_run_has_to_respect() -> None:
    """Through a batch's metadata goes what is said about the run; the objects are the batch's own."""
    said = Selection(
        object_ids=("a",), filters={"x": 1}, sample=3, force=True, reasons=("new",), collection_ids=("c1",)
    )
    kept = said.resolved(["o1", "o2"]).as_metadata()
    assert kept == {"force": True, "reasons": ["new"], "collection_ids": ["c1"]}
    assert Selection.from_metadata({METADATA: kept}) == Selection(
        force=True, reasons=("new",), collection_ids=("c1",)
    )
    assert Selection.from_metadata({"other": 1}) == Selection()


def test_force_is_about_the_collections_that_are_meant() -> None:
    """Collections further down run what has changed for them, not everything."""
    said = Selection(force=True, collection_ids=("c1",))
    assert said.of("c1").force
    assert said.of("c2") == Selection()


@pytest.mark.parametrize("said", [{"limit": -1}, {"sample": -2}, {"limit": 1, "sample": 1}])
def test_what_makes_no_sense_is_refused(said: dict[str, int]) -> None:
    """A negative number, and a limit with a sample, are refused where they are said."""
    with pytest.raises(InvalidInput):
        Selection(**said)
