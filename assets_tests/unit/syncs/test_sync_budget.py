"""A sync whose batch costs more than may be spent holds it, says so, and submits it when there is money."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets_tests.unit.syncs.conftest import Followed
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import OverBudget
from mixpeek_orchestration.core.spending.budget import SpendBudget
from mixpeek_orchestration.core.syncs import plan as sync_plan
from mixpeek_orchestration.core.syncs.sync import Sync, SyncState
from mixpeek_orchestration.warehouse.syncs import batch as sync_batch

ITEM_USD = 0.01


@pytest.fixture(autouse=True)
def _a_cent_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that prices can be counted; and a batch of a sync holds two objects."""
    monkeypatch.setenv("MIXPEEK_PRICE_CPU_HOUR", "0")
    monkeypatch.setenv("MIXPEEK_PRICE_ITEMS", f'{{"word_vectors": {ITEM_USD}}}')
    monkeypatch.setattr(sync_batch, "OBJECTS", 2)


def _measured(place: Followed) -> tuple[Collection, Sync]:
    """A sync whose first file has run, so that there is a price."""
    collection = place.collection()
    place.write("first.txt", "alpha")
    sync = place.follow(batch_size=2)
    place.run(sync)
    _work(place)
    return collection, sync


def _work(place: Followed) -> None:
    """All pending batches run, as Dagster does it."""
    for batch in place.warehouse.catalog.batches.recent(statuses={"PENDING"}):
        for collection_id in batch.collection_ids:
            place.warehouse.materialize(collection_id, [batch.batch_id], run_id=batch.batch_id)


def _leave(place: Followed, usd: float) -> None:
    namespace_id = place.bucket.namespace_id
    spent = place.warehouse.spending.spent(namespace_id)[1]
    place.warehouse.spending.set_budget(namespace_id, SpendBudget(monthly_usd=spent + usd))


def test_what_may_not_be_spent_waits_and_is_not_lost(followed: Followed) -> None:
    """Of three batches one fits; the others are held in their order, and go one after the other as money comes."""
    collection, sync = _measured(followed)
    for number in range(5):
        followed.write(f"{number}.txt", f"text {number}")
    _leave(followed, 2 * ITEM_USD)

    followed.run(sync)

    state = followed.state(sync).state
    assert len(state.held_batches) == 1
    assert state.open_batch
    assert "would cost" in (state.last_error or "")
    assert "reserved for batch" in (state.last_error or "")
    assert followed.state(sync).status == "ACTIVE"
    assert followed.warehouse.syncs.reason_to_run(followed.state(sync)) is not None
    _work(followed)
    assert followed.warehouse.collections.count(collection) == 3

    followed.run(sync)
    assert followed.state(sync).state.held_batches == state.held_batches, "nothing was left to spend"

    _leave(followed, 3 * ITEM_USD)
    followed.run(sync)
    _work(followed)
    assert followed.warehouse.collections.count(collection) == 6
    after = followed.state(sync).state
    assert (after.is_holding, after.held_reason, after.last_error) == (False, None, None)


def test_a_held_batch_that_is_not_full_is_filled_on(followed: Followed) -> None:
    """Files that come meanwhile join it: there is not a draft for every poll."""
    _, sync = _measured(followed)
    _leave(followed, 0.0)
    for name in ("one", "two"):
        followed.write(f"{name}.txt", name)
        followed.run(sync)
    state = followed.state(sync).state
    assert len(state.held_batches) == 1
    assert state.open_batch == ""
    [draft] = followed.warehouse.catalog.batches.get_many(state.held_batches).values()
    assert (draft.status, draft.object_count) == ("DRAFT", 2)


def test_a_run_that_is_refused_hands_its_batch_back_to_the_sync(followed: Followed) -> None:
    """The budget was cut after the batch was submitted: its run fails, and the sync submits it again."""
    collection, sync = _measured(followed)
    followed.write("one.txt", "one")
    followed.run(sync)
    _leave(followed, 0.0)
    with pytest.raises(OverBudget):
        _work(followed)
    state = followed.state(sync).state
    [batch_id] = state.held_batches
    held = followed.warehouse.catalog.batches.get(batch_id)
    assert held is not None
    assert held.status == "DRAFT"
    assert "would cost" in (held.error or "")
    assert followed.warehouse.syncs.reason_to_run(followed.state(sync)) is not None

    _leave(followed, ITEM_USD)
    followed.run(sync)
    _work(followed)
    assert followed.warehouse.collections.count(collection) == 2


def test_a_sync_that_runs_once_is_not_complete_while_it_holds_a_batch() -> None:
    """It would never look again; and it says why, also after a run in which nothing failed."""
    held = sync_plan.held(SyncState(open_batch="b", is_complete=True, settled="m"), "b", "over budget")
    assert (held.open_batch, held.held_batches, held.settled) == ("", ("b",), "")
    ended = sync_plan.still_held(replace(held, is_complete=True, last_error=None))
    assert (ended.is_complete, ended.last_error) == (False, "over budget")
    filled_on = sync_plan.held(SyncState(open_batch="b"), "b", "over budget", is_full=False)
    assert (filled_on.open_batch, filled_on.held_batches) == ("b", ())
    assert sync_plan.submitted(filled_on, "b").is_holding is False
