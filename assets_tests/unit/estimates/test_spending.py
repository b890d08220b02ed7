"""Limits over real history: what may not be paid does not run, whichever door it comes through."""

from __future__ import annotations

import pytest

from assets_tests.unit.estimates.conftest import ITEM_USD, House
from mixpeek_orchestration.core.errors import InvalidInput, OverBudget
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.core.spending.budget import SpendBudget


@pytest.fixture
def measured(house: House) -> tuple[House, list[str]]:
    """Two objects have run through all tiers: 10 items, ten cents. Four more wait."""
    ids = [house.put(f"k{n}", f"alpha {n}\nbeta {n}") for n in range(2)]
    house.run_batch(house.warehouse.batches.submit(house.bucket, house.batch(ids).batch_id))
    return house, [house.put(f"k{n}", f"alpha {n}\nbeta {n}") for n in range(2, 6)]


def _budget(house: House, usd: float) -> None:
    house.warehouse.spending.set_budget(house.namespace_id, SpendBudget(monthly_usd=usd))


def test_a_submit_over_the_budget_stays_a_draft(measured: tuple[House, list[str]]) -> None:
    """Ten cents are spent and 20 more items would run: 30 cents are enough, a little less is not."""
    house, ids = measured
    batch = house.batch(ids)
    _budget(house, 0.10 + 19.9 * ITEM_USD)
    with pytest.raises(OverBudget) as caught:
        house.warehouse.batches.submit(house.bucket, batch.batch_id)
    assert caught.value.context["estimate_usd"] == pytest.approx(20 * ITEM_USD)
    assert caught.value.context["spent_usd"] == pytest.approx(0.10)
    assert house.warehouse.batches.get(house.bucket, batch.batch_id).status == "DRAFT"
    _budget(house, 0.30)
    assert house.warehouse.batches.submit(house.bucket, batch.batch_id).status == "PENDING"


def test_a_run_over_the_budget_writes_nothing(measured: tuple[House, list[str]]) -> None:
    """A run that was asked for elsewhere is refused in its first tier, when only the last one is too much."""
    house, ids = measured
    batch = house.warehouse.batches.submit(house.bucket, house.batch(ids).batch_id)
    _budget(house, 0.10 + 15 * ITEM_USD)
    before = len(house.rows(house.lines))
    with pytest.raises(OverBudget):
        house.run_batch(batch)
    assert len(house.rows(house.lines)) == before
    _budget(house, 0.10 + 3 * ITEM_USD)
    with pytest.raises(OverBudget):
        house.run(house.lines)
    assert len(house.rows(house.lines)) == before


def test_a_maximum_cost_travels_with_the_batch(measured: tuple[House, list[str]]) -> None:
    """It is held against the estimate before anything is stored, and by the run against what became of the estimate."""
    house, _ = measured
    reprocess = house.warehouse.reprocess
    with pytest.raises(OverBudget) as caught:
        reprocess.submit(reprocess.prepare([house.lines], Selection(), max_cost=0.19))
    assert caught.value.field == "max_cost_usd"
    assert len(house.warehouse.batches.recent(house.bucket)) == 1, "only the batch that has run"

    [batch] = reprocess.submit(reprocess.prepare([house.lines], Selection(), max_cost=0.21))
    assert house.run_batch(batch).status == "COMPLETED", "what the first tiers cost is not counted twice"


def test_a_resubmitted_batch_is_priced_as_a_whole(measured: tuple[House, list[str]]) -> None:
    """That it has run before is not what it may cost again: by force all tiers run once more."""
    house, ids = measured
    batch = house.batch(ids, max_cost_usd=0.205)
    done = house.run_batch(house.warehouse.batches.submit(house.bucket, batch.batch_id))
    assert done.status == "COMPLETED"
    assert house.warehouse.batches.submit(house.bucket, batch.batch_id).status == "PENDING", "nothing is due"


def test_what_broke_off_was_spent_all_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that fails in the middle of its commits is measured up to there."""
    house.put("k", "alpha\nbeta")

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(house.warehouse.documents, "commit", broken)
    with pytest.raises(OSError, match="disk full"):
        house.run(house.lines)
    assert house.warehouse.spending.spent(house.namespace_id)[1] == pytest.approx(ITEM_USD)


def test_deleting_is_possible_with_all_money_spent(measured: tuple[House, list[str]]) -> None:
    """A batch that only removes documents passes any budget."""
    house, _ = measured
    [gone] = [o.object_id for o in house.warehouse.catalog.objects.page(house.bucket.bucket_id, limit=1)]
    _budget(house, 0.0)
    house.warehouse.objects.delete(house.bucket, gone)
    removal = house.warehouse.batches.recent(house.bucket)[0]
    assert removal.name == "deleted objects"
    assert house.run_batch(removal).status == "COMPLETED"
    assert {row["_root_object"] for row in house.rows(house.again)} & {gone} == set()


def test_a_budget_is_kept_with_its_namespace(house: House) -> None:
    """It is read back as it was set, and changing it leaves the rest of the namespace alone."""
    before = house.warehouse.access.create_namespace("other", description="kept")
    after = house.warehouse.spending.set_budget(before.namespace_id, SpendBudget(daily_usd=1.5))
    assert (after.name, after.description) == ("other", "kept")
    assert house.warehouse.spending.budget(before.namespace_id) == SpendBudget(daily_usd=1.5)
    assert house.warehouse.spending.budget(house.namespace_id).is_unlimited


@pytest.mark.parametrize("said", ["5", True, -1, [1]])
def test_a_maximum_that_is_no_sum_is_no_permission(house: House, said: object) -> None:
    """What cannot be read as dollars is refused when the batch is submitted, not taken as no limit."""
    batch = house.batch([house.put("k", "alpha")], max_cost_usd=said)
    with pytest.raises(InvalidInput, match="sum of money"):
        house.warehouse.batches.submit(house.bucket, batch.batch_id)
