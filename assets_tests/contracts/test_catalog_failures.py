"""The contract of `FailureCatalog` and of asking for a replay: the failure table, read in pages and groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assets_tests.contracts.catalog_values import COLLECTION, GENERATION, error, outcome
from mixpeek_orchestration.core.failure import FailureQuery, ItemError
from mixpeek_orchestration.core.ports.catalog import Catalog

OPEN = FailureQuery(COLLECTION)
EVERY = FailureQuery(COLLECTION, open_only=False)


def _fail(catalog: Catalog, *errors: ItemError, batch_id: str = "btc_one", **more: Any) -> None:
    catalog.ledger.settle(
        GENERATION,
        collection_id=COLLECTION,
        batch_id=batch_id,
        done=(),
        outcomes=[outcome(e.item, root_object=f"root_{e.item}") for e in errors],
        errors=errors,
        versions={"extractor": "words_v1", "code_fp": "c"},
        **more,
    )


def _done(catalog: Catalog, *items: str, run_id: str = "") -> None:
    catalog.ledger.settle(
        GENERATION,
        collection_id=COLLECTION,
        batch_id="btc_two",
        done=items,
        outcomes=[],
        errors=[],
        versions={},
        run_id=run_id,
    )


@pytest.fixture
def failing(catalog: Catalog) -> Catalog:
    """A catalog with three failed items, one of them in two rows and one transiently."""
    busy = replace(error("c"), error_class="TimeoutError", step="fetch", transient=True)
    _fail(catalog, error("a", row=0), error("a", row=1), error("b"), run_id="run_1")
    _fail(catalog, busy, batch_id="btc_two", run_id="run_2")
    return catalog


def test_pages_are_cut_from_the_newest_on(failing: Catalog) -> None:
    """A page starts where it was asked to, and the count is that of all pages."""
    newest = failing.failures.page(OPEN, limit=2)
    rest = failing.failures.page(OPEN, limit=2, offset=2)
    assert newest[0].error.item == "c"
    assert len({f.failure_id for f in [*newest, *rest]}) == failing.failures.count(OPEN) == 4
    assert failing.failures.count(FailureQuery("col_other")) == 0


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ({"error_class": "ValueError"}, {"a", "b"}),
        ({"step": "fetch"}, {"c"}),
        ({"kind": "transient"}, {"c"}),
        ({"kind": "permanent", "item": "a"}, {"a"}),
        ({"batch_id": "btc_two"}, {"c"}),
        ({"generation_id": "gen_other"}, set()),
    ],
)
def test_each_thing_that_is_said_narrows(failing: Catalog, said: dict[str, str], items: set[str]) -> None:
    """Class, step, kind, item, batch and generation choose exactly the items for which they hold."""
    which = replace(OPEN, **said)
    assert failing.failures.items(which) == {item: f"root_{item}" for item in sorted(items)}
    assert {f.error.item for f in failing.failures.page(which)} == items


def test_groups_count_items_and_failures(failing: Catalog) -> None:
    """A group tells its items, which can have several failures, and the ones with the most come first."""
    first, second = failing.failures.groups(OPEN, by=["error_class", "step", "extractor"])
    assert first.key == {"error_class": "ValueError", "step": "embed", "extractor": "words_v1"}
    assert (first.items, first.failures, first.attempts) == (2, 3, 1)
    assert first.first <= first.last
    assert (second.key["error_class"], second.items) == ("TimeoutError", 1)
    assert failing.failures.groups(FailureQuery("col_other"), by=["step"]) == []


def test_a_resolved_failure_tells_when_and_by_which_run(failing: Catalog) -> None:
    """What a run resolved leaves the open ones and stays, with the moment and the run; a later run changes neither."""
    _done(failing, "a", run_id="run_3")
    _done(failing, "a", run_id="run_4")
    assert failing.failures.items(OPEN) == {"b": "root_b", "c": "root_c"}
    resolved = [f for f in failing.failures.page(EVERY) if f.resolved_at]
    assert {(f.error.item, f.run_id, f.resolved_by) for f in resolved} == {("a", "run_1", "run_3")}


def test_a_replay_is_asked_of_failed_items_only(failing: Catalog) -> None:
    """The mark names the batch; items without a failure are not counted, and the next outcome takes it away."""
    failing.ledger.settle(
        GENERATION,
        collection_id=COLLECTION,
        batch_id="",
        done=(),
        outcomes=[outcome("partial", "partial"), outcome("nothing", "empty")],
        errors=[],
        versions={},
    )
    asked = failing.ledger.ask_replay(
        GENERATION, ["a", "partial", "nothing", "unknown"], batch_id="btc_replay"
    )
    assert asked == 2
    assert _replays(failing) == {"a": "btc_replay", "partial": "btc_replay", "b": "", "c": "", "nothing": ""}
    _fail(failing, error("a"))
    assert _replays(failing)["a"] == ""


def _replays(catalog: Catalog) -> dict[str, str]:
    return dict(catalog.ledger.outcomes(GENERATION).select("item", "replay").iter_rows())
