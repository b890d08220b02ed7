"""Forecasts over real history: what would run in which tier, why, and for how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets_tests.unit.estimates.conftest import ITEM_USD, House
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.core.spending.forecast import Forecast, TierForecast
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, ObjectSpec


def _tiers(forecast: Forecast) -> dict[str, TierForecast]:
    return {tier.collection: tier for tier in forecast.tiers}


def _outlook(house: House, *collections: object, **said: object) -> Forecast:
    chosen = list(collections) or [house.lines]
    return house.warehouse.estimates.outlook(chosen, Selection(**said)).forecast  # type: ignore[arg-type]


def _texts(house: House, count: int, *, first: int = 0) -> list[str]:
    return [
        house.put(f"k{n}", f"alpha {n}\nbeta {n}", title=f"t{n % 2}") for n in range(first, first + count)
    ]


def test_without_history_no_price_is_made_up(house: House) -> None:
    """The counts are known, the price is not, and neither is how many documents the next tiers get."""
    _texts(house, 4)
    forecast = _outlook(house)
    assert [tier.new for tier in forecast.tiers] == [4, 0, 0]
    assert [tier.is_guess for tier in forecast.tiers] == [False, True, True]
    assert forecast.at_most is None
    assert [tier.collection for tier in forecast.unmeasured] == ["lines", "words", "again"]


def test_a_sample_prices_the_rest_exactly(house: House) -> None:
    """After a sample of 3 of 10 objects the remaining 7 are foreseen in all tiers, and cost what was foreseen."""
    _texts(house, 10)
    sample = house.warehouse.reprocess.prepare([house.lines], Selection(sample=3))
    [batch] = house.warehouse.reprocess.submit(sample)
    assert batch.object_count == 3
    house.run_batch(batch)

    forecast = _outlook(house)
    counted = {name: (tier.new, tier.may_change) for name, tier in _tiers(forecast).items()}
    assert counted == {"lines": (7, 0), "words": (0, 14), "again": (0, 14)}
    assert forecast.at_most is not None
    assert forecast.at_most.usd == pytest.approx((7 + 14 + 14) * ITEM_USD)
    assert forecast.at_least is not None
    assert forecast.at_least.usd == pytest.approx(7 * ITEM_USD)

    _, before = house.warehouse.spending.spent(house.namespace_id)
    house.run_all()
    _, after = house.warehouse.spending.spent(house.namespace_id)
    assert after - before == pytest.approx(forecast.at_most.usd)
    assert _outlook(house).is_idle


def test_a_change_of_code_is_told_with_its_part_and_its_tiers(house: House) -> None:
    """Every tier of the extractor is stale, for the code that changed; the plan is what then runs."""
    _texts(house, 4)
    house.run_all()
    house.edit_package("processors/core.py", lambda code: code.replace("+ 0.01", "+ 0.02"))
    forecast = _outlook(house)
    assert [tier.stale for tier in forecast.tiers] == [
        {"code_changed": 4},
        {"code_changed": 8},
        {"code_changed": 8},
    ]
    assert forecast.tiers[0].code_changes == ("the code in processors/core.py has changed",)
    assert "earlier code here" in forecast.tiers[0].basis
    report = house.run(house.lines)
    assert (report.written, report.reasons) == (4, {"code_changed": 4})


def test_what_an_edit_may_change_below_is_bounded_and_named(house: House) -> None:
    """An edited object makes one item stale, and at most its two documents in each tier below."""
    _texts(house, 4)
    house.run_all()
    house.put("k1", "alpha 1\nsomething else", title="t1")
    tiers = _tiers(_outlook(house))
    assert tiers["lines"].stale == {"input_changed": 1}
    assert (tiers["lines"].unchanged, tiers["words"].unchanged) == (3, 8)
    assert (tiers["words"].may_change, tiers["again"].may_change) == (2, 2)
    house.run(house.lines)
    assert house.run(house.words).written == 1, "the line that came out equal runs nothing"


def test_what_goes_is_followed_through_the_tiers(house: House) -> None:
    """A deleted object orphans its item, and its documents leave the tiers below; that costs nothing."""
    [first, *_] = _texts(house, 3)
    house.run_all()
    house.warehouse.catalog.objects.delete(house.bucket.bucket_id, [first])
    forecast = _outlook(house)
    assert [(tier.orphaned, tier.leaving) for tier in forecast.tiers] == [(1, 0), (0, 2), (0, 2)]
    assert forecast.at_most is not None
    assert forecast.at_most.usd == 0.0
    assert not forecast.is_idle


def test_filters_objects_and_force_narrow_what_is_priced(house: House) -> None:
    """Only matching objects are planned, with the tiers below them; by force also those that are up to date."""
    _texts(house, 4)
    house.run_all()
    assert _outlook(house, filters={"title": "t1"}).is_idle
    forced = _outlook(house, filters={"title": "t1"}, force=True)
    assert (forced.tiers[0].items, forced.tiers[0].stale) == (2, {"forced": 2})
    assert (forced.object_count, forced.tiers[1].items, forced.tiers[1].may_change) == (2, 4, 4)
    with pytest.raises(InvalidInput, match="matches"):
        _outlook(house, filters={"title": "nothing"})


def test_a_limit_means_the_same_objects_in_all_tiers(house: House) -> None:
    """Several collections are asked for at once: the objects are chosen in the first tier that has something to run."""
    _texts(house, 6)
    house.run_all()
    house.edit_package("processors/core.py", lambda code: code.replace("+ 0.01", "+ 0.02"))
    chosen = house.warehouse.reprocess.made_by(house.namespace_id, "word_vectors@1")
    forecast = _outlook(house, *chosen, limit=2)
    assert forecast.object_count == 2
    assert [tier.extract for tier in forecast.tiers] == [2, 4, 4]
    with pytest.raises(InvalidInput, match="word_vectors@v1"):
        house.warehouse.reprocess.made_by(house.namespace_id, "word_vectors@2")


def test_a_reprocessed_tier_runs_alone_with_what_is_below(house: House) -> None:
    """A batch of the middle tier passes that tier and the last one; by force it is the middle tier that runs, and the
    last one runs nothing because what it reads came out equal."""
    ids = _texts(house, 4)
    house.run_all()
    asked = house.warehouse.reprocess.prepare([house.words], Selection(object_ids=tuple(ids[:2]), force=True))
    [batch] = house.warehouse.reprocess.submit(asked)
    assert batch.collection_ids == (house.words.collection_id, house.again.collection_id)
    assert (batch.status, batch.metadata["trigger"], batch.object_count) == ("PENDING", "reprocess", 2)
    done = house.run_batch(batch)
    assert done.tiers[house.words.collection_id].reasons == {"forced": 4}
    assert done.tiers[house.again.collection_id].unchanged == 4


def test_a_run_tells_what_was_foreseen_and_what_it_took(house: House) -> None:
    """The first run says that nothing was known; the second one was foreseen to the cent."""
    _texts(house, 2)
    house.run(house.lines)
    first = house.warehouse.spending.run_metadata(house.lines.collection_id, "test")
    assert first["estimated_from"] == "nothing: it was the first run"
    assert first["actual_usd"] == pytest.approx(2 * ITEM_USD)
    _texts(house, 3, first=2)
    house.run(house.lines)
    second = house.warehouse.spending.run_metadata(house.lines.collection_id, "test")
    assert second["estimated_usd"] == pytest.approx(second["actual_usd"]) == pytest.approx(3 * ITEM_USD)
    assert house.warehouse.spending.run_metadata(house.lines.collection_id, "another") == {}


def test_several_buckets_make_several_batches(house: House) -> None:
    """Each batch passes the collections below its own bucket; objects that are gone go with the last one."""
    schema = {"properties": {"body": {"type": "text"}, "title": {"type": "string"}}}
    other = house.warehouse.buckets.create(
        house.namespace_id, BucketSpec(bucket_name="others", bucket_schema=schema)
    )
    both = CollectionSpec(
        collection_name="both",
        source={"type": "bucket", "bucket_ids": ["texts", "others"]},
        feature_extractor={"feature_extractor_name": "word_vectors", "version": "v1"},
    )
    both_id = house.warehouse.collections.create(house.namespace_id, both).collection_id
    [first, second] = _texts(house, 2)
    spec = ObjectSpec(blobs=[{"property": "body", "data": "gamma"}], source_key="o1")
    third = house.warehouse.objects.put(other, spec).object.object_id
    collection = house.warehouse.collections.get(house.namespace_id, "both")
    house.run(collection)
    house.warehouse.catalog.objects.delete(house.bucket.bucket_id, [first])
    asked = house.warehouse.reprocess.prepare([collection, house.lines], Selection(force=True))
    batches = {b.bucket_id: b for b in house.warehouse.reprocess.submit(asked)}
    members = house.warehouse.catalog.batches.object_ids([b.batch_id for b in batches.values()])
    of_bucket = {bucket_id: set(members[batch.batch_id]) for bucket_id, batch in batches.items()}
    assert set().union(*of_bucket.values()) == {first, second, third}
    assert second in of_bucket[house.bucket.bucket_id]
    assert third in of_bucket[other.bucket_id]
    assert batches[other.bucket_id].collection_ids == (both_id,)
    assert set(batches[house.bucket.bucket_id].collection_ids) == {
        both_id,
        *(c.collection_id for c in (house.lines, house.words, house.again)),
    }
    assert house.run_batch(batches[other.bucket_id]).status == "COMPLETED"


def test_runs_of_other_collections_do_not_hide_those_of_this_one(house: House) -> None:
    """However many they are and however new: an estimate comes from what is nearest."""
    _texts(house, 2)
    house.run(house.lines)
    kept = house.warehouse.catalog.measurements
    [here] = kept.of_collection(house.lines.collection_id)
    for _ in range(250):
        kept.keep(replace(here, collection_id="elsewhere", created_at=""))
    _texts(house, 1, first=2)
    assert _tiers(_outlook(house))["lines"].basis.startswith("1 run of this code here")
